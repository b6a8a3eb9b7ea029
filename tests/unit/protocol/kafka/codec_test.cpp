#include "protocol/kafka/codec.hpp"
#include "tests/golden/messages.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::kafka::codec_test {
namespace {

TEST(json_sink, writes_kafkas_conventions) {
    json_sink out;
    out.begin_struct(nullptr);
    out.value("flag", true);
    out.value("small", std::int8_t{-1});
    out.value("large", std::int64_t{-9223372036854775807LL - 1});
    out.value("whole", 2.0);
    out.value("fraction", -0.5);
    out.value("id", uuid());
    out.bytes("bytes", wire_form::plain, slice::copy_of(std::string_view("\xfb\xff", 2)));
    out.null_text("nothing", wire_form::plain);
    out.begin_array("list", wire_form::plain, 2);
    out.value(nullptr, std::int16_t{1});
    out.value(nullptr, std::int16_t{2});
    out.end_array();
    out.end_struct();
    EXPECT_EQ(out.take(),
              R"({"flag":true,"small":-1,"large":-9223372036854775808,"whole":2.0,"fraction":-0.5,)"
              R"("id":"AAAAAAAAAAAAAAAAAAAAAA","bytes":"+/8=","nothing":null,"list":[1,2]})");
}

TEST(json_sink, floats_that_are_no_numbers_are_strings) {
    using limits = std::numeric_limits<double>;
    json_sink out;
    out.begin_struct(nullptr);
    out.value("nan", limits::quiet_NaN());
    out.value("up", limits::infinity());
    out.value("down", -limits::infinity());
    out.value("zero", -0.0);
    out.value("large", limits::max());
    out.end_struct();
    const auto text = out.take();
    EXPECT_EQ(text, R"({"nan":"NaN","up":"Infinity","down":"-Infinity","zero":-0.0,)"
                    R"("large":1.7976931348623157e+308})");
    EXPECT_TRUE(testing::same_json(text, text)) << "it is not JSON";
}

TEST(json_sink, strings_from_clients_cannot_break_the_line) {
    json_sink out;
    out.text(nullptr, wire_form::plain,
             std::string_view("a\"\\\n\0\x1f\xc3\xa9\xf0\x9f\x98\x80|\xff\xc3|\xed\xa0\x80", 19));
    EXPECT_EQ(out.take(), "\"a\\\"\\\\\\u000a\\u0000\\u001f\xc3\xa9\xf0\x9f\x98\x80|\xef\xbf\xbd\xef\xbf\xbd|"
                          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(codec, unknown_tags_go_back_between_the_known_ones) {
    const std::vector<tagged_field> unknown{{1, slice()}, {3, slice()}, {5, slice()}};
    std::vector<std::uint32_t> order;
    struct tag_recorder {
        std::vector<std::uint32_t>* order;
        void unknown_tagged(const tagged_field& field) { order->push_back(field.tag); }
    } recorder{&order};
    std::size_t next = 0;
    put_unknown_below(recorder, unknown, next, 2);
    order.push_back(2);
    put_unknown_below(recorder, unknown, next, 3);
    order.push_back(3);
    put_unknown_rest(recorder, unknown, next);
    EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 2, 3, 5}));
}

} // namespace
} // namespace barnabas::kafka::codec_test
