#pragma once

#include "actors/connection/connection.hpp"
#include "actors/connection/request_context.hpp"
#include "actors/connection/response_errors.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/wire.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <utility>

/// One function per API (see dispatch.cpp for the table), and what they share.
namespace barnabas {

result<void> handle_api_versions(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_metadata(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_produce(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_fetch(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_list_offsets(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_delete_records(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_offset_for_leader_epoch(connection& self, request_context context,
                                            kafka::wire_reader& body);
result<void> handle_create_topics(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_delete_topics(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_create_partitions(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_describe_configs(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_alter_configs(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_incremental_alter_configs(connection& self, request_context context,
                                              kafka::wire_reader& body);
result<void> handle_list_config_resources(connection& self, request_context context,
                                          kafka::wire_reader& body);
result<void> handle_describe_topic_partitions(connection& self, request_context context,
                                              kafka::wire_reader& body);
result<void> handle_describe_producers(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_update_features(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_describe_cluster(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_alter_replica_log_dirs(connection& self, request_context context,
                                           kafka::wire_reader& body);
result<void> handle_describe_log_dirs(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_init_producer_id(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_find_coordinator(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_join_group(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_sync_group(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_heartbeat(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_leave_group(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_offset_commit(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_offset_fetch(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_offset_delete(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_describe_groups(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_list_groups(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_delete_groups(connection& self, request_context context, kafka::wire_reader& body);
result<void> handle_consumer_group_heartbeat(connection& self, request_context context,
                                             kafka::wire_reader& body);
result<void> handle_consumer_group_describe(connection& self, request_context context,
                                            kafka::wire_reader& body);

/// The number that goes on the wire.
inline std::int16_t wire_code(errc code) {
    return static_cast<std::int16_t>(kafka::to_kafka(code));
}

/// The same for a client that does not know KAFKA_STORAGE_ERROR yet: NOT_LEADER_OR_FOLLOWER makes it ask for
/// metadata and try again (KIP-112).
inline std::int16_t wire_code(errc code, std::int16_t version, std::int16_t first_with_storage_error) {
    const auto known = kafka::to_kafka(code);
    const bool unknown =
        known == kafka::error_code::kafka_storage_error && version < first_with_storage_error;
    return static_cast<std::int16_t>(unknown ? kafka::error_code::not_leader_or_follower : known);
}

/// Why a partition of the metadata has no address here: another node leads it, or it is ours and its log did
/// not open.
errc why_not_here(connection& self, const topic_partition& partition);

/// Decodes a request body; everything in the frame must be used.
template <class Request>
result<Request> decode_body(kafka::wire_reader& body, const request_context& context) {
    auto request = Request::decode(body, context.version);
    if (!request)
        return error{errc::malformed, std::string(kafka::name_of(context.key)) + " v" +
                                          std::to_string(context.version) +
                                          " cannot be decoded: " + request.failure().detail};
    if (!body.at_end())
        return error{errc::malformed, std::string(kafka::name_of(context.key)) + " v" +
                                          std::to_string(context.version) + " has " +
                                          std::to_string(body.remaining()) + " bytes behind its last field"};
    return request;
}

/// Answers request `number` with a message of the request's version. An answer that no frame can hold ends
/// the connection.
template <class Response>
void answer_with(connection& self, std::uint64_t number, const request_context& context,
                 const Response& response) {
    auto frame = kafka::frame_response(context.correlation_id,
                                       kafka::response_header_version(context.key, context.version), response,
                                       context.version);
    if (frame.empty())
        return self.fail({errc::invalid_request, "the answer to " + std::string(kafka::name_of(context.key)) +
                                                     " would be longer than 2 GiB; ask for less at a time"});
    for_each_error(response, [&](std::int16_t code) { self.port().error_answered(context.key, code); });
    self.answer(number, std::move(frame));
}

} // namespace barnabas
