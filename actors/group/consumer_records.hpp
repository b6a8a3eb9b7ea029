#pragma once

#include "actors/group/consumer_messages.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What coordinators keep of groups of the consumer protocol (KIP-848). A record without value deletes what
/// its key names.
namespace barnabas::group {

/// What a member has told about itself.
struct consumer_subscription {
    /// Of a member that speaks the classic protocol still.
    struct classic_part {
        std::chrono::milliseconds session_timeout{0};
        std::vector<offered_protocol> protocols;

        friend bool operator==(const classic_part&, const classic_part&) = default;
    };
    std::optional<std::string> instance_id;
    std::optional<std::string> rack;
    std::string client_id;
    std::string host;
    /// Sorted, each once.
    std::vector<std::string> topics;
    std::optional<std::string> pattern;
    std::chrono::milliseconds rebalance_timeout{-1};
    std::optional<std::string> assignor;
    std::optional<classic_part> classic;

    friend bool operator==(const consumer_subscription&, const consumer_subscription&) = default;
};

/// The numbers are those on disk.
enum class member_state : std::int8_t {
    stable = 0,
    /// It must give up partitions before its epoch can advance.
    unrevoked = 1,
    /// It waits for partitions that others have not given up.
    unreleased = 2,
};

/// What a member owns now, and how far it is on the way to its target.
struct current_assignment {
    member_epoch epoch{0};
    /// Still accepted from a member that missed the answer with the new one.
    member_epoch previous_epoch{0};
    member_state state = member_state::stable;
    partitions_by_topic assigned;
    /// No longer among `assigned`, but nobody else's before the member has let go of them.
    partitions_by_topic pending;

    friend bool operator==(const current_assignment&, const current_assignment&) = default;
};

struct consumer_epoch_record {
    struct state {
        std::int32_t epoch = 0;
        /// Over the subscribed topics, to notice that they change; 0 for none.
        std::int64_t topics_hash = 0;

        friend bool operator==(const state&, const state&) = default;
    };
    std::string group;
    std::optional<state> value;

    friend bool operator==(const consumer_epoch_record&, const consumer_epoch_record&) = default;
};

/// Kafka 4.0 kept the subscribed topics in it; it is only read, and deleted with the group.
struct legacy_topics_record {
    std::string group;
    bool present = false;

    friend bool operator==(const legacy_topics_record&, const legacy_topics_record&) = default;
};

struct consumer_member_record {
    std::string group;
    std::string member_id;
    std::optional<consumer_subscription> value;

    friend bool operator==(const consumer_member_record&, const consumer_member_record&) = default;
};

/// Which epoch of the group the targets are made for.
struct target_epoch_record {
    struct state {
        std::int32_t epoch = 0;
        /// 0 where it is not known.
        timestamp_ms made_at{0};

        friend bool operator==(const state&, const state&) = default;
    };
    std::string group;
    std::optional<state> value;

    friend bool operator==(const target_epoch_record&, const target_epoch_record&) = default;
};

struct target_record {
    std::string group;
    std::string member_id;
    std::optional<partitions_by_topic> value;

    friend bool operator==(const target_record&, const target_record&) = default;
};

struct current_record {
    std::string group;
    std::string member_id;
    std::optional<current_assignment> value;

    friend bool operator==(const current_record&, const current_record&) = default;
};

/// The topics that match a pattern.
struct pattern_record {
    struct matches {
        /// In order.
        std::vector<std::string> topics;
        /// Of the metadata that was searched.
        std::int64_t version = 0;
        timestamp_ms searched_at{0};

        friend bool operator==(const matches&, const matches&) = default;
    };
    std::string group;
    std::string pattern;
    std::optional<matches> value;

    friend bool operator==(const pattern_record&, const pattern_record&) = default;
};

using consumer_record = std::variant<consumer_epoch_record, legacy_topics_record, consumer_member_record,
                                     target_epoch_record, target_record, current_record, pattern_record>;

/// Whether a record with this number in its key is one of these.
bool is_consumer_record(std::int16_t number) noexcept;

struct encoded_record {
    std::vector<std::byte> key;
    std::optional<std::vector<std::byte>> value;
};

encoded_record encode(const consumer_record& record);

/// For keys with such a number. corrupt_message for bytes that do not follow their format,
/// unsupported_version for a value that a newer broker wrote.
result<consumer_record> decode_consumer_record(const batch::record_view& record);

} // namespace barnabas::group
