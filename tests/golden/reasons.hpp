#pragma once

#include "protocol/model/error.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Invalid vectors say why Java refuses them, as the class and text of its exception. Ours must refuse them
/// for the same reason.
namespace barnabas::golden {

enum class reason_format : std::uint8_t { record_set, consumer_protocol, varint };

/// Nothing when `ours` means what `java` says: the code that belongs to that reason, a detail that names it,
/// and the same numbers where both name any. A reason that no vector is known to have never matches.
std::optional<std::string> compare_reasons(reason_format format, std::string_view java, const error& ours);

} // namespace barnabas::golden
