#include "protocol/batch/builder.hpp"
#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/murmur2.hpp"
#include "protocol/batch/varint.hpp"
#include "tests/unit/protocol/batch/golden.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

namespace barnabas::batch::checksum_test {
namespace {

std::span<const std::byte> bytes_view(const std::vector<std::uint8_t>& bytes) {
    return std::as_bytes(std::span(bytes));
}

/// Straight from the definition, bit by bit.
std::uint32_t crc32c_by_bits(std::span<const std::byte> bytes) {
    std::uint32_t state = 0xffffffff;
    for (const auto byte : bytes) {
        state ^= static_cast<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78u : 0u);
    }
    return ~state;
}

TEST(crc32c, agrees_with_golden_vectors) {
    GOLDEN_LINES(lines, "crc32c.jsonl.gz");
    for (const auto& line : *lines) {
        const auto bytes = golden::from_hex(line.at("hex").as_string());
        const auto expected = line.at("crc32c").to_number<std::uint32_t>();
        EXPECT_EQ(crc32c(bytes), expected);
        EXPECT_EQ(crc32c_extend_portable(0, bytes), expected);
    }
}

TEST(crc32c, every_length_and_alignment_agrees_with_definition) {
    std::vector<std::uint8_t> bytes(9000);
    std::uint32_t state = 1;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    for (std::size_t size = 0; size < bytes.size(); size = size < 900 ? size + 1 : size + 97)
        for (const std::size_t start : {0, 1, 3, 5}) {
            const auto part = bytes_view(bytes).subspan(start, std::min(size, bytes.size() - start));
            ASSERT_EQ(crc32c(part), crc32c_extend_portable(0, part)) << size << " bytes from " << start;
            if (start == 1) {
                ASSERT_EQ(crc32c(part), crc32c_by_bits(part)) << size;
            }
        }
}

RC_GTEST_PROP(crc32c, extending_equals_the_whole, ()) {
    const auto bytes = *rc::gen::scale(60.0, rc::gen::arbitrary<std::vector<std::uint8_t>>());
    const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
    const auto whole = bytes_view(bytes);
    RC_ASSERT(crc32c_extend(crc32c(whole.first(cut)), whole.subspan(cut)) == crc32c(whole));
    RC_ASSERT(crc32c(whole) == crc32c_by_bits(whole));
}

TEST(crc32, agrees_with_golden_vectors) {
    GOLDEN_LINES(lines, "crc32c.jsonl.gz");
    for (const auto& line : *lines) {
        const auto bytes = golden::from_hex(line.at("hex").as_string());
        const auto expected = line.at("crc32").to_number<std::uint32_t>();
        EXPECT_EQ(crc32(bytes), expected);
        EXPECT_EQ(crc32_portable(bytes), expected);
    }
}

TEST(crc32, every_length_and_alignment_agrees_with_zlib) {
    std::vector<std::uint8_t> bytes(3000);
    std::uint32_t state = 1;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    for (std::size_t size = 0; size < 900; ++size)
        for (const std::size_t start : {0, 1, 3, 16, 1999}) {
            const auto part = bytes_view(bytes).subspan(start, size);
            const auto expected = static_cast<std::uint32_t>(::crc32_z(0, bytes.data() + start, part.size()));
            ASSERT_EQ(crc32(part), expected) << size << " bytes from " << start;
            ASSERT_EQ(crc32_portable(part), expected) << size << " bytes from " << start;
        }
}

TEST(murmur2, agrees_with_golden_vectors) {
    GOLDEN_LINES(lines, "murmur2.jsonl.gz");
    for (const auto& line : *lines) {
        const auto key = golden::from_hex(line.at("keyHex").as_string());
        EXPECT_EQ(murmur2(key), line.at("murmur2").as_int64());
        EXPECT_EQ(to_positive(murmur2(key)), line.at("positive").as_int64());
        const auto& partitions = line.at("partition").as_array();
        for (std::size_t i = 0; i < partitions.size(); ++i)
            EXPECT_EQ(partition_for_key(key, static_cast<std::int32_t>(i + 1)), partitions[i].as_int64());
    }
}

struct decoded_varint {
    std::int64_t value;
    std::size_t consumed;
};

std::optional<decoded_varint> decode(const std::string& type, const std::vector<std::byte>& bytes) {
    const std::byte* end = bytes.data() + bytes.size();
    std::int64_t wide = 0;
    const std::byte* behind = nullptr;
    if (type == "varlong") {
        behind = read_varlong(bytes.data(), end, wide);
    } else {
        std::int32_t narrow = 0;
        behind = read_varint(bytes.data(), end, narrow);
        wide = narrow;
    }
    if (behind == nullptr)
        return std::nullopt;
    return decoded_varint{wide, static_cast<std::size_t>(behind - bytes.data())};
}

TEST(varint, agrees_with_golden_vectors) {
    GOLDEN_LINES(lines, "varints.jsonl.gz");
    for (const auto& line : *lines) {
        const std::string type(line.at("type").as_string());
        if (type != "varint" && type != "varlong")
            continue;
        const auto bytes = golden::from_hex(line.at("hex").as_string());
        const auto decoded = decode(type, bytes);
        ASSERT_EQ(decoded.has_value(), line.at("valid").as_bool()) << boost::json::serialize(line);
        if (!decoded)
            continue;
        const auto expected = line.at("value").to_number<std::int64_t>();
        EXPECT_EQ(decoded->value, expected);
        if (line.contains("note"))
            continue; // Accepted, though nobody would write it so.
        std::vector<std::byte> written;
        append_varlong(written, expected);
        EXPECT_EQ(written, bytes);
        EXPECT_EQ(varlong_size(expected), bytes.size());
    }
}

RC_GTEST_PROP(varint, written_numbers_read_back, (std::int64_t wide, std::int32_t narrow)) {
    std::vector<std::byte> bytes;
    append_varlong(bytes, wide);
    append_varint(bytes, narrow);
    const std::byte* end = bytes.data() + bytes.size();
    std::int64_t wide_read = 0;
    std::int32_t narrow_read = 0;
    const std::byte* middle = read_varlong(bytes.data(), end, wide_read);
    RC_ASSERT(middle != nullptr);
    RC_ASSERT(read_varint(middle, end, narrow_read) == end);
    RC_ASSERT(wide_read == wide);
    RC_ASSERT(narrow_read == narrow);
}

} // namespace
} // namespace barnabas::batch::checksum_test
