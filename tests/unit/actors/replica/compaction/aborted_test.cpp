#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

/// Whom compaction takes for aborted: what the log's markers say, whatever a `.txnindex` does.
namespace barnabas::replica::aborted_test {
namespace {

using values = std::vector<std::optional<std::string>>;

class aborted_data : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(host.open()); }

    std::int64_t put(const std::string& key, const std::string& value, std::int64_t producer) {
        return host.put(key, value,
                        {.producer = producer, .sequence = sequences_[producer]++, .transactional = true});
    }
    std::int64_t end(std::int64_t producer, bool commit) {
        return host.append(marker_of(producer, commit), false);
    }
    void clean() {
        host.roll();
        host.roll();
        const auto outcome = host.clean();
        ASSERT_TRUE(outcome.has_value());
        ASSERT_TRUE(outcome->outcome) << to_string(outcome->outcome.failure());
    }
    std::string index_path() const {
        return segment_path("/data/orders-0", log_offset(0), transaction_index_suffix);
    }
    void write_index(const std::vector<aborted_transaction>& entries) {
        std::vector<std::byte> content;
        for (const auto& entry : entries)
            put_transaction_entry(content, entry);
        const auto bytes = slice::copy_of(content);
        auto file = disk.files().open(index_path(), runtime::open_mode::create);
        ASSERT_TRUE(file);
        ASSERT_TRUE(disk.files().truncate(*file, 0));
        ASSERT_TRUE(disk.files().write(*file, file_position(0), std::span(&bytes, 1)));
        disk.files().close(*file);
    }
    std::vector<aborted_transaction> index() {
        auto entries = read_transaction_index(disk.files(), index_path());
        return entries ? *entries : std::vector<aborted_transaction>{};
    }

    sim::memory_disk disk{1};
    clean_host host{disk.files()};

private:
    std::map<std::int64_t, std::int32_t> sequences_;
};

TEST_F(aborted_data, entry_whose_marker_says_commit_aborts_nothing) {
    const auto data = put("a", "committed", 7);
    const auto marker = end(7, true);
    write_index({{producer_id(7), log_offset(data), log_offset(marker), log_offset(marker + 1)}});
    clean();
    EXPECT_EQ(host.values_of("a"), values{"committed"});
    EXPECT_TRUE(index().empty());
}

TEST_F(aborted_data, entry_without_a_marker_aborts_nothing) {
    put("a", "committed", 7);
    host.put("b", "1");
    end(7, true);
    write_index({{producer_id(7), log_offset(0), log_offset(1), log_offset(2)},
                 {producer_id(7), log_offset(0), log_offset(1'000'000), log_offset(1'000'001)},
                 {producer_id(9), log_offset(0), log_offset(2), log_offset(3)}});
    clean();
    EXPECT_EQ(host.values_of("a"), values{"committed"});
    EXPECT_EQ(host.values_of("b"), values{"1"});
}

TEST_F(aborted_data, entry_that_begins_too_early_aborts_no_transaction_before) {
    put("a", "committed", 7);
    end(7, true);
    const auto data = put("b", "aborted", 7);
    const auto marker = end(7, false);
    put("c", "1", 7);
    end(7, true);
    write_index({{producer_id(7), log_offset(0), log_offset(marker), log_offset(1'000'000)}});
    clean();
    EXPECT_EQ(host.values_of("a"), values{"committed"});
    EXPECT_EQ(host.values_of("b"), values{});
    const auto entries = index();
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0], (aborted_transaction{producer_id(7), log_offset(data), log_offset(marker),
                                               log_offset(marker + 1)}))
        << "and readers are told no lie either";
}

TEST_F(aborted_data, entry_that_is_missing_is_made_from_the_marker) {
    const auto data = put("a", "aborted", 7);
    const auto marker = end(7, false);
    put("b", "1", 7);
    end(7, true);
    write_index({});
    clean();
    EXPECT_EQ(host.values_of("a"), values{});
    const auto entries = index();
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].first_offset, log_offset(data));
    EXPECT_EQ(entries[0].last_offset, log_offset(marker));
}

/// The marker lies in a segment that is not cleaned, whose index was lost.
TEST_F(aborted_data, marker_behind_what_is_cleaned_needs_no_entry) {
    host.put("a", "1");
    put("a", "aborted", 7);
    host.roll();
    host.roll();
    const auto marker = end(7, false);
    const auto base = host.log->active_segment().base_offset;
    ASSERT_LE(base.get(), marker);
    ASSERT_TRUE(disk.files().remove(segment_path("/data/orders-0", base, transaction_index_suffix)));
    const auto outcome = host.clean();
    ASSERT_TRUE(outcome && outcome->outcome);
    EXPECT_LT(outcome->cleaned_upto.get(), marker);
    EXPECT_EQ(host.values_of("a"), values{"1"});
}

/// What a clean part has committed stays, whatever its index says later.
TEST_F(aborted_data, entry_that_came_after_a_pass_costs_nothing_in_the_next) {
    const auto data = put("a", "committed", 7);
    const auto marker = end(7, true);
    clean();
    write_index({{producer_id(7), log_offset(data), log_offset(marker), log_offset(marker + 1)}});
    put("b", "1", 7);
    end(7, true);
    clean();
    EXPECT_EQ(host.values_of("a"), values{"committed"});
}

} // namespace
} // namespace barnabas::replica::aborted_test
