#include "protocol/model/topic_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace barnabas::topic_name_test {
namespace {

std::string fault_of(std::string_view name) {
    const auto fault = topic_name_fault(name);
    EXPECT_TRUE(!fault || fault->code == errc::invalid_topic);
    return fault ? fault->detail : "";
}

TEST(topic_name, up_to_249_of_its_characters_are_a_name) {
    for (const std::string name : {"t", "...", "_", "a-b.c_D9"})
        EXPECT_EQ(fault_of(name), "");
    EXPECT_EQ(fault_of(std::string(249, 'x')), "");
    EXPECT_NE(fault_of(std::string(250, 'x')).find("250 characters"), std::string::npos);
    for (const std::string name : {"", ".", ".."})
        EXPECT_NE(fault_of(name), "") << name;
}

TEST(topic_name, what_is_none_is_not_repeated) {
    for (const std::string name : {"a b", "\x1b[31m", "a/b", "caf\xc3\xa9"}) {
        const auto said = fault_of(name);
        EXPECT_NE(said.find("a character other than"), std::string::npos) << name;
        EXPECT_EQ(said.find(name), std::string::npos) << name;
    }
}

} // namespace
} // namespace barnabas::topic_name_test
