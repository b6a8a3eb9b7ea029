#include "tests/unit/actors/replica/dump/samples.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::dump::index_dump_test {
namespace {

using texts = std::vector<std::string>;

class index_dump : public ::testing::Test {
protected:
    index_dump() {
        host.put(".log", batches);
        second_at = batches[0].size();
    }

    kept_lines dump_index(const std::vector<offset_entry>& entries, const dump_options& options = {}) {
        host.put(".index", {offset_entries(entries)});
        return host.dump(".index", options);
    }
    kept_lines dump_times(const std::vector<time_point>& entries, const dump_options& options = {}) {
        host.put(".timeindex", {time_entries(entries)});
        return host.dump(".timeindex", options);
    }
    static dump_options sanity() {
        dump_options options;
        options.index_sanity_check = true;
        return options;
    }

    dump_host host;
    std::vector<slice> batches = {sample_batch(10, 100, 2), sample_batch(12, 200, 3)};
    std::uint64_t second_at = 0;
};

TEST_F(index_dump, shows_entries_that_agree_with_the_log) {
    const auto said =
        dump_index({{log_offset(11), file_position(0)}, {log_offset(14), file_position(second_at)}});
    EXPECT_EQ(said.lines, (texts{"Dumping " + host.path(".index"), "offset: 11 position: 0",
                                 "offset: 14 position: " + std::to_string(second_at)}));
    EXPECT_EQ(said.complaints, texts{});
}

TEST_F(index_dump, tells_entries_with_another_offset_than_their_batch) {
    const auto said =
        dump_index({{log_offset(10), file_position(0)}, {log_offset(13), file_position(second_at)}});
    EXPECT_EQ(said.complaints,
              (texts{"Mismatches in :" + host.path(".index"), "  Index offset: 13, log offset: 14",
                     "  Index offset: 10, log offset: 11"}));
    EXPECT_EQ(host.failures, 0u);
}

TEST_F(index_dump, ends_at_the_zeros_of_a_preallocated_index) {
    const auto said = dump_index({{log_offset(11), file_position(0)},
                                  {log_offset(10), file_position(0)},
                                  {log_offset(10), file_position(0)}});
    EXPECT_EQ(said.lines.size(), 2u);
    EXPECT_EQ(said.complaints, texts{});
}

TEST_F(index_dump, takes_a_preallocated_index_of_an_empty_log_for_empty) {
    host.put(".log", {});
    const auto said = dump_index({{log_offset(10), file_position(0)}, {log_offset(10), file_position(0)}});
    EXPECT_EQ(said.lines.size(), 1u);
    EXPECT_EQ(said.complaints, texts{});
    EXPECT_EQ(host.failures, 0u);
}

TEST_F(index_dump, shows_nothing_when_it_only_verifies) {
    dump_options options;
    options.verify_index_only = true;
    const auto said = dump_index({{log_offset(13), file_position(second_at)}}, options);
    EXPECT_EQ(said.lines.size(), 1u);
    EXPECT_EQ(said.complaints.size(), 2u);
}

TEST_F(index_dump, tells_the_first_entry_that_points_nowhere_and_counts_the_others) {
    const auto said = dump_index({{log_offset(11), file_position(1)},
                                  {log_offset(12), file_position(100'000)},
                                  {log_offset(14), file_position(second_at)}});
    ASSERT_EQ(said.complaints.size(), 1u);
    EXPECT_TRUE(said.complaints[0].starts_with("Error: " + host.path(".index") + ": entry 0 (offset 11): "));
    EXPECT_NE(said.complaints[0].find("1 more"), std::string::npos);
    EXPECT_EQ(host.failures, 1u);
    EXPECT_EQ(said.lines.size(), 4u);
}

TEST_F(index_dump, looks_for_batches_of_the_largest_size_only) {
    dump_options options;
    options.max_message_size = batches[0].size() - 1;
    dump_index({{log_offset(11), file_position(0)}}, options);
    EXPECT_EQ(host.failures, 1u);
    options.max_message_size = batches[0].size();
    dump_index({{log_offset(11), file_position(0)}}, options);
    EXPECT_EQ(host.failures, 0u);
}

TEST_F(index_dump, says_that_an_index_is_empty) {
    EXPECT_EQ(dump_index({}).lines.back(), host.path(".index") + " is empty.");
}

TEST_F(index_dump, needs_the_log_to_compare_but_not_for_the_sanity_check) {
    ASSERT_TRUE(host.files.remove(host.path(".log")));
    dump_index({{log_offset(11), file_position(0)}});
    EXPECT_EQ(host.failures, 1u);
    const auto said = dump_index({{log_offset(11), file_position(0)}}, sanity());
    EXPECT_EQ(said.lines.back(), host.path(".index") + " passed sanity check.");
    EXPECT_EQ(host.failures, 0u);
}

TEST_F(index_dump, sanity_check_refuses_zeros_at_the_end_and_odd_sizes) {
    dump_index({{log_offset(11), file_position(0)}, {log_offset(10), file_position(0)}}, sanity());
    EXPECT_EQ(host.failures, 1u);
    host.put(".index", {offset_entries({{log_offset(11), file_position(0)}}), slice::copy_of("odd")});
    host.dump(".index", sanity());
    EXPECT_EQ(host.failures, 1u);
}

TEST_F(index_dump, shows_times_that_agree_with_the_log) {
    const auto said = dump_times({{timestamp_ms(101), log_offset(11)}, {timestamp_ms(202), log_offset(14)}});
    EXPECT_EQ(said.lines, (texts{"Dumping " + host.path(".timeindex"), "timestamp: 101 offset: 11",
                                 "timestamp: 202 offset: 14"}));
    EXPECT_EQ(said.complaints, texts{});
}

TEST_F(index_dump, tells_times_that_are_not_those_of_the_log) {
    const auto said = dump_times({{timestamp_ms(300), log_offset(11)}, {timestamp_ms(202), log_offset(14)}});
    EXPECT_EQ(said.complaints, (texts{"Found timestamp mismatch in :" + host.path(".timeindex"),
                                      "  Index timestamp: 300, log timestamp: 101",
                                      "Found out of order timestamp in :" + host.path(".timeindex"),
                                      "  Index timestamp: 202, Previously indexed timestamp: 300"}));
    EXPECT_EQ(host.failures, 0u);
}

TEST_F(index_dump, tells_offsets_that_no_batch_ends_with) {
    const auto said = dump_times({{timestamp_ms(200), log_offset(12)}, {timestamp_ms(202), log_offset(20)}});
    EXPECT_EQ(said.complaints, (texts{"The following indexed offsets are not found in the log.",
                                      "Indexed offset: 12, found log offset: 14",
                                      "Indexed offset: 20, found log offset: -1"}));
}

TEST_F(index_dump, times_whose_offsets_go_back_are_faults) {
    dump_times({{timestamp_ms(202), log_offset(14)}, {timestamp_ms(303), log_offset(11)}});
    EXPECT_EQ(host.failures, 1u);
}

TEST_F(index_dump, times_pass_the_sanity_check_unless_they_end_in_zeros) {
    EXPECT_EQ(dump_times({}, sanity()).lines.back(), host.path(".timeindex") + " passed sanity check.");
    dump_times({{timestamp_ms(101), log_offset(11)}}, sanity());
    EXPECT_EQ(host.failures, 0u);
    dump_times({{timestamp_ms(101), log_offset(11)}, {timestamp_ms(0), log_offset(10)}}, sanity());
    EXPECT_EQ(host.failures, 1u);
}

} // namespace
} // namespace barnabas::replica::dump::index_dump_test
