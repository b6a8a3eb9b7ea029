#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>

/// Indexes of aborted transactions that are lost where nothing can make them again.
namespace barnabas::replica::transactions_lost_test {
namespace {

class lost_transactions : public ::testing::Test {
protected:
    lost_transactions() {
        auto options = log_host::small_options();
        options.compact_policy = true;
        host = std::make_unique<log_host>(files, options);
    }
    static std::string path_of(std::string_view suffix) {
        return segment_path(test_directory, log_offset(0), suffix);
    }
    /// Aborted ones in several segments; closed.
    void fill() {
        ASSERT_TRUE(host->open());
        for (int i = 0; host->log->segments().size() < 4 || i % 2 != 0; ++i) {
            ASSERT_TRUE(host->append_unchecked(make_transaction_part({7, i})));
            if (i % 2 == 1) {
                ASSERT_TRUE(host->append_unchecked(make_marker(7, false)));
            }
        }
        ASSERT_FALSE(host->sync());
        ASSERT_TRUE(host->close());
    }
    std::size_t size_of_batch_at(std::size_t at) const {
        const auto bytes = files.content(path_of(log_suffix));
        return batch::parse_header(std::span(bytes).subspan(at))->total_size();
    }
    /// As a compaction leaves the first segment when a crash comes before the next snapshot: that one tells
    /// of another log.
    void lose_first_batch() {
        std::map<std::string, std::vector<std::byte>> snapshots;
        for (const auto& name : files.names())
            if (name.ends_with(snapshot_suffix))
                snapshots[name] = files.content(name);
        auto bytes = files.content(path_of(log_suffix));
        bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size_of_batch_at(0)));
        files.put(path_of(log_suffix), bytes);
        for (const auto suffix : {offset_index_suffix, time_index_suffix})
            ASSERT_TRUE(files.remove(path_of(suffix)));
        ASSERT_TRUE(host->open(false));
        ASSERT_TRUE(host->close());
        for (const auto& [name, content] : snapshots)
            files.put(name, content);
    }
    void damage_second_batch() {
        auto bytes = files.content(path_of(log_suffix));
        bytes[size_of_batch_at(0) + batch::batch_header_size + 3] ^= std::byte{1};
        files.put(path_of(log_suffix), bytes);
    }
    /// Of the first batch, which is whole; with what aborted it.
    read_job read_committed() {
        auto job =
            host->log->read(log_offset(0), size_of_batch_at(0), host->log->written_offset(), true, true);
        EXPECT_TRUE(job);
        job->run(files);
        host->log->on_read(*job);
        return *job;
    }

    memory_files files;
    std::unique_ptr<log_host> host;
};

TEST_F(lost_transactions, are_found_again_behind_a_compaction) {
    fill();
    lose_first_batch();
    const auto before = files.content(path_of(transaction_index_suffix));
    ASSERT_TRUE(files.remove(path_of(transaction_index_suffix)));
    ASSERT_TRUE(host->open(false));
    EXPECT_EQ(files.content(path_of(transaction_index_suffix)), before);
    const auto read = read_committed();
    ASSERT_TRUE(read.records) << to_string(read.records.failure());
    EXPECT_EQ(read.aborted->size(), 1u);
}

TEST_F(lost_transactions, are_unknown_behind_a_compaction_beside_a_damaged_log) {
    const auto marks = mark_hits("transactions_unknown_for_damage");
    fill();
    lose_first_batch();
    damage_second_batch();
    ASSERT_TRUE(files.remove(path_of(transaction_index_suffix)));
    for (int start = 0; start < 2; ++start) {
        ASSERT_TRUE(host->open(false)) << start;
        // The file is gone, and the log is there: partitions answer that their storage failed.
        EXPECT_EQ(read_committed().records.code(), errc::offset_out_of_range) << "start " << start;
        EXPECT_TRUE(host->read(0, size_of_batch_at(0))) << "who reads all records needs none";
        ASSERT_TRUE(host->close());
    }
    EXPECT_GT(mark_hits("transactions_unknown_for_damage"), marks);
}

} // namespace
} // namespace barnabas::replica::transactions_lost_test
