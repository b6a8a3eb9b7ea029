#include "protocol/kafka/wire.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>

namespace barnabas::kafka::wire_property_test {
namespace {

wire_reader reader_of(wire_writer& out) {
    return wire_reader(out.finish_contiguous());
}

TEST(wire_properties, integers_come_back) {
    EXPECT_TRUE(rc::check([](bool a, std::int8_t b, std::int16_t c, std::int32_t d, std::int64_t e,
                             std::uint16_t f, std::uint32_t g, std::uint64_t bits) {
        wire_writer out;
        out.boolean(a);
        out.int8(b);
        out.int16(c);
        out.int32(d);
        out.int64(e);
        out.uint16(f);
        out.uint32(g);
        out.float64(std::bit_cast<double>(bits));
        auto in = reader_of(out);
        RC_ASSERT(in.boolean() == a);
        RC_ASSERT(in.int8() == b);
        RC_ASSERT(in.int16() == c);
        RC_ASSERT(in.int32() == d);
        RC_ASSERT(in.int64() == e);
        RC_ASSERT(in.uint16() == f);
        RC_ASSERT(in.uint32() == g);
        RC_ASSERT(std::bit_cast<std::uint64_t>(in.float64()) == bits);
        RC_ASSERT(in.finish("test", 0).has_value());
    }));
}

TEST(wire_properties, varints_come_back_in_the_measured_size) {
    // Shifts make small and large magnitudes equally likely.
    EXPECT_TRUE(rc::check([](std::int64_t large) {
        const auto shift = *rc::gen::inRange(0, 63);
        const std::int64_t value = large >> shift;
        const auto narrow = static_cast<std::int32_t>(value);
        wire_writer out;
        out.varint(narrow);
        out.varlong(value);
        out.unsigned_varint(static_cast<std::uint32_t>(narrow));
        const auto before = out.size();
        out.unsigned_varlong(static_cast<std::uint64_t>(value));
        RC_ASSERT(out.size() - before == unsigned_varint_size(static_cast<std::uint64_t>(value)));
        auto in = reader_of(out);
        RC_ASSERT(in.varint() == narrow);
        RC_ASSERT(in.varlong() == value);
        RC_ASSERT(in.unsigned_varint() == static_cast<std::uint32_t>(narrow));
        RC_ASSERT(in.unsigned_varlong() == static_cast<std::uint64_t>(value));
        RC_ASSERT(in.finish("test", 0).has_value());
    }));
}

TEST(wire_properties, strings_and_bytes_come_back_in_both_forms) {
    EXPECT_TRUE(rc::check([](const std::string& text, const std::string& content) {
        for (auto form : {wire_form::plain, wire_form::compact}) {
            wire_writer out;
            out.string(text, form);
            out.null_string(form);
            out.bytes(slice::copy_of(content), form);
            out.null_bytes(form);
            auto in = reader_of(out);
            RC_ASSERT(in.string("text", form) == text);
            RC_ASSERT(!in.nullable_string("null", form));
            RC_ASSERT(in.bytes("bytes", form).text() == content);
            RC_ASSERT(!in.nullable_bytes("null", form));
            RC_ASSERT(in.finish("test", 0).has_value());
        }
    }));
}

TEST(wire_properties, any_bytes_are_read_without_leaving_them) {
    EXPECT_TRUE(
        rc::check([](const std::vector<std::uint8_t>& content, const std::vector<std::uint8_t>& choices) {
            wire_reader in(slice::copy_of(std::as_bytes(std::span(content))));
            for (auto choice : choices) {
                const auto form = (choice & 1) != 0 ? wire_form::compact : wire_form::plain;
                switch (choice % 7) {
                case 0: in.nullable_string("string", form); break;
                case 1: in.nullable_bytes("bytes", form); break;
                case 2: in.nullable_array_count("array", form, 1); break;
                case 3: in.varlong(); break;
                case 4: in.int32(); break;
                case 5: in.uuid(); break;
                default: in.tagged_count(); break;
                }
                RC_ASSERT(in.position() <= content.size());
            }
        }));
}

} // namespace
} // namespace barnabas::kafka::wire_property_test
