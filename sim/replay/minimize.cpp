#include "sim/replay/minimize.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

run_report run_of(const produce_consume_options& options) {
    produce_consume workload(options, {});
    return workload.run();
}

bool breaks(const run_report& report, const std::string& checker) {
    return report.checker == checker ||
           std::find(report.also.begin(), report.also.end(), checker) != report.also.end();
}

/// A network and a disk on which everything takes its shortest time.
network_faults calm_network() {
    network_faults made;
    made.latency_high = made.latency_low;
    made.tail_chance = 0;
    made.window_low = made.window_high;
    made.partial_read_chance = 0;
    made.split_chance = 0;
    made.silence_high = made.silence_low;
    return made;
}

disk_faults calm_disk() {
    disk_faults made;
    made.cached_high = made.cached_low;
    made.sync_high = made.sync_low;
    made.not_cached_chance = 0;
    made.inline_chance = 0;
    return made;
}

/// The numbers of producers and their sends belong together.
void drop_idle_producers(produce_consume_options& options) {
    std::vector<load_options> kept;
    std::vector<std::uint32_t> number(options.producers.size());
    for (std::uint32_t old = 0; old < options.producers.size(); ++old) {
        const bool sends = std::any_of(options.sends->begin(), options.sends->end(),
                                       [&](const auto& send) { return send.producer == old; });
        number[old] = static_cast<std::uint32_t>(kept.size());
        if (sends)
            kept.push_back(options.producers[old]);
    }
    options.producers = std::move(kept);
    for (auto& send : *options.sends)
        send.producer = number[send.producer];
}

class search {
public:
    search(produce_consume_options from, run_report broken, const minimize_limits& limits,
           const std::function<void(const std::string&)>& tell)
        : best_(std::move(from)), report_(std::move(broken)), limits_(limits), tell_(tell) {}

    minimized run() {
        calm();
        for (bool smaller = true; smaller && left();) {
            smaller = fewer(
                "faults", [](auto& options) -> auto& { return options.faults.faults; });
            smaller |= fewer(
                "readers", [](auto& options) -> auto& { return options.readers; });
            smaller |= fewer(
                "sends", [](auto& options) -> auto& { return *options.sends; });
        }
        return {best_, report_, runs_};
    }

private:
    bool left() const { return runs_ < limits_.runs; }

    bool try_out(const std::string& what, produce_consume_options candidate) {
        if (!left())
            return false;
        ++runs_;
        auto report = run_of(candidate);
        if (!breaks(report, limits_.checker))
            return false;
        if (limits_.passes_unplanted && !passes_unplanted(candidate))
            return false;
        best_ = std::move(candidate);
        report_ = std::move(report);
        if (tell_)
            tell_(what);
        return true;
    }

    static bool passes_unplanted(produce_consume_options candidate) {
        candidate.planted = {};
        return run_of(candidate).passed;
    }

    void calm() {
        auto candidate = best_;
        candidate.choices = nullptr;
        for (auto* scheduler : {&candidate.broker_scheduler, &candidate.client_scheduler}) {
            scheduler->policy = choice_policy::first_in_first_out;
            scheduler->step_cost_high = scheduler->step_cost_low;
        }
        try_out("without the scheduler's choices", candidate);
        candidate = best_;
        candidate.faults.network = calm_network();
        try_out("on a calm network", candidate);
        candidate = best_;
        candidate.faults.disk = calm_disk();
        try_out("on a calm disk", candidate);
        candidate = best_;
        candidate.broker_config.clear();
        try_out("with the default configuration", candidate);
        candidate = best_;
        candidate.broker_clock = {};
        try_out("with an exact clock", candidate);
    }

    /// Leaves out pieces of one list, large ones first.
    template <class List>
    bool fewer(const char* name, const List& list_of) {
        bool any = false;
        for (auto piece = std::max<std::size_t>(1, list_of(best_).size() / 2); left(); piece /= 2) {
            for (std::size_t at = 0; at < list_of(best_).size() && left();) {
                auto candidate = best_;
                auto& list = list_of(candidate);
                const auto first = list.begin() + static_cast<std::ptrdiff_t>(at);
                list.erase(first, first + static_cast<std::ptrdiff_t>(std::min(piece, list.size() - at)));
                drop_idle_producers(candidate);
                const auto count = list.size();
                if (try_out(std::to_string(count) + " " + name, std::move(candidate)))
                    any = true;
                else
                    at += piece;
            }
            if (piece <= 1)
                break;
        }
        return any;
    }

    produce_consume_options best_;
    run_report report_;
    minimize_limits limits_;
    const std::function<void(const std::string&)>& tell_;
    std::uint64_t runs_ = 0;
};

} // namespace

result<minimized> minimize(const produce_consume_options& from, const minimize_limits& limits,
                           const std::function<void(const std::string&)>& tell) {
    if (!from.sends)
        return error{errc::invalid_request, "only a schedule, which states its sends, can be made smaller"};
    auto start = from;
    auto wanted = limits;
    start.to_the_end = !limits.checker.empty();
    auto report = run_of(start);
    if (limits.checker.empty())
        wanted.checker = report.checker;
    if (report.passed || !breaks(report, wanted.checker))
        return error{errc::invalid_request, "the schedule does not break " +
                                                (limits.checker.empty() ? "any invariant" : limits.checker) +
                                                ", so there is nothing to look for"};
    return search(std::move(start), std::move(report), wanted, tell).run();
}

} // namespace barnabas::sim
