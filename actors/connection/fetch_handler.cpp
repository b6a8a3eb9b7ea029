#include "actors/connection/fetch_operation.hpp"
#include "actors/connection/handlers.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/kafka/fetch.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

constexpr std::int16_t first_version_with_replica_state = 15;
constexpr std::int32_t session_close_epoch = -1;
constexpr std::int32_t session_open_epoch = 0;

bool is_from_replica(const kafka::fetch_request& request, const request_context& context) {
    return context.version < first_version_with_replica_state ? request.replica_id >= 0
                                                              : request.replica_state.replica_id >= 0;
}

/// The partitions that the request names, in its order.
std::vector<fetch_item> items_of(const kafka::fetch_request& request) {
    std::vector<fetch_item> items;
    // A partition named twice is read once.
    std::set<fetch_item_key> named;
    for (const auto& topic : request.topics) {
        const std::string name(topic.topic.text());
        for (const auto& partition : topic.partitions) {
            if (!named.insert({name, topic.topic_id, partition_index(partition.partition)}).second)
                continue;
            auto& item = items.emplace_back();
            item.topic_name = name;
            item.topic_id = topic.topic_id;
            item.partition = partition_index(partition.partition);
            item.fetch_offset = log_offset(partition.fetch_offset);
            item.max_bytes = static_cast<std::uint32_t>(std::max(partition.partition_max_bytes, 0));
            item.current_leader_epoch = leader_epoch(partition.current_leader_epoch);
        }
    }
    return items;
}

void answer_error(connection& self, const request_context& context, const error& why) {
    kafka::fetch_response response;
    response.error_code = wire_code(why.code);
    self.port().report("fetch_refused", to_string(why));
    answer_with(self, self.current(), context, response);
}

/// Finds or opens the session that the request belongs to (KIP-227); null for a fetch without one.
result<fetch_session*> session_of(connection& self, const kafka::fetch_request& request, bool by_id) {
    auto& sessions = self.sessions();
    if (request.session_epoch == session_close_epoch || request.session_epoch == session_open_epoch) {
        if (request.session_id != 0)
            sessions.close(request.session_id);
        return request.session_epoch == session_open_epoch ? &sessions.open(by_id) : nullptr;
    }
    auto session = sessions.next(request.session_id, request.session_epoch, by_id);
    if (!session)
        return session.failure();
    for (const auto& topic : request.forgotten_topics_data)
        for (auto partition : topic.partitions)
            (*session)->forget({std::string(topic.topic.text()), topic.topic_id, partition_index(partition)});
    return *session;
}

} // namespace

result<void> handle_fetch(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::fetch_request>(body, context);
    if (!request)
        return request.failure();
    if (is_from_replica(*request, context)) {
        answer_error(self, context,
                     {errc::cluster_authorization_failed,
                      "a client's fetch names a replica id; brokers fetch from each "
                      "other on the inter-broker listener only"});
        return {};
    }
    const bool by_id = context.version >= first_fetch_with_topic_ids;
    auto session = session_of(self, *request, by_id);
    if (!session) {
        answer_error(self, context, session.failure());
        return {};
    }
    fetch_plan plan;
    auto& limits = plan.limits;
    limits.min_bytes = static_cast<std::uint32_t>(std::max(request->min_bytes, 0));
    const std::int64_t part = self.config().barnabas_memory_fetch_bytes / connection_limits::fetch_parts_min;
    limits.max_bytes = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        request->max_bytes, 0, std::min<std::int64_t>(self.config().fetch_max_bytes, part)));
    limits.max_wait = std::chrono::milliseconds(std::max(request->max_wait_ms, 0));
    constexpr std::int8_t read_committed = 1;
    plan.committed_only = request->isolation_level == read_committed;
    plan.items = items_of(*request);
    plan.incremental = *session != nullptr && request->session_epoch != session_open_epoch;
    if (*session != nullptr) {
        plan.session_id = (*session)->id;
        for (const auto& item : plan.items)
            (*session)->put(item);
        plan.items.assign((*session)->items.begin(), (*session)->items.end());
    }
    auto waiting = std::make_unique<fetch_operation>(self, self.current(), context, std::move(plan));
    // Parked before it starts: its answers may come from what this connection already knows.
    auto& parked = static_cast<fetch_operation&>(self.park(std::move(waiting)));
    parked.start();
    return {};
}

} // namespace barnabas
