#include "cmd/cli/status_line.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace barnabas::cli::status_line_test {

namespace {

using std::chrono::milliseconds;
using texts = std::vector<std::string>;

constexpr status_line::clock::time_point begin{};

auto into(texts& shown) {
    return [&](const std::string& text) { shown.push_back(text); };
}

} // namespace

TEST(status_line, short_work_tells_nothing) {
    texts shown;
    {
        status_line line(into(shown), begin);
        line.tell("5 of 10", begin + milliseconds(500));
        line.tell("10 of 10", begin + milliseconds(999));
    }
    EXPECT_EQ(shown, texts{});
}

TEST(status_line, long_work_tells_how_far_it_is_and_cleans_up) {
    texts shown;
    {
        status_line line(into(shown), begin);
        line.tell("1", begin + milliseconds(1000));
        line.tell("2", begin + milliseconds(1100));
        line.tell("3", begin + milliseconds(1200));
    }
    EXPECT_EQ(shown, (texts{"\r\x1b[K1", "\r\x1b[K3", "\r\x1b[K"}));
}

TEST(status_line, files_get_a_line_every_ten_seconds_and_nothing_that_writes_over) {
    texts shown;
    {
        status_line line(into(shown), begin, status_line::kind::line_by_line);
        line.tell("1", begin + milliseconds(9999));
        line.tell("2", begin + milliseconds(10000));
        line.tell("3", begin + milliseconds(19000));
        line.tell("4", begin + milliseconds(20000));
    }
    EXPECT_EQ(shown, (texts{"2\n", "4\n"}));
}

TEST(status_line, other_work_is_silent_for_a_second_again) {
    texts shown;
    status_line line(into(shown), begin);
    line.tell("1", begin + milliseconds(1000));
    line.begin(begin + milliseconds(2000));
    line.tell("2", begin + milliseconds(2500));
    EXPECT_EQ(shown, (texts{"\r\x1b[K1", "\r\x1b[K"}));
    line.tell("3", begin + milliseconds(3000));
    EXPECT_EQ(shown.back(), "\r\x1b[K3");
}

TEST(status_line, without_a_terminal_nothing_is_told) {
    status_line line({}, begin);
    line.tell("1", begin + milliseconds(5000));
    line.clear();
}

} // namespace barnabas::cli::status_line_test
