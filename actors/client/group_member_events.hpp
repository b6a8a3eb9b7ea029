#pragma once

#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::client {

/// A topic whose partitions are counted on from those of others.
struct counted_topic {
    std::string name;
    std::int32_t partitions = 1;
    /// The number of its partition 0.
    std::int32_t first_number = 0;
};

/// What a member was told, and what it did. `generation` and `member` are its own at that moment; in a group
/// of the consumer protocol the generation is the member's epoch.
struct group_member_events {
    struct joined {
        std::int32_t generation = -1;
        std::string member;
        /// It had no id when it asked: it cannot be part of an older generation.
        bool as_new = false;
        /// How long ago it asked.
        std::int64_t asked_ns_ago = 0;
    };
    struct assigned {
        std::int32_t generation = -1;
        std::string member;
        std::vector<std::int32_t> partitions;
        /// The generation that the leader made it for; -1 where it made none.
        std::int32_t made_for = -1;
        std::int64_t asked_ns_ago = 0;
    };
    struct alive {
        /// -1: it claimed none, for it is no member or just joined.
        std::int32_t generation = -1;
        std::string member;
        std::int64_t asked_ns_ago = 0;
        /// What it owned when it said so; nothing: that it did not know.
        std::optional<std::vector<std::int32_t>> owned{};
        /// In the consumer protocol: how often it shall come.
        std::optional<std::int32_t> interval_ms{};
    };
    struct commit {
        std::uint64_t number = 0;
        std::int32_t generation = -1;
        std::string member;
        std::int32_t partition = 0;
        log_offset offset;
    };
    struct fetched {
        std::int32_t partition = 0;
        /// -1: nothing was committed.
        log_offset offset{-1};
        std::int64_t asked_ns_ago = 0;
    };
    std::function<void(const joined&)> on_joined;
    std::function<void(const assigned&)> on_assigned;
    std::function<void(const commit&)> on_commit;
    /// How the commit ended; nothing when nobody can know.
    std::function<void(std::uint64_t number, std::optional<kafka::error_code> code)> on_commit_result;
    std::function<void(const fetched&)> on_fetched;
    /// The coordinator took a sign of life.
    std::function<void(const alive&)> on_alive;
    /// What it uses from now on, whatever the coordinator thinks.
    std::function<void(const std::vector<std::int32_t>& partitions)> on_owned;
    /// All partitions that it wants somebody of its group to have, from now on; none while it is in no group.
    std::function<void(const std::vector<std::int32_t>& partitions)> on_wanted;
    /// An answer that no coordinator may give.
    std::function<void(const std::string& what)> on_problem;
};

} // namespace barnabas::client
