#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace barnabas::mark_test {
namespace {

int sign_of(int number) {
    if (BARNABAS_MARK_IF(number == 0, test_number_is_zero))
        return 0;
    if (number > 0)
        return 1;
    BARNABAS_MARK(test_number_is_negative);
    return -1;
}

void never_called() {
    BARNABAS_MARK(test_nobody_comes_here);
}

TEST(mark, counts_when_its_branch_runs) {
    const auto zeros = mark_hits("test_number_is_zero");
    const auto negatives = mark_hits("test_number_is_negative");
    EXPECT_EQ(sign_of(5), 1);
    EXPECT_EQ(mark_hits("test_number_is_zero"), zeros);
    EXPECT_EQ(sign_of(0), 0);
    EXPECT_EQ(sign_of(-3), -1);
    EXPECT_EQ(sign_of(-4), -1);
    EXPECT_EQ(mark_hits("test_number_is_zero"), zeros + 1);
    EXPECT_EQ(mark_hits("test_number_is_negative"), negatives + 2);
}

TEST(mark, is_known_before_it_counts) {
    static_cast<void>(&never_called);
    const auto marks = all_marks();
    const auto found = std::find_if(marks.begin(), marks.end(), [](const mark_site* each) {
        return std::string(each->name) == "test_nobody_comes_here";
    });
    ASSERT_NE(found, marks.end());
    EXPECT_EQ((*found)->hits(), 0u);
    EXPECT_GT((*found)->line, 0);
    EXPECT_TRUE(std::string((*found)->file).ends_with("mark_test.cpp"));
    EXPECT_EQ(mark_hits("test_no_such_mark"), 0u);
}

TEST(mark, names_are_unique_in_the_program) {
    std::set<std::string> names;
    for (const auto* each : all_marks())
        EXPECT_TRUE(names.insert(each->name).second) << each->name;
    EXPECT_GE(names.size(), 3u);
}

} // namespace
} // namespace barnabas::mark_test
