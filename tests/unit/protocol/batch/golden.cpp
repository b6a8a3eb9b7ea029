#include "tests/unit/protocol/batch/golden.hpp"

#include "tests/golden/checks.hpp"
#include "tests/golden/messages.hpp"

#include <boost/json.hpp>

namespace barnabas::batch::golden {

std::optional<std::vector<boost::json::object>> read_lines(std::string_view file_name) {
    return barnabas::golden::read_lines(kafka::testing::vectors_folder() + "/" + std::string(file_name));
}

std::vector<std::byte> from_hex(std::string_view text) {
    const auto bytes = kafka::testing::from_hex(text);
    return {bytes.bytes().begin(), bytes.bytes().end()};
}

} // namespace barnabas::batch::golden
