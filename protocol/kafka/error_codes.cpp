#include "protocol/kafka/error_codes.hpp"

#include <array>
#include <cstddef>

namespace barnabas::kafka {

namespace {

constexpr std::int16_t first_code = -1;

/// Names in the order of their numbers, from `first_code` on without a gap.
constexpr std::array<std::string_view, 138> names{{
    "UNKNOWN_SERVER_ERROR",
    "NONE",
    "OFFSET_OUT_OF_RANGE",
    "CORRUPT_MESSAGE",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "INVALID_FETCH_SIZE",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER",
    "REQUEST_TIMED_OUT",
    "BROKER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
    "MESSAGE_TOO_LARGE",
    "STALE_CONTROLLER_EPOCH",
    "OFFSET_METADATA_TOO_LARGE",
    "NETWORK_EXCEPTION",
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "INVALID_TOPIC_EXCEPTION",
    "RECORD_LIST_TOO_LARGE",
    "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "INVALID_REQUIRED_ACKS",
    "ILLEGAL_GENERATION",
    "INCONSISTENT_GROUP_PROTOCOL",
    "INVALID_GROUP_ID",
    "UNKNOWN_MEMBER_ID",
    "INVALID_SESSION_TIMEOUT",
    "REBALANCE_IN_PROGRESS",
    "INVALID_COMMIT_OFFSET_SIZE",
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "INVALID_TIMESTAMP",
    "UNSUPPORTED_SASL_MECHANISM",
    "ILLEGAL_SASL_STATE",
    "UNSUPPORTED_VERSION",
    "TOPIC_ALREADY_EXISTS",
    "INVALID_PARTITIONS",
    "INVALID_REPLICATION_FACTOR",
    "INVALID_REPLICA_ASSIGNMENT",
    "INVALID_CONFIG",
    "NOT_CONTROLLER",
    "INVALID_REQUEST",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "POLICY_VIOLATION",
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    "DUPLICATE_SEQUENCE_NUMBER",
    "INVALID_PRODUCER_EPOCH",
    "INVALID_TXN_STATE",
    "INVALID_PRODUCER_ID_MAPPING",
    "INVALID_TRANSACTION_TIMEOUT",
    "CONCURRENT_TRANSACTIONS",
    "TRANSACTION_COORDINATOR_FENCED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "SECURITY_DISABLED",
    "OPERATION_NOT_ATTEMPTED",
    "KAFKA_STORAGE_ERROR",
    "LOG_DIR_NOT_FOUND",
    "SASL_AUTHENTICATION_FAILED",
    "UNKNOWN_PRODUCER_ID",
    "REASSIGNMENT_IN_PROGRESS",
    "DELEGATION_TOKEN_AUTH_DISABLED",
    "DELEGATION_TOKEN_NOT_FOUND",
    "DELEGATION_TOKEN_OWNER_MISMATCH",
    "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
    "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
    "DELEGATION_TOKEN_EXPIRED",
    "INVALID_PRINCIPAL_TYPE",
    "NON_EMPTY_GROUP",
    "GROUP_ID_NOT_FOUND",
    "FETCH_SESSION_ID_NOT_FOUND",
    "INVALID_FETCH_SESSION_EPOCH",
    "LISTENER_NOT_FOUND",
    "TOPIC_DELETION_DISABLED",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "UNSUPPORTED_COMPRESSION_TYPE",
    "STALE_BROKER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "MEMBER_ID_REQUIRED",
    "PREFERRED_LEADER_NOT_AVAILABLE",
    "GROUP_MAX_SIZE_REACHED",
    "FENCED_INSTANCE_ID",
    "ELIGIBLE_LEADERS_NOT_AVAILABLE",
    "ELECTION_NOT_NEEDED",
    "NO_REASSIGNMENT_IN_PROGRESS",
    "GROUP_SUBSCRIBED_TO_TOPIC",
    "INVALID_RECORD",
    "UNSTABLE_OFFSET_COMMIT",
    "THROTTLING_QUOTA_EXCEEDED",
    "PRODUCER_FENCED",
    "RESOURCE_NOT_FOUND",
    "DUPLICATE_RESOURCE",
    "UNACCEPTABLE_CREDENTIAL",
    "INCONSISTENT_VOTER_SET",
    "INVALID_UPDATE_VERSION",
    "FEATURE_UPDATE_FAILED",
    "PRINCIPAL_DESERIALIZATION_FAILURE",
    "SNAPSHOT_NOT_FOUND",
    "POSITION_OUT_OF_RANGE",
    "UNKNOWN_TOPIC_ID",
    "DUPLICATE_BROKER_REGISTRATION",
    "BROKER_ID_NOT_REGISTERED",
    "INCONSISTENT_TOPIC_ID",
    "INCONSISTENT_CLUSTER_ID",
    "TRANSACTIONAL_ID_NOT_FOUND",
    "FETCH_SESSION_TOPIC_ID_ERROR",
    "INELIGIBLE_REPLICA",
    "NEW_LEADER_ELECTED",
    "OFFSET_MOVED_TO_TIERED_STORAGE",
    "FENCED_MEMBER_EPOCH",
    "UNRELEASED_INSTANCE_ID",
    "UNSUPPORTED_ASSIGNOR",
    "STALE_MEMBER_EPOCH",
    "MISMATCHED_ENDPOINT_TYPE",
    "UNSUPPORTED_ENDPOINT_TYPE",
    "UNKNOWN_CONTROLLER_ID",
    "UNKNOWN_SUBSCRIPTION_ID",
    "TELEMETRY_TOO_LARGE",
    "INVALID_REGISTRATION",
    "TRANSACTION_ABORTABLE",
    "INVALID_RECORD_STATE",
    "SHARE_SESSION_NOT_FOUND",
    "INVALID_SHARE_SESSION_EPOCH",
    "FENCED_STATE_EPOCH",
    "INVALID_VOTER_KEY",
    "DUPLICATE_VOTER",
    "VOTER_NOT_FOUND",
    "INVALID_REGULAR_EXPRESSION",
    "REBOOTSTRAP_REQUIRED",
    "STREAMS_INVALID_TOPOLOGY",
    "STREAMS_INVALID_TOPOLOGY_EPOCH",
    "STREAMS_TOPOLOGY_FENCED",
    "SHARE_SESSION_LIMIT_REACHED",
    "GROUP_DELETION_FAILED",
    "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED",
    "CONTROLLER_ID_NOT_REGISTERED",
}};

static_assert(names[static_cast<std::size_t>(wire_value(error_code::none) - first_code)] == "NONE");
static_assert(names[static_cast<std::size_t>(wire_value(error_code::kafka_storage_error) - first_code)] ==
              "KAFKA_STORAGE_ERROR");
static_assert(
    names[static_cast<std::size_t>(wire_value(error_code::controller_id_not_registered) - first_code)] ==
    "CONTROLLER_ID_NOT_REGISTERED");

} // namespace

std::string_view name_of(error_code code) noexcept {
    const auto row = static_cast<int>(code) - first_code;
    if (row < 0 || static_cast<std::size_t>(row) >= names.size())
        return "UNKNOWN_CODE";
    return names[static_cast<std::size_t>(row)];
}

error_code to_kafka(errc code) noexcept {
    switch (code) {
    case errc::ok: return error_code::none;
    case errc::malformed: return error_code::invalid_request;
    case errc::corrupt_message: return error_code::corrupt_message;
    case errc::invalid_record: return error_code::invalid_record;
    case errc::message_too_large: return error_code::message_too_large;
    case errc::record_list_too_large: return error_code::record_list_too_large;
    case errc::unsupported_compression: return error_code::unsupported_compression_type;
    case errc::unsupported_version: return error_code::unsupported_version;
    case errc::unsupported_for_message_format: return error_code::unsupported_for_message_format;
    case errc::invalid_timestamp: return error_code::invalid_timestamp;
    case errc::invalid_required_acks: return error_code::invalid_required_acks;
    case errc::unknown_topic_or_partition: return error_code::unknown_topic_or_partition;
    case errc::unknown_topic_id: return error_code::unknown_topic_id;
    case errc::inconsistent_topic_id: return error_code::inconsistent_topic_id;
    case errc::not_leader_or_follower: return error_code::not_leader_or_follower;
    case errc::leader_not_available: return error_code::leader_not_available;
    case errc::fenced_leader_epoch: return error_code::fenced_leader_epoch;
    case errc::unknown_leader_epoch: return error_code::unknown_leader_epoch;
    case errc::offset_out_of_range: return error_code::offset_out_of_range;
    case errc::topic_already_exists: return error_code::topic_already_exists;
    case errc::invalid_topic: return error_code::invalid_topic_exception;
    case errc::invalid_partitions: return error_code::invalid_partitions;
    case errc::invalid_replication_factor: return error_code::invalid_replication_factor;
    case errc::invalid_replica_assignment: return error_code::invalid_replica_assignment;
    case errc::invalid_config: return error_code::invalid_config;
    case errc::invalid_request: return error_code::invalid_request;
    case errc::topic_deletion_disabled: return error_code::topic_deletion_disabled;
    case errc::policy_violation: return error_code::policy_violation;
    case errc::not_enough_replicas: return error_code::not_enough_replicas;
    case errc::reassignment_in_progress: return error_code::reassignment_in_progress;
    case errc::out_of_order_sequence: return error_code::out_of_order_sequence_number;
    case errc::duplicate_sequence: return error_code::duplicate_sequence_number;
    case errc::invalid_producer_epoch: return error_code::invalid_producer_epoch;
    case errc::unknown_producer_id: return error_code::unknown_producer_id;
    case errc::transactional_id_not_found: return error_code::transactional_id_not_found;
    case errc::coordinator_not_available: return error_code::coordinator_not_available;
    case errc::coordinator_load_in_progress: return error_code::coordinator_load_in_progress;
    case errc::not_coordinator: return error_code::not_coordinator;
    case errc::unknown_member_id: return error_code::unknown_member_id;
    case errc::illegal_generation: return error_code::illegal_generation;
    case errc::rebalance_in_progress: return error_code::rebalance_in_progress;
    case errc::inconsistent_group_protocol: return error_code::inconsistent_group_protocol;
    case errc::member_id_required: return error_code::member_id_required;
    case errc::fenced_instance_id: return error_code::fenced_instance_id;
    case errc::invalid_group_id: return error_code::invalid_group_id;
    case errc::invalid_session_timeout: return error_code::invalid_session_timeout;
    case errc::group_max_size_reached: return error_code::group_max_size_reached;
    case errc::offset_metadata_too_large: return error_code::offset_metadata_too_large;
    case errc::non_empty_group: return error_code::non_empty_group;
    case errc::group_id_not_found: return error_code::group_id_not_found;
    case errc::group_subscribed_to_topic: return error_code::group_subscribed_to_topic;
    case errc::unstable_offset_commit: return error_code::unstable_offset_commit;
    case errc::group_authorization_failed: return error_code::group_authorization_failed;
    case errc::not_controller: return error_code::not_controller;
    case errc::fetch_session_id_not_found: return error_code::fetch_session_id_not_found;
    case errc::invalid_fetch_session_epoch: return error_code::invalid_fetch_session_epoch;
    case errc::fetch_session_topic_id_error: return error_code::fetch_session_topic_id_error;
    case errc::authorization_failed: return error_code::cluster_authorization_failed;
    case errc::topic_authorization_failed: return error_code::topic_authorization_failed;
    case errc::cluster_authorization_failed: return error_code::cluster_authorization_failed;
    case errc::request_timed_out: return error_code::request_timed_out;
    case errc::broker_not_available: return error_code::broker_not_available;
    case errc::network_exception: return error_code::network_exception;
    case errc::closed: return error_code::network_exception;
    case errc::throttled: return error_code::throttling_quota_exceeded;
    case errc::storage_error: return error_code::kafka_storage_error;
    case errc::disk_full: return error_code::kafka_storage_error;
    case errc::read_only: return error_code::kafka_storage_error;
    case errc::not_found: return error_code::unknown_server_error;
    case errc::already_exists: return error_code::unknown_server_error;
    case errc::would_block: return error_code::unknown_server_error;
    case errc::locked: return error_code::kafka_storage_error;
    case errc::mismatched_directory: return error_code::kafka_storage_error;
    case errc::access_denied: return error_code::kafka_storage_error;
    case errc::address_in_use: return error_code::unknown_server_error;
    case errc::connection_refused: return error_code::network_exception;
    case errc::too_many_open_files: return error_code::kafka_storage_error;
    case errc::file_too_large: return error_code::kafka_storage_error;
    case errc::no_usable_directory: return error_code::kafka_storage_error;
    case errc::internal: return error_code::unknown_server_error;
    case errc::dropped: return error_code::unknown_server_error;
    case errc::fenced_member_epoch: return error_code::fenced_member_epoch;
    case errc::unreleased_instance_id: return error_code::unreleased_instance_id;
    case errc::unsupported_assignor: return error_code::unsupported_assignor;
    case errc::stale_member_epoch: return error_code::stale_member_epoch;
    case errc::invalid_regular_expression: return error_code::invalid_regular_expression;
    }
    return error_code::unknown_server_error;
}

} // namespace barnabas::kafka
