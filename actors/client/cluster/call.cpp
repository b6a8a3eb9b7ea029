#include "actors/client/cluster/call.hpp"

#include "actors/client/cluster/keyed_call.hpp"
#include "actors/client/retry_rules.hpp"

namespace barnabas::client {

std::string to_string(const call_target& target) {
    switch (target.kind) {
    case call_target::who::any: return "any broker";
    case call_target::who::controller: return "the controller";
    case call_target::who::leader:
        return "the leader of " + target.name + "-" + std::to_string(target.number);
    case call_target::who::coordinator: return "the coordinator of group '" + target.name + "'";
    case call_target::who::broker: return "broker " + std::to_string(target.number);
    }
    return "nobody";
}

errc errc_of(kafka::error_code code) noexcept {
    using kafka::error_code;
    switch (code) {
    case error_code::none: return errc::ok;
    case error_code::corrupt_message: return errc::corrupt_message;
    case error_code::invalid_record: return errc::invalid_record;
    case error_code::message_too_large: return errc::message_too_large;
    case error_code::record_list_too_large: return errc::record_list_too_large;
    case error_code::unsupported_compression_type: return errc::unsupported_compression;
    case error_code::unsupported_for_message_format: return errc::unsupported_for_message_format;
    case error_code::invalid_timestamp: return errc::invalid_timestamp;
    case error_code::unsupported_version: return errc::unsupported_version;
    case error_code::unknown_topic_or_partition: return errc::unknown_topic_or_partition;
    case error_code::unknown_topic_id: return errc::unknown_topic_id;
    case error_code::inconsistent_topic_id: return errc::inconsistent_topic_id;
    case error_code::not_leader_or_follower: return errc::not_leader_or_follower;
    case error_code::leader_not_available: return errc::leader_not_available;
    case error_code::fenced_leader_epoch: return errc::fenced_leader_epoch;
    case error_code::unknown_leader_epoch: return errc::unknown_leader_epoch;
    case error_code::offset_out_of_range: return errc::offset_out_of_range;
    case error_code::topic_already_exists: return errc::topic_already_exists;
    case error_code::invalid_topic_exception: return errc::invalid_topic;
    case error_code::invalid_partitions: return errc::invalid_partitions;
    case error_code::invalid_replication_factor: return errc::invalid_replication_factor;
    case error_code::invalid_replica_assignment: return errc::invalid_replica_assignment;
    case error_code::invalid_config: return errc::invalid_config;
    case error_code::invalid_request: return errc::invalid_request;
    case error_code::topic_deletion_disabled: return errc::topic_deletion_disabled;
    case error_code::policy_violation: return errc::policy_violation;
    case error_code::reassignment_in_progress: return errc::reassignment_in_progress;
    case error_code::not_enough_replicas: return errc::not_enough_replicas;
    case error_code::coordinator_not_available: return errc::coordinator_not_available;
    case error_code::coordinator_load_in_progress: return errc::coordinator_load_in_progress;
    case error_code::not_coordinator: return errc::not_coordinator;
    case error_code::not_controller: return errc::not_controller;
    case error_code::unknown_member_id: return errc::unknown_member_id;
    case error_code::illegal_generation: return errc::illegal_generation;
    case error_code::rebalance_in_progress: return errc::rebalance_in_progress;
    case error_code::fenced_instance_id: return errc::fenced_instance_id;
    case error_code::invalid_group_id: return errc::invalid_group_id;
    case error_code::offset_metadata_too_large: return errc::offset_metadata_too_large;
    case error_code::non_empty_group: return errc::non_empty_group;
    case error_code::group_id_not_found: return errc::group_id_not_found;
    case error_code::group_subscribed_to_topic: return errc::group_subscribed_to_topic;
    case error_code::unstable_offset_commit: return errc::unstable_offset_commit;
    case error_code::stale_member_epoch: return errc::stale_member_epoch;
    case error_code::fenced_member_epoch: return errc::fenced_member_epoch;
    case error_code::unreleased_instance_id: return errc::unreleased_instance_id;
    case error_code::unsupported_assignor: return errc::unsupported_assignor;
    case error_code::invalid_regular_expression: return errc::invalid_regular_expression;
    case error_code::group_max_size_reached: return errc::group_max_size_reached;
    case error_code::topic_authorization_failed: return errc::topic_authorization_failed;
    case error_code::cluster_authorization_failed: return errc::cluster_authorization_failed;
    case error_code::group_authorization_failed: return errc::group_authorization_failed;
    case error_code::request_timed_out: return errc::request_timed_out;
    case error_code::broker_not_available: return errc::broker_not_available;
    case error_code::network_exception: return errc::network_exception;
    case error_code::throttling_quota_exceeded: return errc::throttled;
    case error_code::kafka_storage_error: return errc::storage_error;
    default: return errc::internal;
    }
}

error error_of(kafka::error_code code, const std::string& message) {
    if (!message.empty())
        return {errc_of(code), message};
    return {errc_of(code), "the broker answered " + std::string(kafka::name_of(code))};
}

bool passes(call_target::who kind, kafka::error_code code) noexcept {
    using kafka::error_code;
    using who = call_target::who;
    switch (kind) {
    case who::leader: return may_pass(code);
    case who::coordinator:
        return code == error_code::coordinator_load_in_progress ||
               code == error_code::coordinator_not_available || code == error_code::not_coordinator ||
               code == error_code::throttling_quota_exceeded;
    case who::controller:
        return code == error_code::not_controller || code == error_code::throttling_quota_exceeded;
    case who::any:
        return code == error_code::leader_not_available || code == error_code::throttling_quota_exceeded ||
               code == error_code::coordinator_load_in_progress ||
               code == error_code::coordinator_not_available;
    case who::broker:
        return code == error_code::throttling_quota_exceeded ||
               code == error_code::coordinator_load_in_progress ||
               code == error_code::coordinator_not_available;
    }
    return false;
}

} // namespace barnabas::client
