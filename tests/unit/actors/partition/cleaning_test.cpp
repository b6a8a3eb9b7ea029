#include "actors/partition/limits.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

/// When a partition is compacted again after a pass that failed.
namespace barnabas::cleaning_test {
namespace {

replica::log_options compacted() {
    auto options = replica::log_host::small_options();
    options.delete_policy = false;
    options.compact_policy = true;
    options.min_cleanable_dirty_ratio = 0;
    return options;
}

class cleaning_again : public testing::Test {
protected:
    void SetUp() override {
        for (int i = 0; i < 40; ++i) {
            append_request request;
            request.batches.push_back(
                replica::batch_of({{"key " + std::to_string(i % 3), std::string(300, 'v')}}));
            host.machine->on_append(request, 0);
            host.settle();
        }
        ASSERT_TRUE(wanted());
    }
    bool wanted() {
        host.machine->on_check_cleaning();
        return host.cleaning_wanted;
    }
    partition_cleaned clean() {
        clean_partition order;
        order.settings.map_bytes = 100'000;
        order.settings.window_bytes = 64 << 10;
        host.machine->on_clean(order);
        host.settle();
        EXPECT_FALSE(host.cleaned.empty());
        auto answer = std::move(host.cleaned.back());
        host.cleaned.clear();
        return answer;
    }
    partition_cleaned clean_failing(errc code) {
        host.files.fail_after(3, code);
        auto answer = clean();
        EXPECT_EQ(answer.code, code);
        host.files.never_fail();
        return answer;
    }
    void pass(std::chrono::milliseconds time) {
        host.monotonic = host.monotonic + std::chrono::nanoseconds(time).count();
    }

    partition_host host{compacted()};
};

TEST_F(cleaning_again, a_read_that_failed_is_tried_again_after_a_rest) {
    EXPECT_TRUE(clean_failing(errc::storage_error).uncleanable);
    EXPECT_FALSE(host.machine->log().offline());
    EXPECT_EQ(host.reports.size(), 1u);
    EXPECT_FALSE(wanted());
    pass(partition_limits::cleaning_rest_min);
    EXPECT_TRUE(wanted());
    const auto answer = clean();
    EXPECT_EQ(answer.code, errc::ok);
    EXPECT_FALSE(answer.uncleanable);
    EXPECT_EQ(host.reports.size(), 1u);
}

TEST_F(cleaning_again, rests_grow_up_to_a_bound_and_begin_anew_after_a_success) {
    auto rest = partition_limits::cleaning_rest_min;
    for (int failures = 0; failures < 12; ++failures) {
        static_cast<void>(clean_failing(errc::storage_error));
        pass(rest - std::chrono::milliseconds(1));
        EXPECT_FALSE(wanted()) << failures;
        pass(std::chrono::milliseconds(1));
        ASSERT_TRUE(wanted()) << failures;
        rest = std::min(2 * rest, partition_limits::cleaning_rest_max);
    }
    EXPECT_EQ(clean().code, errc::ok);
    SetUp();
    static_cast<void>(clean_failing(errc::storage_error));
    pass(partition_limits::cleaning_rest_min);
    EXPECT_TRUE(wanted());
}

TEST_F(cleaning_again, a_shortage_is_nothing_that_people_are_told_of) {
    EXPECT_FALSE(clean_failing(errc::too_many_open_files).uncleanable);
    EXPECT_TRUE(host.reports.empty());
    EXPECT_FALSE(wanted()) << "but it does not pass at once";
    pass(partition_limits::cleaning_rest_min);
    EXPECT_TRUE(wanted());
    EXPECT_EQ(clean().code, errc::ok);
}

} // namespace
} // namespace barnabas::cleaning_test
