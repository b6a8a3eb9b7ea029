#include "actors/client/consumer/cluster_consumer.hpp"
#include "actors/client/consumer/limits.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// What a consumer commits, and asks for.
namespace barnabas::client {

namespace {

error commit_refused(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

error others_have_them() {
    return {errc::illegal_generation, "the member is out of its group; others may have its partitions"};
}

} // namespace

committed_offsets_by_partition cluster_consumer::positions() const {
    committed_offsets_by_partition all;
    for (const auto& name : fetcher_.partitions()) {
        const auto* one = fetcher_.find(name);
        const auto next = settings_.planted.commit_leads_delivery ? one->fetch_from : one->position;
        if (one->position >= 0)
            all[name] = {next, one->position_epoch, {}};
    }
    return all;
}

/// Commits of nobody count in a group without members, where they could take back what others did.
bool cluster_consumer::is_out_of_group() const {
    return mode_ == mode::group && membership_->identity().generation < 0;
}

void cluster_consumer::commit(std::optional<committed_offsets_by_partition> offsets, on_done done) {
    if (!settings_.group)
        return done(commit_refused("a commit needs group.id"));
    auto what = offsets ? std::move(*offsets) : positions();
    if (what.empty())
        return done({});
    if (auto fault = fault_of_offsets(what))
        return done(*std::move(fault));
    if (is_out_of_group())
        return done(others_have_them());
    // Where the group is then is not what goes from time to time.
    for (const auto& [name, offset] : what)
        last_committed_.erase(name);
    queue_commit(std::move(what), std::move(done));
}

void cluster_consumer::queue_commit(committed_offsets_by_partition offsets, on_done done) {
    if (commits_.size() >= limits::commits_max)
        return done(error{errc::throttled, std::to_string(limits::commits_max) +
                                               " commits wait for their turn already; wait for answers"});
    commits_.push_back(
        {std::move(offsets), std::move(done), membership_->identity(), membership_->life(), {}});
}

/// The epoch became another one, and everything is the member's own still.
bool cluster_consumer::may_renew(const waiting_commit& one) const {
    const auto& owned = membership_->owned();
    return one.life && one.life == membership_->life() && membership_->identity().generation > 0 &&
           std::all_of(one.offsets.begin(), one.offsets.end(),
                       [&](const auto& offset) { return owned.contains(offset.first); });
}

void cluster_consumer::carry_commits(monotonic_ns now) {
    for (auto& one : commits_)
        if (one.until == monotonic_ns{})
            one.until = now + settings_.client.api_timeout_ns;
    while (!commits_.empty() && !commit_sent_) {
        auto& one = commits_.front();
        const bool is_as_before =
            !one.life || (one.life == membership_->life() &&
                          one.identity.generation == membership_->identity().generation);
        if (one.until <= now) {
            end_commit(error{errc::request_timed_out, "the commit waited for others before it"}, now);
        } else if (!is_as_before && !may_renew(one)) {
            end_commit(others_have_them(), now);
        } else if (commit_not_before_ > now) {
            return wake_at(commit_not_before_);
        } else {
            one.identity = one.life ? membership_->identity() : one.identity;
            commit_sent_ = true;
            send_commit(settings_, ports_, {one.identity, one.offsets, one.until - now},
                        [this](const result<void>& said, monotonic_ns then) { hear_commit(said, then); });
        }
    }
}

void cluster_consumer::hear_commit(const result<void>& said, monotonic_ns now) {
    commit_sent_ = false;
    // The coordinator gave it a newer epoch; heartbeats will tell.
    const bool again = !said && said.code() == errc::stale_member_epoch && may_renew(commits_.front());
    if (!again)
        return end_commit(said, now);
    BARNABAS_MARK(client_commit_epoch_renewed);
    commit_not_before_ = now + settings_.client.retry_backoff_ns;
}

void cluster_consumer::end_commit(const result<void>& said, monotonic_ns now) {
    const auto one = std::move(commits_.front());
    commits_.pop_front();
    // Somebody may wait for it.
    wake_at(now);
    one.done(said);
}

void cluster_consumer::committed(const std::set<partition_name>& partitions, on_offsets done) {
    if (!settings_.group)
        return done(commit_refused("committed offsets need group.id"));
    ask_committed(settings_, ports_, {}, partitions,
                  [done = std::move(done)](result<committed_offsets_by_partition>&& said, monotonic_ns) {
                      done(std::move(said));
                  });
}

cluster_consumer::committed_place cluster_consumer::place_of(const partition_name& name,
                                                             std::int64_t offset) const {
    return {offset, fetcher_.find(name)->topics_before};
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
        return known != last_committed_.end() && known->second == place_of(one.first, one.second.offset);
    });
    if (what.empty())
        return;
    std::map<partition_name, committed_place> places;
    for (const auto& [name, offset] : what)
        places[name] = place_of(name, offset.offset);
    committing_ = true;
    queue_commit(std::move(what), [this, places](const result<void>& said) {
        committing_ = false;
        if (!said)
            return on_trouble_("auto-commit failed: " + said.failure().detail);
        for (const auto& [name, place] : places)
            last_committed_[name] = place;
    });
}

} // namespace barnabas::client
