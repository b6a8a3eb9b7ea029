#pragma once

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

namespace barnabas::golden {

/// Record sets of any magic: every fact of their headers and records, and the bytes built again from them.
/// Invalid ones must be refused where and for the reason that the line says, and a cut-off end where Java
/// ignores it must be left out. Nothing when the line holds, else what does not.
std::optional<std::string> check_record_set(const boost::json::object& line);

} // namespace barnabas::golden
