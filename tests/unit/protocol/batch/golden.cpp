#include "tests/unit/protocol/batch/golden.hpp"

#include <boost/json/src.hpp>
#include <zlib.h>

#include <array>
#include <cstdlib>

namespace barnabas::batch::golden {
namespace {

std::string vectors_folder() {
    const char* shared = std::getenv("BARNABAS_SHARED");
    const std::string root = shared != nullptr ? shared : std::string(BARNABAS_REPO_ROOT) + "/../shared";
    return root + "/kafka-protocol/vectors/";
}

std::optional<std::string> read_gzip(const std::string& path) {
    gzFile file = gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return std::nullopt;
    std::string text;
    std::array<char, 65536> part;
    for (int size = gzread(file, part.data(), part.size()); size > 0;
         size = gzread(file, part.data(), part.size()))
        text.append(part.data(), static_cast<std::size_t>(size));
    gzclose(file);
    return text;
}

unsigned sextet(char digit) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return static_cast<unsigned>(digits.find(digit));
}

} // namespace

std::optional<std::vector<boost::json::object>> read_lines(std::string_view file_name) {
    const auto text = read_gzip(vectors_folder() + std::string(file_name));
    if (!text)
        return std::nullopt;
    std::vector<boost::json::object> lines;
    for (std::size_t start = 0; start < text->size();) {
        const std::size_t end = std::min(text->find('\n', start), text->size());
        lines.push_back(boost::json::parse(std::string_view(*text).substr(start, end - start)).as_object());
        start = end + 1;
    }
    return lines;
}

std::vector<std::byte> from_hex(std::string_view text) {
    const auto digit = [](char c) {
        return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    };
    std::vector<std::byte> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
    return bytes;
}

std::vector<std::byte> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    unsigned bits = 0;
    int bit_count = 0;
    for (const char digit : text) {
        if (digit == '=')
            break;
        bits = (bits << 6) | sextet(digit);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes.push_back(static_cast<std::byte>((bits >> bit_count) & 0xff));
        }
    }
    return bytes;
}

} // namespace barnabas::batch::golden
