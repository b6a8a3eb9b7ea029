#include "actors/connection/dispatch.hpp"

#include "actors/connection/handlers.hpp"
#include "protocol/model/mark.hpp"

#include <array>
#include <string>
#include <utility>

namespace barnabas {

namespace {

using key = kafka::api_key;

// Lowest versions are 0 wherever a known client asks for exactly 0 (rules W100, W101, W119). What is listed
// is served, in every version.
constexpr std::array<api_row, 34> table{{
    {key::produce, 0, 13, handle_produce, resource_type::topic, acl_operation::write, quota_class::produce,
     false},
    {key::fetch, 0, 18, handle_fetch, resource_type::topic, acl_operation::read, quota_class::fetch, false},
    {key::list_offsets, 0, 11, handle_list_offsets, resource_type::topic, acl_operation::describe,
     quota_class::request, false},
    {key::metadata, 0, 13, handle_metadata, resource_type::topic, acl_operation::describe,
     quota_class::request, false},
    {key::offset_commit, 0, 10, handle_offset_commit, resource_type::group, acl_operation::read,
     quota_class::request, false},
    {key::offset_fetch, 0, 10, handle_offset_fetch, resource_type::group, acl_operation::describe,
     quota_class::request, false},
    {key::find_coordinator, 0, 6, handle_find_coordinator, resource_type::group, acl_operation::describe,
     quota_class::request, false},
    {key::join_group, 0, 9, handle_join_group, resource_type::group, acl_operation::read,
     quota_class::request, false},
    {key::heartbeat, 0, 4, handle_heartbeat, resource_type::group, acl_operation::read, quota_class::request,
     false},
    {key::leave_group, 0, 5, handle_leave_group, resource_type::group, acl_operation::read,
     quota_class::request, false},
    {key::sync_group, 0, 5, handle_sync_group, resource_type::group, acl_operation::read,
     quota_class::request, false},
    {key::describe_groups, 0, 6, handle_describe_groups, resource_type::group, acl_operation::describe,
     quota_class::request, false},
    {key::list_groups, 0, 5, handle_list_groups, resource_type::group, acl_operation::describe,
     quota_class::request, false},
    {key::api_versions, 0, 4, handle_api_versions, resource_type::cluster, acl_operation::none,
     quota_class::request, true},
    {key::create_topics, 0, 7, handle_create_topics, resource_type::topic, acl_operation::create,
     quota_class::request, false},
    {key::delete_topics, 0, 6, handle_delete_topics, resource_type::topic, acl_operation::remove,
     quota_class::request, false},
    {key::delete_records, 0, 2, handle_delete_records, resource_type::topic, acl_operation::remove,
     quota_class::request, false},
    {key::init_producer_id, 0, 5, handle_init_producer_id, resource_type::cluster,
     acl_operation::idempotent_write, quota_class::request, false},
    {key::offset_for_leader_epoch, 0, 4, handle_offset_for_leader_epoch, resource_type::topic,
     acl_operation::describe, quota_class::request, false},
    {key::describe_configs, 0, 4, handle_describe_configs, resource_type::topic,
     acl_operation::describe_configs, quota_class::request, false},
    {key::alter_configs, 0, 2, handle_alter_configs, resource_type::topic, acl_operation::alter_configs,
     quota_class::request, false},
    {key::alter_replica_log_dirs, 0, 2, handle_alter_replica_log_dirs, resource_type::cluster,
     acl_operation::alter, quota_class::request, false},
    {key::describe_log_dirs, 0, 5, handle_describe_log_dirs, resource_type::cluster, acl_operation::describe,
     quota_class::request, false},
    {key::create_partitions, 0, 3, handle_create_partitions, resource_type::topic, acl_operation::alter,
     quota_class::request, false},
    {key::delete_groups, 0, 3, handle_delete_groups, resource_type::group, acl_operation::remove,
     quota_class::request, false},
    {key::incremental_alter_configs, 0, 1, handle_incremental_alter_configs, resource_type::topic,
     acl_operation::alter_configs, quota_class::request, false},
    {key::offset_delete, 0, 0, handle_offset_delete, resource_type::group, acl_operation::remove,
     quota_class::request, false},
    {key::update_features, 0, 2, handle_update_features, resource_type::cluster, acl_operation::alter,
     quota_class::request, false},
    {key::describe_cluster, 0, 2, handle_describe_cluster, resource_type::cluster, acl_operation::describe,
     quota_class::request, false},
    {key::describe_producers, 0, 0, handle_describe_producers, resource_type::topic, acl_operation::read,
     quota_class::request, false},
    {key::consumer_group_heartbeat, 0, 1, handle_consumer_group_heartbeat, resource_type::group,
     acl_operation::read, quota_class::request, false},
    {key::consumer_group_describe, 0, 1, handle_consumer_group_describe, resource_type::group,
     acl_operation::describe, quota_class::request, false},
    {key::list_config_resources, 0, 1, handle_list_config_resources, resource_type::cluster,
     acl_operation::describe_configs, quota_class::request, false},
    {key::describe_topic_partitions, 0, 0, handle_describe_topic_partitions, resource_type::topic,
     acl_operation::describe, quota_class::request, false},
}};

/// Every request looks for its row.
constexpr auto rows_by_key = [] {
    constexpr std::size_t keys = 128;
    std::array<const api_row*, keys> rows{};
    for (const auto& row : table)
        rows.at(static_cast<std::size_t>(row.key)) = &row;
    return rows;
}();

} // namespace

std::span<const api_row> api_table() {
    return table;
}

const api_row* find_api(kafka::api_key wanted) {
    const auto at = static_cast<std::size_t>(static_cast<std::uint16_t>(wanted));
    return at < rows_by_key.size() ? rows_by_key[at] : nullptr;
}

result<void> read_request_header(kafka::wire_reader& reader, request_context& context) {
    kafka::wire_reader ahead = reader;
    context.key = static_cast<kafka::api_key>(ahead.int16("request_api_key"));
    context.version = ahead.int16("request_api_version");
    context.correlation_id = ahead.int32("correlation_id");
    const api_row* row = find_api(context.key);
    // What follows depends on key and version; of those that are not served nothing more is known.
    if (ahead.ok() && (row == nullptr || context.version < row->lowest || context.version > row->highest))
        return {};
    auto header = kafka::decode_request_header(reader);
    if (BARNABAS_MARK_IF(!header, request_header_malformed))
        return error{errc::malformed, "a request header cannot be decoded: " + header.failure().detail};
    context.client_id = std::move(header->client_id).value_or(std::string());
    return {};
}

result<void> dispatch(connection& self, request_context context, kafka::wire_reader& reader) {
    const api_row* row = find_api(context.key);
    if (BARNABAS_MARK_IF(row == nullptr, api_key_unknown))
        return error{errc::unsupported_version,
                     "the request has api key " + std::to_string(static_cast<int>(context.key)) + " (" +
                         std::string(kafka::name_of(context.key)) + "), which this broker does not serve"};
    if (context.version < row->lowest || context.version > row->highest) {
        if (BARNABAS_MARK_IF(context.key == kafka::api_key::api_versions, api_versions_of_the_future))
            return handle_api_versions(self, std::move(context), reader);
        BARNABAS_MARK(version_not_served);
        return error{errc::unsupported_version,
                     std::string(kafka::name_of(context.key)) + " version " +
                         std::to_string(context.version) + " is not served; this broker serves " +
                         std::to_string(row->lowest) + " to " + std::to_string(row->highest)};
    }
    return row->handle(self, std::move(context), reader);
}

} // namespace barnabas
