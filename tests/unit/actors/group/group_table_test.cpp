#include "actors/group/group_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace barnabas::group::group_table_test {
namespace {

std::string name_of(int number) {
    return "group-" + std::to_string(number);
}

RC_GTEST_PROP(group_table, holds_what_a_plain_map_holds, ()) {
    group_table<int> table;
    std::map<std::string, int> model;
    const auto steps = *rc::gen::container<std::vector<int>>(400, rc::gen::inRange(0, 240));
    int value = 0;
    for (const int step : steps) {
        // Names repeat, so that many are found, and many erased.
        const auto name = name_of(step % 80);
        if (step < 140) {
            table[name] = ++value;
            model[name] = value;
        } else if (const auto found = table.find(name); found != table.end()) {
            table.erase(found);
            model.erase(name);
        }
        RC_ASSERT(table.size() == model.size());
    }
    for (int number = 0; number < 80; ++number) {
        const auto expected = model.find(name_of(number));
        const auto found = table.find(name_of(number));
        RC_ASSERT(table.contains(name_of(number)) == (expected != model.end()));
        RC_ASSERT((found == table.end()) == (expected == model.end()));
        if (expected != model.end())
            RC_ASSERT(found->second == expected->second);
    }
    RC_ASSERT(std::equal(table.begin(), table.end(), model.begin(), model.end()));
}

TEST(group_table, place_makes_an_entry_once) {
    group_table<int> table;
    EXPECT_EQ(table.find("one"), table.end());
    table.place("one")->second = 7;
    EXPECT_EQ(table.place("one")->second, 7);
    EXPECT_EQ(table.size(), 1u);
    table.erase(table.find("one"));
    EXPECT_FALSE(table.contains("one"));
    EXPECT_EQ(table.place("one")->second, 0);
}

TEST(group_table, thousands_are_found_again) {
    group_table<int> table;
    for (int number = 0; number < 20'000; ++number)
        table[name_of(number)] = number;
    for (int number = 0; number < 20'000; number += 2)
        table.erase(table.find(name_of(number)));
    for (int number = 0; number < 20'000; ++number) {
        const auto found = table.find(name_of(number));
        ASSERT_EQ(found == table.end(), number % 2 == 0) << number;
        if (found != table.end()) {
            ASSERT_EQ(found->second, number);
        }
    }
}

} // namespace
} // namespace barnabas::group::group_table_test
