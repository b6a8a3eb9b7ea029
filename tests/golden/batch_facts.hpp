#pragma once

#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_reader.hpp"

#include <boost/json/fwd.hpp>

#include <functional>
#include <optional>
#include <string>

/// What a line says of one entry of a record set, beside what we read.
namespace barnabas::golden {

/// Of an invalid set Java says of its last entry only what it read before it stopped.
enum class entry_extent : std::uint8_t { whole, begun };

/// Nothing when header and records are as said. A fact that the line does not give, or that is none of ours,
/// is a difference, too, unless the entry was only begun.
std::optional<std::string> compare_entry(const boost::json::object& said, const batch::record_entry& entry,
                                         entry_extent extent);

/// Calls `visit` for each record of an entry of any magic; CRCs of messages are checked.
result<void> for_each_record_of(const batch::record_entry& entry, const batch::record_visitor& visit);

} // namespace barnabas::golden
