#include "actors/client/retry_rules.hpp"

namespace barnabas::client {

using kafka::error_code;

bool may_pass(error_code code) noexcept {
    switch (code) {
    case error_code::unknown_topic_or_partition:
    case error_code::leader_not_available:
    case error_code::not_leader_or_follower:
    case error_code::request_timed_out:
    case error_code::broker_not_available:
    case error_code::replica_not_available:
    case error_code::network_exception:
    case error_code::coordinator_load_in_progress:
    case error_code::coordinator_not_available:
    case error_code::not_coordinator:
    case error_code::not_enough_replicas:
    case error_code::not_enough_replicas_after_append:
    case error_code::not_controller:
    case error_code::kafka_storage_error:
    case error_code::fenced_leader_epoch:
    case error_code::unknown_leader_epoch:
    case error_code::offset_not_available:
    case error_code::throttling_quota_exceeded:
    case error_code::unknown_topic_id:
    case error_code::inconsistent_topic_id:
    case error_code::new_leader_elected: return true;
    default: return false;
    }
}

bool may_be_written(error_code code, std::int16_t version) noexcept {
    switch (code) {
    case error_code::not_leader_or_follower: return version < produce_with_storage_error;
    case error_code::unknown_server_error:
    case error_code::request_timed_out:
    case error_code::network_exception:
    case error_code::not_enough_replicas_after_append:
    case error_code::kafka_storage_error: return true;
    default: return false;
    }
}

bool is_sequence_error(error_code code) noexcept {
    switch (code) {
    case error_code::out_of_order_sequence_number:
    case error_code::unknown_producer_id:
    case error_code::invalid_producer_epoch: return true;
    default: return false;
    }
}

} // namespace barnabas::client
