#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace barnabas::batch::golden {

/// Lines of a file of golden vectors: all of Kafka's in shared/, else those in the repository.
std::optional<std::vector<boost::json::object>> read_lines(std::string_view file_name);

std::vector<std::byte> from_hex(std::string_view text);

} // namespace barnabas::batch::golden

#define GOLDEN_LINES(name, file)                                                                             \
    const auto name = ::barnabas::batch::golden::read_lines(file);                                           \
    ASSERT_TRUE(name) << file << " cannot be read"
