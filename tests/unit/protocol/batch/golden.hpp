#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::batch::golden {

/// Lines of a gzipped JSON Lines file among Kafka's golden vectors; nothing when the folder is not there.
std::optional<std::vector<boost::json::object>> read_lines(std::string_view file_name);

std::vector<std::byte> from_hex(std::string_view text);
/// Standard base64 with padding.
std::vector<std::byte> from_base64(std::string_view text);

} // namespace barnabas::batch::golden

/// Skips the test with a sentence when the vectors are absent.
#define GOLDEN_LINES(name, file)                                                                             \
    const auto name = ::barnabas::batch::golden::read_lines(file);                                           \
    if (!name)                                                                                               \
    GTEST_SKIP() << "the golden vectors (" << file << ") are not here; BARNABAS_SHARED names their folder"
