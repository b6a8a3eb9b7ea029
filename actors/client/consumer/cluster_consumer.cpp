#include "actors/client/consumer/cluster_consumer.hpp"

#include "actors/client/admin/admin_types.hpp"
#include "actors/client/consumer/group_membership.hpp"
#include "actors/client/consumer/heartbeat_membership.hpp"
#include "actors/client/consumer/limits.hpp"
#include "protocol/model/topic_name.hpp"

#include <algorithm>
#include <utility>

// What programs ask of a consumer.
namespace barnabas::client {

namespace {

error refused(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

error not_read(const partition_name& name) {
    return refused(name.topic + "-" + std::to_string(name.partition) + " is not assigned to this consumer");
}

/// Of the first that is no name of a topic.
std::optional<error> fault_among(const std::set<std::string>& names) {
    for (const auto& name : names)
        if (auto fault = topic_name_fault(name))
            return fault;
    return std::nullopt;
}

std::unique_ptr<membership> made_membership(const consumer_settings& settings, const consumer_ports& ports,
                                            const cluster_view& view, const runtime::random& draws) {
    if (settings.by_heartbeat)
        return std::make_unique<heartbeat_membership>(settings, ports, view, draws);
    return std::make_unique<group_membership>(settings, ports, view, draws);
}

} // namespace

cluster_consumer::cluster_consumer(consumer_settings settings, consumer_ports ports,
                                   const runtime::random& draws,
                                   std::function<void(const std::string&)> on_trouble)
    : settings_(std::move(settings)), ports_(std::move(ports)), on_trouble_(std::move(on_trouble)),
      draws_(draws.split("consumer")), fetcher_(settings_, ports_, view_, draws.split("fetcher")),
      membership_(made_membership(settings_, ports_, view_, draws.split("member"))) {}

result<void> cluster_consumer::assign(const std::set<partition_name>& partitions) {
    if (mode_ == mode::group)
        return refused("the consumer is subscribed; unsubscribe before partitions are assigned by hand");
    mode_ = partitions.empty() ? mode::nothing : mode::by_hand;
    std::set<std::string> names;
    for (const auto& one : partitions)
        names.insert(one.topic);
    name_fault_ = fault_among(names);
    for (const auto& name : fetcher_.partitions())
        if (!partitions.contains(name)) {
            fetcher_.remove(name);
            without_beginning_.erase(name);
        }
    for (const auto& name : partitions)
        if (!fetcher_.has(name)) {
            fetcher_.add(name);
            without_beginning_.insert(name);
        }
    return {};
}

result<void> cluster_consumer::subscribe(wanted_topics wanted) {
    if (!settings_.group)
        return refused("a subscription needs group.id");
    if (mode_ == mode::by_hand)
        return refused("partitions are assigned by hand; unsubscribe before topics are subscribed to");
    if (wanted.names.empty() && !wanted.pattern && wanted.regex.empty()) {
        unsubscribe();
        return {};
    }
    if (!wanted.regex.empty())
        if (auto taken = membership_->subscribe_regex(wanted.regex); !taken)
            return taken;
    mode_ = mode::group;
    wanted_ = std::move(wanted);
    name_fault_ = fault_among(wanted_.names);
    view_not_before_ = {};
    if (wanted_.pattern)
        pattern_applied_ = false;
    else if (wanted_.regex.empty())
        membership_->subscribe(wanted_.names);
    return {};
}

void cluster_consumer::unsubscribe() {
    if (mode_ == mode::group) {
        membership_->leave("the consumer unsubscribed", nullptr);
        membership_->subscribe({});
        membership_->forget_all();
    }
    for (const auto& name : fetcher_.partitions())
        fetcher_.remove(name);
    without_beginning_.clear();
    last_committed_.clear();
    wanted_ = {};
    name_fault_.reset();
    failure_.reset();
    mode_ = mode::nothing;
    handover_ = handover::none;
    change_told_ = false;
}

void cluster_consumer::poll(monotonic_ns until, monotonic_ns now, on_polled done) {
    if (closed_)
        return done(error{errc::closed, "the consumer is closed"});
    if (poll_)
        return done(refused("a poll is under way"));
    if (mode_ == mode::nothing)
        return done(refused("the consumer has neither a subscription nor partitions"));
    if (name_fault_)
        return done(*name_fault_);
    if (std::exchange(change_told_, false)) {
        handover_ = handover::none;
        membership_->change_handled();
    }
    poll_.emplace(waiting_poll{until, std::move(done)});
    commit_from_time_to_time(now);
}

result<void> cluster_consumer::seek(const partition_name& name, std::int64_t offset) {
    if (offset < 0)
        return refused("an offset to seek is not below 0");
    if (!fetcher_.seek(name, offset))
        return not_read(name);
    without_beginning_.erase(name);
    return {};
}

result<void> cluster_consumer::seek_to_time(const partition_name& name, std::int64_t time) {
    if (time < offset_times::latest_tiered)
        return refused("a time to seek is not below 0, but for those of offset_times");
    if (!fetcher_.seek_to_time(name, time))
        return not_read(name);
    without_beginning_.erase(name);
    return {};
}

result<void> cluster_consumer::pause(const partition_name& name, bool paused) {
    if (!fetcher_.pause(name, paused))
        return not_read(name);
    return {};
}

std::optional<std::int64_t> cluster_consumer::position(const partition_name& name) const {
    const auto* one = fetcher_.find(name);
    return one == nullptr || one->position < 0 ? std::nullopt : std::optional(one->position);
}

std::optional<std::int64_t> cluster_consumer::high_watermark(const partition_name& name) const {
    const auto* one = fetcher_.find(name);
    return one == nullptr || one->high_watermark < 0 ? std::nullopt : std::optional(one->high_watermark);
}

std::optional<std::int64_t> cluster_consumer::current_lag(const partition_name& name) const {
    const auto* one = fetcher_.find(name);
    if (one == nullptr || one->position < 0)
        return std::nullopt;
    const auto end = settings_.read_committed ? one->last_stable : one->high_watermark;
    // What was told last may be older than the position.
    return end < 0 ? std::nullopt : std::optional(std::max<std::int64_t>(end - one->position, 0));
}

void cluster_consumer::close(on_done done) {
    closed_ = true;
    if (poll_)
        give(error{errc::closed, "the consumer was closed"});
    auto leave = [this, done = std::move(done)](const result<void>& committed) {
        membership_->leave("the consumer was closed", [done, committed](monotonic_ns) { done(committed); });
    };
    // What the program has begun to commit goes out first, and its callbacks come.
    auto leave_after_commits = [this, leave = std::move(leave)](const result<void>& committed) {
        if (commits_.empty())
            return leave(committed);
        auto& last = commits_.back().done;
        last = [told = std::move(last), leave, committed](const result<void>& said) {
            told(said);
            leave(committed);
        };
    };
    const bool commits = settings_.auto_commit && settings_.group && mode_ != mode::nothing;
    const bool member = mode_ == mode::by_hand || membership_->identity().generation >= 0;
    if (commits && member)
        commit(std::nullopt, std::move(leave_after_commits));
    else
        leave_after_commits({});
}

} // namespace barnabas::client
