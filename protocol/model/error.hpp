#pragma once

#include "protocol/model/assert.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace barnabas {

/// What went wrong, in the project's own terms. Kafka's numbers exist only at the connection edge
/// (`protocol/kafka/error_codes.hpp` maps each of these to one). Numbers are never reused.
enum class errc : std::uint16_t {
    ok = 0,
    // bytes that do not follow the protocol or a format
    malformed = 1,
    corrupt_message = 2,
    invalid_record = 3,
    message_too_large = 4,
    record_list_too_large = 5,
    unsupported_compression = 6,
    unsupported_version = 7,
    unsupported_for_message_format = 8,
    invalid_timestamp = 9,
    invalid_required_acks = 10,
    // state of partitions and topics
    unknown_topic_or_partition = 20,
    unknown_topic_id = 21,
    inconsistent_topic_id = 22,
    not_leader_or_follower = 23,
    leader_not_available = 24,
    fenced_leader_epoch = 25,
    unknown_leader_epoch = 26,
    offset_out_of_range = 27,
    topic_already_exists = 28,
    invalid_topic = 29,
    invalid_partitions = 30,
    invalid_replication_factor = 31,
    invalid_replica_assignment = 32,
    invalid_config = 33,
    invalid_request = 34,
    topic_deletion_disabled = 35,
    policy_violation = 36,
    reassignment_in_progress = 37,
    not_enough_replicas = 38,
    // producers
    out_of_order_sequence = 40,
    duplicate_sequence = 41,
    invalid_producer_epoch = 42,
    unknown_producer_id = 43,
    transactional_id_not_found = 44,
    // coordination
    coordinator_not_available = 50,
    coordinator_load_in_progress = 51,
    not_coordinator = 52,
    not_controller = 53,
    unknown_member_id = 54,
    illegal_generation = 55,
    rebalance_in_progress = 56,
    inconsistent_group_protocol = 57,
    member_id_required = 58,
    fenced_instance_id = 59,
    // fetch sessions (KIP-227)
    fetch_session_id_not_found = 60,
    invalid_fetch_session_epoch = 61,
    fetch_session_topic_id_error = 62,
    // security
    authorization_failed = 70,
    topic_authorization_failed = 71,
    cluster_authorization_failed = 72,
    // time and process life
    request_timed_out = 80,
    broker_not_available = 81,
    network_exception = 82,
    closed = 83,
    throttled = 84,
    // storage
    storage_error = 90,
    disk_full = 91,
    read_only = 92,
    not_found = 93,
    already_exists = 94,
    would_block = 95,
    locked = 96,
    mismatched_directory = 97,
    access_denied = 98,
    address_in_use = 99,
    connection_refused = 100,
    too_many_open_files = 101,
    no_usable_directory = 102,
    file_too_large = 103,
    // more of coordination
    invalid_group_id = 110,
    invalid_session_timeout = 111,
    group_max_size_reached = 112,
    offset_metadata_too_large = 113,
    non_empty_group = 114,
    group_id_not_found = 115,
    group_subscribed_to_topic = 116,
    unstable_offset_commit = 117,
    group_authorization_failed = 118,
    // everything that should not happen
    internal = 120,
    dropped = 121,
    // the consumer protocol of groups (KIP-848)
    fenced_member_epoch = 130,
    unreleased_instance_id = 131,
    unsupported_assignor = 132,
    stale_member_epoch = 133,
    invalid_regular_expression = 134,
};

/// Stable lower-case name, for logs and metrics.
std::string_view name_of(errc code) noexcept;

/// A disk that says this has lost nothing: something is scarce, and the same may be tried again.
constexpr bool is_scarce(errc code) noexcept {
    return code == errc::disk_full || code == errc::too_many_open_files || code == errc::file_too_large;
}

/// An error with a sentence that says what was wrong, where, and what to do.
struct error {
    errc code = errc::internal;
    std::string detail;

    friend bool operator==(const error&, const error&) = default;
};

/// "code: detail", for people.
std::string to_string(const error& value);

/// A value or an error. No exception leaves a function of this project (style rule S15).
template <class Value>
class [[nodiscard]] result {
public:
    result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
    result(error failure) : state_(std::in_place_index<1>, std::move(failure)) {
        BARNABAS_ASSERT(std::get<1>(state_).code != errc::ok);
    }

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    Value& value() & {
        BARNABAS_ASSERT(has_value());
        return std::get<0>(state_);
    }
    const Value& value() const& {
        BARNABAS_ASSERT(has_value());
        return std::get<0>(state_);
    }
    Value&& value() && {
        BARNABAS_ASSERT(has_value());
        return std::get<0>(std::move(state_));
    }
    Value& operator*() & { return value(); }
    const Value& operator*() const& { return value(); }
    Value&& operator*() && { return std::move(*this).value(); }
    Value* operator->() { return &value(); }
    const Value* operator->() const { return &value(); }

    const barnabas::error& failure() const& {
        BARNABAS_ASSERT(!has_value());
        return std::get<1>(state_);
    }
    errc code() const noexcept { return has_value() ? errc::ok : std::get<1>(state_).code; }

private:
    std::variant<Value, barnabas::error> state_;
};

template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(error failure) : failure_(std::move(failure)) { BARNABAS_ASSERT(failure_.code != errc::ok); }

    bool has_value() const noexcept { return failure_.code == errc::ok; }
    explicit operator bool() const noexcept { return has_value(); }
    const barnabas::error& failure() const& {
        BARNABAS_ASSERT(!has_value());
        return failure_;
    }
    errc code() const noexcept { return failure_.code; }

private:
    barnabas::error failure_{errc::ok, {}};
};

} // namespace barnabas
