#pragma once

#include "actors/client/admin/admin_types.hpp"
#include "actors/client/application/record_consumer.hpp"
#include "cmd/barnabas/record_formatter.hpp"
#include "cmd/barnabas/topic_pattern.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// What `console-consumer` and `consume` share: reading until told to stop, and showing it.
namespace barnabas {

struct console_wishes {
    /// Who reads, for what is said of the keys.
    std::string_view command = "console-consumer";
    client::properties keys;
    /// One of: topics of a group, a pattern, partitions by hand.
    std::set<std::string> topics;
    std::optional<topic_pattern> pattern;
    std::set<client::partition_name> partitions;
    /// For partitions by hand: an offset, or a time; neither is the reset policy's place.
    std::optional<std::int64_t> offset;
    std::optional<std::int64_t> time;
    /// Ends after so many records, or so long without one.
    std::optional<std::int64_t> messages_max;
    std::optional<std::int64_t> silence_ms;
    /// Ends when the partitions that it reads are read up to here: a group's, once it was given some.
    std::optional<std::map<client::partition_name, std::int64_t>> ends;
    bool skip_errors = false;
    bool systest_events = false;
    bool json = false;
};

/// How ends are asked for: a consumer with these keys gets no further.
client::call_options ends_of_reader(const client::properties& keys);

/// Shows records on standard output until there are enough, nothing comes, or a signal ends it; how many
/// were shown goes to standard error. The exit status.
int read_to_console(const console_wishes& wishes, const record_formatter& formatter);

} // namespace barnabas
