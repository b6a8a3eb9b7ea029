#include "protocol/model/error.hpp"

namespace barnabas {

std::string_view name_of(errc code) noexcept {
    switch (code) {
    case errc::ok: return "ok";
    case errc::malformed: return "malformed";
    case errc::corrupt_message: return "corrupt_message";
    case errc::invalid_record: return "invalid_record";
    case errc::message_too_large: return "message_too_large";
    case errc::record_list_too_large: return "record_list_too_large";
    case errc::unsupported_compression: return "unsupported_compression";
    case errc::unsupported_version: return "unsupported_version";
    case errc::unsupported_for_message_format: return "unsupported_for_message_format";
    case errc::invalid_timestamp: return "invalid_timestamp";
    case errc::invalid_required_acks: return "invalid_required_acks";
    case errc::unknown_topic_or_partition: return "unknown_topic_or_partition";
    case errc::unknown_topic_id: return "unknown_topic_id";
    case errc::inconsistent_topic_id: return "inconsistent_topic_id";
    case errc::not_leader_or_follower: return "not_leader_or_follower";
    case errc::leader_not_available: return "leader_not_available";
    case errc::fenced_leader_epoch: return "fenced_leader_epoch";
    case errc::unknown_leader_epoch: return "unknown_leader_epoch";
    case errc::offset_out_of_range: return "offset_out_of_range";
    case errc::topic_already_exists: return "topic_already_exists";
    case errc::invalid_topic: return "invalid_topic";
    case errc::invalid_partitions: return "invalid_partitions";
    case errc::invalid_replication_factor: return "invalid_replication_factor";
    case errc::invalid_replica_assignment: return "invalid_replica_assignment";
    case errc::invalid_config: return "invalid_config";
    case errc::invalid_request: return "invalid_request";
    case errc::topic_deletion_disabled: return "topic_deletion_disabled";
    case errc::policy_violation: return "policy_violation";
    case errc::reassignment_in_progress: return "reassignment_in_progress";
    case errc::not_enough_replicas: return "not_enough_replicas";
    case errc::out_of_order_sequence: return "out_of_order_sequence";
    case errc::duplicate_sequence: return "duplicate_sequence";
    case errc::invalid_producer_epoch: return "invalid_producer_epoch";
    case errc::unknown_producer_id: return "unknown_producer_id";
    case errc::transactional_id_not_found: return "transactional_id_not_found";
    case errc::coordinator_not_available: return "coordinator_not_available";
    case errc::coordinator_load_in_progress: return "coordinator_load_in_progress";
    case errc::not_coordinator: return "not_coordinator";
    case errc::unknown_member_id: return "unknown_member_id";
    case errc::illegal_generation: return "illegal_generation";
    case errc::rebalance_in_progress: return "rebalance_in_progress";
    case errc::inconsistent_group_protocol: return "inconsistent_group_protocol";
    case errc::member_id_required: return "member_id_required";
    case errc::fenced_instance_id: return "fenced_instance_id";
    case errc::invalid_group_id: return "invalid_group_id";
    case errc::invalid_session_timeout: return "invalid_session_timeout";
    case errc::group_max_size_reached: return "group_max_size_reached";
    case errc::offset_metadata_too_large: return "offset_metadata_too_large";
    case errc::non_empty_group: return "non_empty_group";
    case errc::group_id_not_found: return "group_id_not_found";
    case errc::group_subscribed_to_topic: return "group_subscribed_to_topic";
    case errc::unstable_offset_commit: return "unstable_offset_commit";
    case errc::group_authorization_failed: return "group_authorization_failed";
    case errc::not_controller: return "not_controller";
    case errc::fetch_session_id_not_found: return "fetch_session_id_not_found";
    case errc::invalid_fetch_session_epoch: return "invalid_fetch_session_epoch";
    case errc::fetch_session_topic_id_error: return "fetch_session_topic_id_error";
    case errc::authorization_failed: return "authorization_failed";
    case errc::topic_authorization_failed: return "topic_authorization_failed";
    case errc::cluster_authorization_failed: return "cluster_authorization_failed";
    case errc::request_timed_out: return "request_timed_out";
    case errc::broker_not_available: return "broker_not_available";
    case errc::network_exception: return "network_exception";
    case errc::closed: return "closed";
    case errc::throttled: return "throttled";
    case errc::storage_error: return "storage_error";
    case errc::disk_full: return "disk_full";
    case errc::read_only: return "read_only";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::would_block: return "would_block";
    case errc::locked: return "locked";
    case errc::mismatched_directory: return "mismatched_directory";
    case errc::access_denied: return "access_denied";
    case errc::address_in_use: return "address_in_use";
    case errc::connection_refused: return "connection_refused";
    case errc::too_many_open_files: return "too_many_open_files";
    case errc::file_too_large: return "file_too_large";
    case errc::no_usable_directory: return "no_usable_directory";
    case errc::internal: return "internal";
    case errc::dropped: return "dropped";
    case errc::fenced_member_epoch: return "fenced_member_epoch";
    case errc::unreleased_instance_id: return "unreleased_instance_id";
    case errc::unsupported_assignor: return "unsupported_assignor";
    case errc::stale_member_epoch: return "stale_member_epoch";
    case errc::invalid_regular_expression: return "invalid_regular_expression";
    }
    return "unknown";
}

std::string to_string(const error& value) {
    std::string text(name_of(value.code));
    if (!value.detail.empty())
        text += ": " + value.detail;
    return text;
}

} // namespace barnabas
