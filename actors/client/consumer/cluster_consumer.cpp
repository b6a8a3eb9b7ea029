#include "actors/client/consumer/cluster_consumer.hpp"

#include "actors/client/consumer/limits.hpp"

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

} // namespace

cluster_consumer::cluster_consumer(consumer_settings settings, consumer_ports ports,
                                   const runtime::random& draws,
                                   std::function<void(const std::string&)> on_trouble)
    : settings_(std::move(settings)), ports_(std::move(ports)), on_trouble_(std::move(on_trouble)),
      draws_(draws.split("consumer")), fetcher_(settings_, ports_, view_, draws.split("fetcher")),
      membership_(settings_, ports_, view_, draws.split("member")) {}

result<void> cluster_consumer::assign(const std::set<partition_name>& partitions) {
    if (mode_ == mode::group)
        return refused("the consumer is subscribed; unsubscribe before partitions are assigned by hand");
    mode_ = partitions.empty() ? mode::nothing : mode::by_hand;
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
    if (wanted.names.empty() && !wanted.pattern) {
        unsubscribe();
        return {};
    }
    mode_ = mode::group;
    wanted_ = std::move(wanted);
    view_not_before_ = {};
    if (wanted_.pattern)
        pattern_applied_ = false;
    else
        membership_.subscribe(wanted_.names);
    return {};
}

void cluster_consumer::unsubscribe() {
    if (mode_ == mode::group) {
        membership_.leave("the consumer unsubscribed", nullptr);
        membership_.subscribe({});
        membership_.forget_all();
    }
    for (const auto& name : fetcher_.partitions())
        fetcher_.remove(name);
    without_beginning_.clear();
    last_committed_.clear();
    wanted_ = {};
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
    if (std::exchange(change_told_, false)) {
        handover_ = handover::none;
        membership_.change_handled();
    }
    poll_.emplace(waiting_poll{until, std::move(done)});
    commit_from_time_to_time(now);
}

committed_offsets_by_partition cluster_consumer::positions() const {
    committed_offsets_by_partition all;
    for (const auto& name : fetcher_.partitions()) {
        const auto* one = fetcher_.find(name);
        if (one->position >= 0)
            all[name] = {one->position, one->position_epoch, {}};
    }
    return all;
}

/// Commits of nobody count in a group without members, where they could take back what others did.
bool cluster_consumer::is_out_of_group() const {
    return mode_ == mode::group && membership_.identity().generation < 0;
}

void cluster_consumer::commit(std::optional<committed_offsets_by_partition> offsets, on_done done) {
    if (!settings_.group)
        return done(refused("a commit needs group.id"));
    auto what = offsets ? std::move(*offsets) : positions();
    if (what.empty())
        return done({});
    if (is_out_of_group())
        return done(error{errc::illegal_generation,
                          "the member is out of its group; others may have its partitions"});
    send_commit(settings_, ports_, membership_.identity(), what,
                [done = std::move(done)](const result<void>& said, monotonic_ns) { done(said); });
}

void cluster_consumer::committed(const std::set<partition_name>& partitions, on_offsets done) {
    if (!settings_.group)
        return done(refused("committed offsets need group.id"));
    ask_committed(settings_, ports_, partitions,
                  [done = std::move(done)](result<committed_offsets_by_partition> said, monotonic_ns) {
                      done(std::move(said));
                  });
}

/// What was polled before is taken for done.
void cluster_consumer::commit_from_time_to_time(monotonic_ns now) {
    if (!settings_.auto_commit || !settings_.group || committing_ || is_out_of_group())
        return;
    if (commit_at_ == monotonic_ns{})
        commit_at_ = now + settings_.auto_commit_interval_ns;
    if (commit_at_ > now)
        return;
    commit_at_ = now + settings_.auto_commit_interval_ns;
    auto what = positions();
    std::erase_if(what, [this](const auto& one) {
        const auto known = last_committed_.find(one.first);
        return known != last_committed_.end() && known->second.offset == one.second.offset;
    });
    if (what.empty())
        return;
    committing_ = true;
    send_commit(settings_, ports_, membership_.identity(), what,
                [this, what](const result<void>& said, monotonic_ns) {
                    committing_ = false;
                    if (!said)
                        return on_trouble_("auto-commit failed: " + said.failure().detail);
                    for (const auto& [name, offset] : what)
                        last_committed_[name] = offset;
                });
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

void cluster_consumer::close(on_done done) {
    closed_ = true;
    if (poll_)
        give(error{errc::closed, "the consumer was closed"});
    auto leave = [this, done = std::move(done)](const result<void>& committed) {
        membership_.leave("the consumer was closed", [done, committed](monotonic_ns) { done(committed); });
    };
    const bool commits = settings_.auto_commit && settings_.group && mode_ != mode::nothing;
    const bool member = mode_ == mode::by_hand || membership_.identity().generation >= 0;
    if (commits && member)
        commit(std::nullopt, std::move(leave));
    else
        leave({});
}

} // namespace barnabas::client
