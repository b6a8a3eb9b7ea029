#pragma once

#include "actors/client/producer/batch_sender.hpp"
#include "actors/client/producer/produce_call.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Messages of a producer of a cluster.
namespace barnabas::client {

/// Somebody put records into its intake.
struct wake_producer {};
/// One record, for those who are actors themselves. A full buffer is an error of the record.
struct send_record {
    std::string topic;
    std::optional<std::int32_t> partition;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::optional<std::int64_t> timestamp_ms;
    delivery_callback call;
};
/// Send what is there without lingering; call when everything that was there has its report.
struct flush_producer {
    std::function<void()> done;
};
/// A callback threw on a thread of the program's: to be told like what is thrown on the actor's.
struct program_threw {
    std::string sentence;
};
/// Take no more records, send what is there for so long, fail the rest, and end.
struct close_producer {
    std::int64_t timeout_ns = 0;
};

/// What the shell tells itself.
struct topics_heard {
    topics_said said;
};
struct producer_id_heard {
    result<producer_id_facts> said;
};
struct produced_heard {
    std::uint64_t request = 0;
    std::vector<produced_part> parts;
};
struct producer_timer {
    std::int64_t deadline = 0;
};
/// Its cluster client has ended.
struct producer_cluster_closed {};

} // namespace barnabas::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::wake_producer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::send_record)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::flush_producer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::program_threw)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::close_producer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::topics_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::producer_id_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::produced_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::producer_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::producer_cluster_closed)
