#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The bytes of a commit journal's file, docs/log-format.md: two places for a header, then rounds, all at
/// multiples of `journal_alignment`, so that writing one never touches the sectors of another. A file is used
/// again and again; each of its lives has a header of its own in the place that the last one did not use, so
/// that a crash leaves one of them. Integers are big-endian.
namespace barnabas::journal {

inline constexpr std::uint64_t journal_alignment = 512;
inline constexpr std::string_view journal_prefix = "commit-journal-";
/// Where the first round begins.
inline constexpr file_position first_round_position{2 * journal_alignment};

/// `commit-journal-0` is a file of the journal; the number in the name means nothing else.
std::string journal_file_name(std::uint32_t slot);
std::optional<std::uint32_t> slot_of_journal_file(std::string_view name);

/// Bytes that one log appended: batches of one segment, one behind the other.
struct journal_entry {
    log_offset segment_base;
    file_position position;
    log_offset base_offset;
    log_offset next_offset; ///< behind the last record
    std::vector<slice> batches;

    std::size_t bytes() const;
};

/// The partition's directory inside of its data directory, and whose it is: another topic may have had the
/// name.
struct journal_log {
    std::string directory_name;
    barnabas::topic_id topic;

    friend bool operator==(const journal_log&, const journal_log&) = default;
    friend auto operator<=>(const journal_log&, const journal_log&) = default;
};

/// What one log puts into a round.
struct journal_part {
    journal_log log;
    std::vector<journal_entry> entries;
};

/// A file in one of its lives. Numbers ascend over all files of a directory. The salt is drawn anew each
/// time, so that no record of a client can pass for a round.
struct journal_life {
    std::int64_t number = 0;
    std::uint64_t salt = 0;

    friend bool operator==(const journal_life&, const journal_life&) = default;
};

/// Place of a round among all; `index` counts the rounds of one life from 0.
struct round_id {
    journal_life life;
    std::int64_t index = 0;
};

slice encode_header(const journal_life& life);
/// Of the first or second header.
constexpr file_position header_position(std::uint32_t place) {
    return file_position(place * journal_alignment);
}

/// A round as the parts of one write: a head that describes the entries, then the batches themselves, then
/// zeros up to the alignment.
std::vector<slice> encode_round(const round_id& id, std::span<const journal_part> parts);
/// What `encode_round` will take.
std::uint64_t round_size(std::span<const journal_part> parts);

/// A round that was read; its batches refer to the bytes that were given, one slice per entry.
struct journal_round {
    journal_life life;
    std::int64_t index = 0;
    std::uint64_t size = 0; ///< with the zeros behind it
    std::vector<journal_part> parts;
};

/// The newest life of a file: its rounds up to the first that is not whole.
struct journal_content {
    /// Absent: it has no whole header.
    std::optional<journal_life> life;
    /// Which of the two headers it has.
    std::uint32_t header_place = 0;
    std::vector<journal_round> rounds;
    /// A whole round lies behind one that is not: that was no unfinished write, since a round is begun only
    /// when the one before it is stable. Or `header_lost`.
    bool damaged = false;
    /// There is a first round of a life without a header: that was stable before the round was begun.
    bool header_lost = false;
};
/// Codes: unsupported_version (a later format).
result<journal_content> decode_file(const slice& content);

} // namespace barnabas::journal
