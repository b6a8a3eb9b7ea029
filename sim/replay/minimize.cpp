#include "sim/replay/minimize.hpp"

#include "sim/replay/pieces.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

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

class search {
public:
    search(produce_consume_options from, run_report broken, minimize_limits limits, const run_function& run,
           const std::function<void(const std::string&)>& tell)
        : best_(std::move(from)), report_(std::move(broken)), limits_(std::move(limits)), run_(run),
          tell_(tell) {}

    minimized run() {
        calm();
        for (bool smaller = true; smaller && left();)
            smaller = all_pieces();
        return {best_, report_, runs_};
    }

private:
    using options = produce_consume_options;

    bool left() const { return runs_ < limits_.runs; }

    bool try_out(const std::string& what, options candidate) {
        if (!left())
            return false;
        drop_idle_choices(candidate);
        ++runs_;
        auto report = run_(candidate);
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

    bool passes_unplanted(options candidate) {
        candidate.planted = {};
        return run_(candidate).passed;
    }

    /// Tries what `change` makes of the smallest run so far.
    template <class Change>
    bool try_with(const std::string& what, const Change& change) {
        auto candidate = best_;
        change(candidate);
        return try_out(what, std::move(candidate));
    }

    void calm() {
        try_with("without the scheduler's choices", [](options& of) {
            of.choices = nullptr;
            for (auto* scheduler : {&of.broker_scheduler, &of.client_scheduler}) {
                scheduler->policy = choice_policy::first_in_first_out;
                scheduler->step_cost_high = scheduler->step_cost_low;
            }
        });
        try_with("on a calm network", [](options& of) { of.faults.network = calm_network(); });
        try_with("on a calm disk", [](options& of) { of.faults.disk = calm_disk(); });
        try_with("with an exact clock", [](options& of) { of.broker_clock = {}; });
    }

    /// All lists in halves, then in quarters and so on: what makes a run much smaller comes first, as the
    /// runs that may be tried are few.
    bool all_pieces() {
        bool any = false;
        bool finer = true;
        for (std::size_t parts = 1; finer && left(); parts *= 2) {
            finer = false;
            for (const auto& list : piece_lists()) {
                // A list that was cut into single ones has no smaller parts.
                const bool was_single = parts > 1 && list.size(best_) <= parts / 2;
                if (was_single)
                    continue;
                any |= fewer(list, parts);
                finer |= list.size(best_) > parts;
            }
            any |= tidy();
        }
        return any;
    }

    bool fewer(const piece_list& list, std::size_t parts) {
        bool any = false;
        const auto piece = std::max<std::size_t>(1, (list.size(best_) + parts - 1) / parts);
        for (std::size_t at = 0; at < list.size(best_) && left();) {
            auto candidate = best_;
            list.erase(candidate, at, piece);
            const auto what = std::to_string(list.size(candidate)) + " " + list.name;
            if (try_out(what, std::move(candidate)))
                any = true;
            else
                at += piece;
        }
        return any;
    }

    bool tidy() {
        bool any = try_if_smaller("without producers that send nothing", &drop_idle_producers);
        any |= try_if_smaller("without topics that nobody sends to", &drop_idle_topics);
        any |= try_if_smaller("without partitions that nobody sends to", &drop_idle_partitions);
        return any;
    }

    bool try_if_smaller(const char* what, void (*drop)(options&)) {
        auto candidate = best_;
        drop(candidate);
        return parties(candidate) != parties(best_) && try_out(what, std::move(candidate));
    }

    static std::size_t parties(const options& of) {
        std::size_t sum = of.producers.size() + of.topics.size();
        for (const auto& topic : of.topics)
            sum += static_cast<std::size_t>(topic.partitions);
        return sum;
    }

    options best_;
    run_report report_;
    minimize_limits limits_;
    const run_function& run_;
    const std::function<void(const std::string&)>& tell_;
    std::uint64_t runs_ = 0;
};

} // namespace

run_report run_of(const produce_consume_options& options) {
    produce_consume workload(options, {});
    return workload.run();
}

result<minimized> minimize(const produce_consume_options& from, const minimize_limits& limits,
                           const run_function& run, const std::function<void(const std::string&)>& tell) {
    auto start = from;
    auto wanted = limits;
    start.to_the_end = !limits.checker.empty();
    auto report = run(start);
    if (limits.checker.empty())
        wanted.checker = report.checker;
    if (report.passed || !breaks(report, wanted.checker))
        return error{errc::invalid_request, "the schedule does not break " +
                                                (limits.checker.empty() ? "any invariant" : limits.checker) +
                                                ", so there is nothing to look for"};
    return search(std::move(start), std::move(report), wanted, run, tell).run();
}

} // namespace barnabas::sim
