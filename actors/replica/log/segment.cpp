#include "actors/replica/log/segment.hpp"

#include "protocol/model/assert.hpp"

#include <charconv>

namespace barnabas::replica {
namespace {

constexpr std::size_t offset_digits = 20;

} // namespace

std::string segment_file_name(log_offset base, std::string_view suffix) {
    BARNABAS_ASSERT(base.get() >= 0);
    const auto digits = std::to_string(base.get());
    std::string name(offset_digits - digits.size(), '0');
    name += digits;
    name += suffix;
    return name;
}

std::string segment_path(const std::string& directory, log_offset base, std::string_view suffix) {
    return directory + "/" + segment_file_name(base, suffix);
}

std::optional<log_offset> offset_of_file(std::string_view name, std::string_view suffix) {
    if (name.size() != offset_digits + suffix.size() || name.substr(offset_digits) != suffix)
        return std::nullopt;
    std::int64_t offset = 0;
    const char* end = name.data() + offset_digits;
    const auto [stopped, problem] = std::from_chars(name.data(), end, offset);
    if (problem != std::errc{} || stopped != end || offset < 0)
        return std::nullopt;
    return log_offset(offset);
}

} // namespace barnabas::replica
