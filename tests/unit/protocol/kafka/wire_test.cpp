#include "protocol/kafka/wire.hpp"
#include "tests/golden/messages.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::kafka::wire_test {
namespace {

using testing::from_hex;
using testing::to_hex;

constexpr auto plain = wire_form::plain;
constexpr auto compact = wire_form::compact;

std::string written(const std::function<void(wire_writer&)>& write) {
    wire_writer out;
    write(out);
    const auto size = out.size();
    const auto bytes = out.finish_contiguous();
    EXPECT_EQ(size, bytes.size());
    return to_hex(bytes);
}

TEST(wire_writer, integers_are_big_endian) {
    EXPECT_EQ(written([](auto& out) {
                  out.boolean(true);
                  out.int8(-2);
                  out.int16(0x0102);
                  out.int32(-1);
                  out.int64(0x0102030405060708);
                  out.uint16(0xfffe);
                  out.uint32(0x80000001);
              }),
              "01fe0102ffffffff0102030405060708fffe80000001");
}

TEST(wire_writer, null_and_empty_differ_in_both_forms) {
    EXPECT_EQ(written([](auto& out) {
                  out.null_string(plain);
                  out.string("", plain);
                  out.null_string(compact);
                  out.string("", compact);
                  out.null_bytes(plain);
                  out.bytes(slice(), plain);
                  out.null_bytes(compact);
                  out.bytes(slice(), compact);
              }),
              "ffff0000"
              "0001"
              "ffffffff00000000"
              "0001");
}

TEST(wire_writer, a_string_too_long_for_its_length_is_cut) {
    wire_writer out;
    out.string(std::string(40'000, 'x'), plain);
    EXPECT_EQ(out.size(), 2 + longest_plain_string);
    wire_reader in(out.finish_contiguous());
    EXPECT_EQ(in.string("text", plain).size(), longest_plain_string);
    EXPECT_TRUE(in.finish("test", 0));
}

TEST(wire_writer, large_slices_become_parts_without_a_copy) {
    const auto records = slice::copy_of(std::string(least_referenced_size, 'r'));
    const auto few = slice::copy_of(std::string_view("few"));
    wire_writer out;
    out.int32(7);
    out.bytes(records, plain);
    out.bytes(few, plain);
    out.reference(records);
    out.int8(1);
    EXPECT_EQ(out.size(), 4 + 4 + records.size() + 4 + 3 + records.size() + 1);
    const auto parts = out.finish();
    ASSERT_EQ(parts.size(), 5u);
    EXPECT_EQ(to_hex(parts[0]), "0000000700000200");
    EXPECT_EQ(parts[1].data(), records.data());
    EXPECT_EQ(to_hex(parts[2]), "00000003666577");
    EXPECT_EQ(parts[3].data(), records.data());
    EXPECT_EQ(to_hex(parts[4]), "01");
    EXPECT_EQ(out.size(), 0u);
    EXPECT_TRUE(out.finish().empty());
}

TEST(wire_writer, fields_written_before_the_buffer_grew_stay) {
    wire_writer out;
    out.reserve(1);
    for (int i = 0; i < 10'000; ++i)
        out.int32(i);
    wire_reader in(out.finish_contiguous());
    for (int i = 0; i < 10'000; ++i)
        ASSERT_EQ(in.int32(), i);
    EXPECT_TRUE(in.at_end());
}

TEST(wire_reader, first_failure_sticks_and_names_field_and_byte) {
    wire_reader in(from_hex("000100050000"));
    EXPECT_EQ(in.int16("first"), 1);
    EXPECT_EQ(in.string("name", plain), "");
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.int64("later"), 0);
    EXPECT_EQ(in.array_count("more", plain, 1), 0u);
    EXPECT_EQ(in.unsigned_varint(), 0u);
    const auto failure = in.failure("TestRequest", 3);
    EXPECT_EQ(failure.code, errc::malformed);
    EXPECT_EQ(failure.detail, "TestRequest v3, field name at byte 4: needs 5 bytes, but only 2 are left");
}

TEST(wire_reader, negative_lengths_other_than_null_are_refused) {
    for (const char* bytes : {"fffe", "8000"}) {
        wire_reader in(from_hex(bytes));
        EXPECT_EQ(in.nullable_string("text", plain), std::nullopt);
        EXPECT_FALSE(in.ok());
    }
    for (const char* bytes : {"fffffffe", "80000000"}) {
        wire_reader in(from_hex(bytes));
        EXPECT_EQ(in.nullable_bytes("records", plain), std::nullopt);
        EXPECT_FALSE(in.ok());
    }
}

TEST(wire_reader, null_is_refused_where_it_is_not_allowed) {
    wire_reader plain_string(from_hex("ffff"));
    plain_string.string("text", plain);
    EXPECT_FALSE(plain_string.ok());
    wire_reader compact_bytes(from_hex("00"));
    compact_bytes.bytes("bytes", compact);
    EXPECT_FALSE(compact_bytes.ok());
    wire_reader array(from_hex("ffffffff"));
    EXPECT_EQ(array.array_count("array", plain, 1), 0u);
    EXPECT_FALSE(array.ok());
}

TEST(wire_reader, bytes_are_sub_slices_of_the_input) {
    const auto input = from_hex("00000003aabbcc");
    wire_reader in(input);
    const auto bytes = in.bytes("records", plain);
    EXPECT_EQ(bytes.data(), input.data() + 4);
    EXPECT_EQ(bytes.size(), 3u);
    EXPECT_TRUE(in.finish("test", 0));
}

TEST(wire_reader, a_count_beyond_the_bytes_left_is_refused) {
    wire_reader huge(from_hex("7fffffff0000"));
    EXPECT_EQ(huge.array_count("array", plain, 1), 0u);
    EXPECT_FALSE(huge.ok());
    wire_reader exact(from_hex("0000000200010002"));
    EXPECT_EQ(exact.array_count("array", plain, 2), 2u);
    EXPECT_TRUE(exact.ok());
    wire_reader one_short(from_hex("00000002000100"));
    one_short.array_count("array", plain, 2);
    EXPECT_FALSE(one_short.ok());
    wire_reader varint(from_hex("ffffffff0f"));
    varint.array_count("array", compact, 1);
    EXPECT_FALSE(varint.ok());
}

TEST(wire_reader, a_message_holds_a_limited_number_of_elements_in_all) {
    wire_reader in(slice::copy_of(std::string("\0\0\0\3\0\0\0\2", 8) + std::string(8, 'x')), {4, 4});
    EXPECT_EQ(in.array_count("outer", plain, 1), 3u);
    EXPECT_EQ(in.array_count("inner", plain, 1), 0u);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(wire_limits().elements, 1'000'000u);
    EXPECT_EQ(wire_limits().tagged_fields, 10'000u);
}

TEST(wire_reader, a_count_alone_reserves_little_more_memory_than_there_are_bytes) {
    wire_reader small(slice::copy_of(std::string(1000, 'x')));
    EXPECT_EQ(small.reserve_hint(500, 100), 500u);
    EXPECT_EQ(small.reserve_hint(1'000'000, 100), 65536u / 100 + 1);
    wire_reader large(slice::copy_of(std::string(1'000'000, 'x')));
    EXPECT_EQ(large.reserve_hint(1'000'000, 100), 10'001u);
}

TEST(wire_reader, tags_must_ascend_and_fill_their_size) {
    const auto read_tags = [](const char* bytes) {
        wire_reader in(from_hex(bytes));
        std::int64_t previous = -1;
        for (auto left = in.tagged_count(); left > 0 && in.ok(); --left) {
            const auto field = in.open_tagged(previous);
            previous = field.tag;
            if (field.tag == 9)
                in.int16("nine");
            else
                in.unknown_tagged(field);
            in.close_tagged(field);
        }
        return in.finish("test", 0).has_value();
    };
    EXPECT_TRUE(read_tags("00"));
    EXPECT_TRUE(read_tags("03000009020102ff01023344"));
    EXPECT_FALSE(read_tags("0209020102000155")); // falling
    EXPECT_FALSE(read_tags("02090201020902"
                           "0102"));         // twice
    EXPECT_FALSE(read_tags("0109010102"));   // field longer than its size
    EXPECT_FALSE(read_tags("010903010203")); // size longer than the field
    EXPECT_FALSE(read_tags("010905"));       // size beyond the end
    EXPECT_FALSE(read_tags("ffffffff0f"));   // count beyond the end
}

TEST(wire_reader, varints_longer_than_their_type_are_refused) {
    wire_reader five(from_hex("ffffffff0f"));
    EXPECT_EQ(five.unsigned_varint(), std::numeric_limits<std::uint32_t>::max());
    wire_reader six(from_hex("808080808000"));
    six.unsigned_varint();
    EXPECT_FALSE(six.ok());
    wire_reader ten(from_hex("ffffffffffffffffff01"));
    EXPECT_EQ(ten.unsigned_varlong(), std::numeric_limits<std::uint64_t>::max());
    wire_reader eleven(from_hex("8080808080808080808000"));
    eleven.unsigned_varlong();
    EXPECT_FALSE(eleven.ok());
}

TEST(wire_reader, the_sign_before_a_struct_says_whether_it_is_there) {
    const auto present = [](const char* bytes, null_marker marker) {
        wire_reader in(from_hex(bytes));
        const bool said = in.is_present("struct", marker);
        EXPECT_TRUE(in.ok());
        return said;
    };
    for (const auto* bytes : {"00", "01", "02", "7f"})
        EXPECT_TRUE(present(bytes, null_marker::plain)) << bytes;
    for (const auto* bytes : {"ff", "fe", "80"})
        EXPECT_FALSE(present(bytes, null_marker::plain)) << bytes;
    for (const auto* bytes : {"01", "02", "ffffffff07"})
        EXPECT_TRUE(present(bytes, null_marker::tagged)) << bytes;
    for (const auto* bytes : {"00", "ffffffff0f"})
        EXPECT_FALSE(present(bytes, null_marker::tagged)) << bytes;
    wire_reader nothing(from_hex(""));
    EXPECT_FALSE(nothing.is_present("struct", null_marker::plain));
    EXPECT_FALSE(nothing.ok());
}

std::string read_varint(wire_reader& in, const std::string& type) {
    if (type == "varint")
        return std::to_string(in.varint());
    if (type == "varlong")
        return std::to_string(in.varlong());
    if (type == "unsigned_varint")
        return std::to_string(in.unsigned_varint());
    return std::to_string(in.unsigned_varlong());
}

TEST(wire_reader, golden_varints_read_as_in_kafka) {
    std::size_t checked = 0;
    EXPECT_TRUE(
        testing::for_each_varint(testing::vectors_folder() + "/varints.jsonl.gz", [&](const auto& vector) {
            wire_reader in(vector.bytes);
            const auto value = read_varint(in, vector.type);
            EXPECT_EQ(in.ok(), vector.is_valid) << vector.type << " " << to_hex(vector.bytes);
            if (!vector.is_valid)
                return;
            ++checked;
            if (vector.type == "unsigned_varint") {
                // Some vectors give the value as Java's signed int.
                EXPECT_EQ(static_cast<std::uint32_t>(std::stoll(value)),
                          static_cast<std::uint32_t>(std::stoll(vector.value)));
                return;
            }
            EXPECT_EQ(value, vector.value) << vector.type << " " << to_hex(vector.bytes);
        }));
    EXPECT_GT(checked, 70u);
}

} // namespace
} // namespace barnabas::kafka::wire_test
