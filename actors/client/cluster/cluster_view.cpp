#include "actors/client/cluster/cluster_view.hpp"

#include "actors/client/limits.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::client {

void cluster_view::learn(const kafka::metadata_response& said, monotonic_ns asked_at) {
    // An answer without brokers says nothing of the cluster: the broker has not heard of it yet itself.
    if (!said.brokers.empty()) {
        brokers_.clear();
        for (const auto& broker : said.brokers)
            brokers_[broker.node_id] = {broker.host, static_cast<std::uint16_t>(broker.port)};
        controller_ = said.controller_id;
        known_ = true;
        asked_at_ = asked_at;
    }
    for (const auto& one : said.topics)
        learn_topic(one, asked_at);
}

void cluster_view::learn_topic(const kafka::metadata_response::metadata_response_topic& said,
                               monotonic_ns asked_at) {
    if (!said.name)
        return;
    auto& known = topics_[*said.name];
    if (said.error_code == 0 && lags_behind(known, said.topic_id, asked_at))
        return;
    known.asked_at = asked_at;
    known.code = kafka::error_code{said.error_code};
    if (known.code != kafka::error_code::none) {
        if (known.failing_since == monotonic_ns{})
            known.failing_since = asked_at;
        return;
    }
    known.failing_since = {};
    known.doubted_since = {};
    // A new id is a new topic of the same name: what was known is of another one.
    if (known.id != said.topic_id)
        known.partitions.clear();
    if (known.id != said.topic_id && !known.id.is_zero() && !said.topic_id.is_zero())
        known.former = known.id;
    known.id = said.topic_id;
    for (const auto& one : said.partitions) {
        auto& partition = known.partitions[one.partition_index];
        if (one.leader_epoch >= 0 && one.leader_epoch < partition.leader_epoch)
            continue;
        partition = {one.leader_id, one.leader_epoch, kafka::error_code{one.error_code}};
    }
}

/// Ids never come back, and a broker hears of a new one within seconds.
bool cluster_view::lags_behind(topic& known, const topic_id& told, monotonic_ns asked_at) {
    if (told.is_zero() || told != known.former)
        return false;
    if (known.doubted_since == monotonic_ns{})
        known.doubted_since = asked_at;
    if (known.doubted_since + limits::unknown_wait_ns <= asked_at)
        return false;
    BARNABAS_MARK(client_former_topic_told);
    return true;
}

const broker_address* cluster_view::find_broker(std::int32_t id) const {
    const auto found = brokers_.find(id);
    return found == brokers_.end() ? nullptr : &found->second;
}

const cluster_view::topic* cluster_view::find_topic(const std::string& name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : &found->second;
}

const std::string* cluster_view::name_of(const topic_id& id) const {
    const auto found =
        std::find_if(topics_.begin(), topics_.end(), [&](const auto& one) { return one.second.id == id; });
    return found == topics_.end() ? nullptr : &found->first;
}

void cluster_view::learn_coordinator(const std::string& group, std::int32_t broker,
                                     const broker_address& at) {
    coordinators_[group] = broker;
    brokers_[broker] = at;
}

std::optional<std::int32_t> cluster_view::coordinator_of(const std::string& group) const {
    const auto found = coordinators_.find(group);
    if (found == coordinators_.end() || !brokers_.contains(found->second))
        return std::nullopt;
    return found->second;
}

void cluster_view::keep_only(const std::set<std::string>& wanted, std::size_t most) {
    if (topics_.size() <= most)
        return;
    std::erase_if(topics_, [&](const auto& one) { return !wanted.contains(one.first); });
}

} // namespace barnabas::client
