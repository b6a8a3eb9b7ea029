#include "actors/journal/journal_jobs.hpp"
#include "tests/unit/actors/replica/memory_files.hpp"

#include <gtest/gtest.h>

/// What is read back of the journal's files.
namespace barnabas::journal::journal_jobs_test {
namespace {

using replica::memory_files;

class journal_files : public testing::Test {
protected:
    journal_files() {
        files.add_directory("/data");
        prepare_job prepare;
        prepare.directory = "/data";
        prepare.life = life;
        prepare.bytes = file_bytes;
        prepare.run(files);
        EXPECT_TRUE(prepare.outcome);
        round_job round;
        round.file = *prepare.outcome;
        round.position = first_round_position;
        for (int i = 0; i < 2; ++i) {
            write_round(round, i);
        }
        files.kill();
    }
    void write_round(round_job& round, int index) {
        journal_part part;
        part.log.directory_name = "orders-0";
        journal_entry entry;
        entry.base_offset = log_offset(index);
        entry.next_offset = log_offset(index + 1);
        entry.batches.push_back(slice::copy_of(std::string_view("a batch")));
        part.entries.push_back(std::move(entry));
        round.id = {life, index};
        round.journaled = {part};
        const auto size = round_size(round.journaled);
        round.run(files);
        EXPECT_TRUE(round.outcome);
        round.position = file_position(round.position.get() + size);
    }
    log_offset held(const found_journal& journal) const {
        log_offset upto{0};
        for (const auto& file : journal.files)
            for (const auto& [log, end] : file.logs)
                upto = std::max(upto, end);
        return upto;
    }

    /// Its middle lies in the second round.
    static constexpr std::uint64_t file_bytes = 3200;
    const journal_life life{1, 77};
    memory_files files;
};

TEST_F(journal_files, a_read_that_comes_wrong_once_loses_nothing) {
    for (std::uint64_t n = 0; n < 3; ++n) {
        files.rot_read_after(n);
        auto journal = read_journal(files, "/data");
        ASSERT_TRUE(journal);
        EXPECT_FALSE(journal->damage) << n;
        EXPECT_EQ(held(*journal), log_offset(2)) << n;
        files.kill();
    }
}

TEST_F(journal_files, what_stays_wrong_in_the_last_round_looks_like_an_unfinished_write) {
    const std::string path = "/data/" + journal_file_name(0);
    auto bytes = files.content(path);
    bytes[file_bytes / 2] ^= std::byte{1};
    files.put(path, bytes);
    auto journal = read_journal(files, "/data");
    ASSERT_TRUE(journal);
    EXPECT_FALSE(journal->damage);
    EXPECT_EQ(held(*journal), log_offset(1));
}

TEST_F(journal_files, what_stays_wrong_is_told) {
    const std::string path = "/data/" + journal_file_name(0);
    auto bytes = files.content(path);
    bytes[first_round_position.get() + 50] ^= std::byte{1};
    files.put(path, bytes);
    auto journal = read_journal(files, "/data");
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->damage);
    EXPECT_NE(journal->damage->find("behind round 0"), std::string::npos) << *journal->damage;
    bytes[first_round_position.get() + 50] ^= std::byte{1};
    bytes[20] ^= std::byte{1};
    files.put(path, bytes);
    journal = read_journal(files, "/data");
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->damage);
    EXPECT_NE(journal->damage->find("header"), std::string::npos) << *journal->damage;
    EXPECT_EQ(held(*journal), log_offset(2));
}

} // namespace
} // namespace barnabas::journal::journal_jobs_test
