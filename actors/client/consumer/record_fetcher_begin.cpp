#include "actors/client/consumer/list_offsets_call.hpp"
#include "actors/client/consumer/record_fetcher.hpp"

#include <algorithm>
#include <utility>

// Where reading begins: what the reset policy says, and the offsets of times.
namespace barnabas::client {

void record_fetcher::begin_at_reset(const partition_name& name) {
    const auto found = partitions_.find(name);
    if (found == partitions_.end())
        return;
    if (settings_.reset == reset_policy::none)
        return complain(found->second,
                        {errc::offset_out_of_range,
                         to_string(name) + " has no committed offset, and auto.offset.reset is none"});
    found->second.move_to_time(reset_time());
}

std::int64_t record_fetcher::reset_time() const {
    if (settings_.reset == reset_policy::earliest)
        return offset_times::earliest;
    if (settings_.reset == reset_policy::latest)
        return offset_times::latest;
    // Times below zero mean something else.
    return std::max<std::int64_t>(ports_.wall_now().get() - settings_.reset_before_ms, 0);
}

void record_fetcher::list_offsets(monotonic_ns now) {
    std::map<partition_name, std::int64_t> times;
    std::map<partition_name, std::uint64_t> turns;
    for (auto& [name, one] : partitions_) {
        if (one.fetch_from >= 0 || !one.begin_time || one.asked || one.trouble)
            continue;
        if (one.not_before > now) {
            wake_at(one.not_before);
            continue;
        }
        // Else nobody could say of which topic the offset is.
        if (view_.find_topic(name.topic) == nullptr) {
            wants_view_ = true;
            continue;
        }
        one.asked = true;
        times[name] = *one.begin_time;
        turns[name] = one.turn;
    }
    if (!times.empty())
        ask_offsets(std::move(times), std::move(turns));
}

void record_fetcher::ask_offsets(std::map<partition_name, std::int64_t> times,
                                 std::map<partition_name, std::uint64_t> turns) {
    using call = keyed_call<begin_offsets_plan>;
    begin_offsets_plan plan;
    plan.times = std::move(times);
    plan.read_committed = settings_.read_committed;
    std::vector<partition_name> names;
    for (const auto& [name, time] : plan.times)
        names.push_back(name);
    auto done = [this, later = ports_.later, turns = std::move(turns)](call::outcomes all) {
        later([this, turns, all = std::move(all)](monotonic_ns now) {
            for (const auto& [name, said] : all)
                hear_offset(name, turns.at(name), said, now);
        });
    };
    ports_.submit(consumer_ports::lane::questions,
                  std::make_unique<call>(std::move(plan), std::move(names), std::move(done)), std::nullopt);
}

void record_fetcher::hear_offset(const partition_name& name, std::uint64_t turn,
                                 const result<listed_offset>& said, monotonic_ns now) {
    const auto found = partitions_.find(name);
    if (found == partitions_.end() || found->second.turn != turn)
        return;
    auto& one = found->second;
    one.asked = false;
    if (said && said->offset >= 0) {
        if (one.begin_time == offset_times::earliest)
            one.note_log_start(said->offset);
        return one.move_to(said->offset);
    }
    if (said)
        // Nothing is as new: what comes next will be.
        return one.move_to_time(offset_times::latest);
    const auto code = said.code();
    const bool passes = code == errc::request_timed_out || code == errc::unknown_topic_or_partition ||
                        code == errc::network_exception;
    if (!passes)
        return refuse(one, said.failure(), now);
    put_off(one, now);
}

} // namespace barnabas::client
