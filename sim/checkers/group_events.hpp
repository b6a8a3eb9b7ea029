#pragma once

#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/ids.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What members of consumer groups do and are told. `group` and `member` count through the run, `id` is what
/// the coordinator calls the member, `instance` its static name (0: none).
namespace barnabas::sim {

struct group_joined {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    /// It had no id and no name when it asked.
    bool as_new = false;
    virtual_time asked;
    virtual_time at;
};

struct group_assigned {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    std::vector<std::int32_t> partitions;
    virtual_time at;
};

struct group_commit {
    std::uint64_t number = 0;
    std::uint64_t group = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    std::int32_t partition = 0;
    log_offset offset;
    virtual_time at;
};

struct group_commit_result {
    std::uint64_t number = 0;
    /// Nothing when the answer was lost.
    std::optional<kafka::error_code> code;
    virtual_time at;
};

struct group_offset_seen {
    std::uint64_t group = 0;
    std::int32_t partition = 0;
    /// -1: nothing was committed.
    log_offset offset{-1};
    virtual_time asked;
    virtual_time at;
};

/// The coordinator took a sign of life.
struct group_alive {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    virtual_time at;
};

using group_event = std::variant<group_joined, group_assigned, group_commit, group_commit_result,
                                 group_offset_seen, group_alive>;

} // namespace barnabas::sim
