#include "cmd/barnabas/end_watch.hpp"

#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

/// How long nothing may come before somebody asks why.
constexpr std::chrono::seconds patience{10};
/// What the keys are when nobody sets them.
constexpr std::int64_t session_timeout_ms = 45'000;
constexpr std::int64_t poll_interval_ms = 300'000;

std::chrono::milliseconds time_of(const client::properties& keys, const char* name, std::int64_t otherwise) {
    const auto given = keys.find(name);
    const auto number = given == keys.end() ? std::nullopt : tools::whole_number(given->second);
    return std::chrono::milliseconds(number.value_or(otherwise));
}

} // namespace

end_watch::end_watch(const console_wishes& wishes, clock::time_point now)
    : wishes_(wishes), lowered_(wishes.ends.value_or(std::map<client::partition_name, std::int64_t>())),
      group_(wishes.keys.contains("group.id") ? wishes.keys.at("group.id") : ""),
      // The partitions of a member that died are given to others after as long.
      without_partitions_max_(time_of(wishes.keys, "session.timeout.ms", session_timeout_ms)),
      // A rebalance waits so long for members that are at work.
      rebalance_max_(time_of(wishes.keys, "max.poll.interval.ms", poll_interval_ms)), had_partitions_(now) {}

result<void> end_watch::look(bool has_partitions, clock::time_point last) {
    const auto now = clock::now();
    if (has_partitions)
        had_partitions_ = now;
    if (!group_.empty() && now - had_partitions_ >= without_partitions_max_)
        if (auto asked = ask_for_group(now); !asked)
            return asked;
    return ask_for_ends(last, now);
}

result<void> end_watch::ask_for_ends(clock::time_point last, clock::time_point now) {
    if (now - std::max(last, looked_) < patience)
        return {};
    if (!ends_) {
        const auto cluster = calls();
        if (!cluster)
            return cluster.failure();
        std::map<client::partition_name, std::int64_t> wanted;
        for (const auto& [name, end] : *wishes_.ends)
            wanted[name] = client::offset_times::latest;
        ends_ = (*cluster)->list_offsets(std::move(wanted), ends_of_reader(wishes_.keys));
    }
    if (!ends_->is_done())
        return {};
    for (const auto& [name, one] : ends_->get()) {
        if (!one)
            return one.failure();
        lowered_[name] = std::min(lowered_[name], one->offset);
    }
    ends_.reset();
    looked_ = now;
    return {};
}

result<void> end_watch::ask_for_group(clock::time_point now) {
    if (!described_) {
        constexpr std::chrono::seconds pause{1};
        if (now - asked_group_at_ < pause)
            return {};
        const auto cluster = calls();
        if (!cluster)
            return cluster.failure();
        asked_group_at_ = now;
        described_ = (*cluster)->describe_groups({group_});
    }
    if (!described_->is_done())
        return {};
    const auto said = std::exchange(described_, std::nullopt)->get();
    const auto& group = said.at(group_);
    return group ? judge(*group, now) : group.failure();
}

result<void> end_watch::judge(const client::group_description& group, clock::time_point now) {
    const auto waited =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - had_partitions_).count()) +
        " s";
    if (group.state == "Stable")
        return error{errc::request_timed_out,
                     "group '" + group_ + "' has given this member nothing to read for " + waited +
                         ": other members have all partitions. Stop them, or read without --group"};
    if (now - had_partitions_ < rebalance_max_)
        return {};
    return error{errc::request_timed_out, "group '" + group_ + "' is " + group.state +
                                              " and has given this member nothing to read for " + waited +
                                              ": see barnabas consumer-groups --describe --group " + group_ +
                                              " --members"};
}

result<const client::admin*> end_watch::calls() {
    if (!cluster_) {
        auto made = client::make_admin(keys_of_every_client(wishes_.keys));
        if (!made)
            return made.failure();
        cluster_ = std::make_unique<client::cluster_admin>(std::move(*made));
    }
    return &cluster_->admin_calls();
}

} // namespace barnabas
