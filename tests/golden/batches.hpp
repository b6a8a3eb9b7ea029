#pragma once

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

namespace barnabas::golden {

/// Record sets of any magic: their entries, headers and records; invalid ones must be refused, and a cut-off
/// end where Java ignores it must be left out. Nothing when the line holds, else what does not. The unit
/// tests of protocol/batch look closer (codes, bytes written again).
std::optional<std::string> check_record_set(const boost::json::object& line);

} // namespace barnabas::golden
