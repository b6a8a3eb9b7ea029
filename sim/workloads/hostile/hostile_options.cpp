#include "sim/workloads/hostile/hostile_options.hpp"

#include <array>

namespace barnabas::sim {

namespace {

struct kind_row {
    hostile_kind kind;
    const char* name;
};

constexpr kind_row rows[] = {
    {hostile_kind::half_request_then_silence, "half_request_then_silence"},
    {hostile_kind::half_request_then_close, "half_request_then_close"},
    {hostile_kind::bad_length, "bad_length"},
    {hostile_kind::bad_counts, "bad_counts"},
    {hostile_kind::unknown_api, "unknown_api"},
    {hostile_kind::bad_version, "bad_version"},
    {hostile_kind::noise, "noise"},
    {hostile_kind::slow_reader, "slow_reader"},
    {hostile_kind::never_reads, "never_reads"},
    {hostile_kind::connection_storm, "connection_storm"},
    {hostile_kind::wrong_sequences, "wrong_sequences"},
    {hostile_kind::same_everywhere, "same_everywhere"},
    {hostile_kind::wrong_crc, "wrong_crc"},
    {hostile_kind::wrong_count, "wrong_count"},
    {hostile_kind::compression_bomb, "compression_bomb"},
    {hostile_kind::pipelined_unread, "pipelined_unread"},
    {hostile_kind::record_deletion, "record_deletion"},
    {hostile_kind::replica_move, "replica_move"},
};

constexpr auto all_kinds = [] {
    std::array<hostile_kind, std::size(rows)> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = rows[i].kind;
    return all;
}();

/// Of a hundred runs so many have hostile clients, so many of these have storms and bombs, which cost much.
constexpr std::uint64_t hostile_percent = 40;
constexpr std::uint64_t costly_percent = 10;

bool is_costly(hostile_kind kind) {
    return kind == hostile_kind::connection_storm || kind == hostile_kind::compression_bomb;
}

} // namespace

const char* name_of(hostile_kind kind) noexcept {
    for (const auto& row : rows) {
        if (row.kind == kind)
            return row.name;
    }
    return "?";
}

std::span<const hostile_kind> all_of(hostile_kind) noexcept {
    return all_kinds;
}

hostile_options hostile_options::drawn(runtime::random draws) {
    hostile_options made;
    const bool any = draws.chance(hostile_percent, 100);
    for (const auto kind : all_kinds) {
        auto own = draws.split(name_of(kind));
        if (own.chance(is_costly(kind) ? costly_percent : 40, 100) && any)
            made.kinds.add(kind);
    }
    made.interval_ns = static_cast<std::int64_t>(draws.log_between(500 * millisecond, 8 * second));
    made.connections = static_cast<std::uint32_t>(draws.log_between(5, 400));
    made.pipelined = static_cast<std::uint32_t>(draws.log_between(20, 1'000));
    made.bomb_bytes = static_cast<std::uint32_t>(draws.log_between(100'000, 16'000'000));
    made.idle_ns = static_cast<std::int64_t>(draws.log_between(100 * millisecond, 20 * second));
    return made;
}

} // namespace barnabas::sim
