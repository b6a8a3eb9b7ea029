#include "tests/unit/actors/replica/log_host.hpp"

#include "actors/replica/log/batch_walk.hpp"

#include <gtest/gtest.h>

/// What a read gives of bytes that are not as a log without gaps has them, or that come wrong once.
namespace barnabas::replica::read_job_test {
namespace {

class read_jobs : public ::testing::Test {
protected:
    /// Batches of 2 records each, all of the same size.
    void fill(int batches) {
        ASSERT_TRUE(host.open());
        for (int i = 0; i < batches; ++i)
            ASSERT_TRUE(host.append(batch, static_cast<std::uint64_t>(i)));
    }
    const batch_shape batch{.records = 2, .value_size = 40};
    const std::size_t batch_bytes = make_batch(batch).bytes.size();
    memory_files files;
    log_host host{files};
};

TEST_F(read_jobs, a_log_that_was_compacted_before_is_read_across_its_gaps) {
    fill(4);
    ASSERT_TRUE(host.close());
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    auto bytes = files.content(path);
    const auto second = bytes.begin() + static_cast<std::ptrdiff_t>(batch_bytes);
    bytes.erase(second, second + static_cast<std::ptrdiff_t>(batch_bytes));
    files.put(path, bytes);
    for (const auto suffix : {offset_index_suffix, time_index_suffix})
        ASSERT_TRUE(files.remove(segment_path(test_directory, log_offset(0), suffix)));
    ASSERT_TRUE(host.open(false));
    const auto read = host.read(0);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 3 * batch_bytes);
}

TEST_F(read_jobs, an_offset_that_comes_wrong_once_is_noticed) {
    fill(2);
    for (std::uint64_t n = 0; n < 4; ++n) {
        // The middle is the first byte of the second batch, which no CRC covers.
        files.rot_read_after(n);
        const auto read = host.read(0);
        ASSERT_TRUE(read) << n;
        EXPECT_EQ(read->size(), 2 * batch_bytes) << n;
    }
}

TEST_F(read_jobs, a_wrong_bit_in_an_index_changes_no_answer) {
    auto options = log_host::small_options();
    options.index_interval_bytes = 100;
    options.segment_bytes = 1 << 20;
    log_host indexed{files, options};
    ASSERT_TRUE(indexed.open());
    for (int i = 0; i < 12; ++i)
        ASSERT_TRUE(indexed.append({.records = 2, .value_size = 40, .timestamp = 1000 + (i ^ 1) * 10}));
    const auto end = indexed.log->written_offset();
    const auto answers = [&] {
        std::vector<std::int64_t> found;
        for (std::int64_t wanted = 1000; wanted < 1130; wanted += 7) {
            auto at = indexed.find(indexed.log->find_by_timestamp(timestamp_ms(wanted), end));
            found.push_back(at ? *at ? (*at)->offset.get() : -1 : -2);
        }
        for (std::int64_t upto = 1; upto <= end.get(); ++upto) {
            auto at = indexed.find(indexed.log->find_max_timestamp(log_offset(upto)));
            found.push_back(at ? *at ? (*at)->offset.get() : -1 : -2);
        }
        return found;
    };
    const auto right = answers();
    const auto base = indexed.log->active_segment().base_offset;
    for (const auto suffix : {offset_index_suffix, time_index_suffix}) {
        const auto path = segment_path(test_directory, base, suffix);
        const auto bytes = files.content(path);
        ASSERT_FALSE(bytes.empty()) << suffix;
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            auto rotten = bytes;
            rotten[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            files.put(path, rotten);
            EXPECT_EQ(answers(), right) << suffix << " bit " << bit;
        }
        files.put(path, bytes);
    }
}

TEST_F(read_jobs, a_batch_larger_than_the_permit_is_told_and_not_read) {
    fill(1);
    auto job = host.log->read(log_offset(0), 10, log_offset(2), true);
    ASSERT_TRUE(job);
    job->permitted = batch_bytes - 1;
    job->run(files);
    ASSERT_TRUE(job->records);
    EXPECT_TRUE(job->records->empty());
    EXPECT_EQ(job->needs, batch_bytes);
    job->permitted = batch_bytes;
    job->run(files);
    EXPECT_EQ(job->needs, 0u);
    EXPECT_EQ(job->records->size(), batch_bytes);
    host.log->on_read(*job);
}

/// Below the end that the log knows an answer is records or an error, never silence: a reader would wait for
/// ever where it is. Batches of which the file has all are still read.
TEST_F(read_jobs, a_file_that_was_shortened_is_damaged_where_it_ends) {
    constexpr int batches = 8;
    fill(batches);
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    const auto bytes = files.content(path);
    ASSERT_EQ(bytes.size(), batches * batch_bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 7) {
        files.put(path, std::span(bytes).first(size));
        for (std::int64_t from = 0; from < 2 * batches; ++from) {
            const bool is_there = (static_cast<std::size_t>(from) / 2 + 1) * batch_bytes <= size;
            for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{1} << 20}) {
                const auto read = host.read(from, max_bytes);
                EXPECT_EQ(read.code(), is_there ? errc::ok : errc::corrupt_message) << from << ", " << size;
                EXPECT_TRUE(!read || !read->empty()) << from << ", " << size;
            }
        }
    }
}

TEST_F(read_jobs, a_closed_segment_that_was_shortened_is_damaged_where_it_ends) {
    fill(40);
    ASSERT_GT(host.log->segments().size(), 2u);
    const auto& segment = host.log->segments()[1];
    const auto base = segment.base_offset.get();
    const auto path = segment_path(test_directory, segment.base_offset, log_suffix);
    const auto bytes = files.content(path);
    const auto behind = base + static_cast<std::int64_t>(bytes.size() / batch_bytes) * 2;
    for (std::size_t size = 0; size < bytes.size(); size += 7) {
        files.put(path, std::span(bytes).first(size));
        for (std::int64_t from = base; from < behind; ++from) {
            const bool is_there = (static_cast<std::size_t>(from - base) / 2 + 1) * batch_bytes <= size;
            const auto read = host.read(from);
            EXPECT_EQ(read.code(), is_there ? errc::ok : errc::corrupt_message) << from << ", " << size;
            EXPECT_TRUE(!read || !read->empty()) << from << ", " << size;
        }
        EXPECT_TRUE(host.read(behind)) << size;
    }
}

/// A reader comes again and again to what is damaged.
TEST_F(read_jobs, a_damaged_batch_is_told_without_a_look_at_all_in_front_of_it) {
    auto options = log_host::small_options();
    options.segment_bytes = 1 << 20;
    options.index_interval_bytes = 500;
    log_host indexed{files, options};
    ASSERT_TRUE(indexed.open());
    for (int i = 0; i < 2000; ++i)
        ASSERT_TRUE(indexed.append({.records = 1 + i % 2, .value_size = 40}));
    // The machine does not remember where they are.
    ASSERT_TRUE(indexed.close());
    ASSERT_TRUE(indexed.open(false));
    const auto end = indexed.log->written_offset().get();
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    const auto sound = files.content(path);
    for (auto from = end - 40; from < end; ++from) {
        files.put(path, sound);
        const auto whole = indexed.read(from);
        ASSERT_TRUE(whole);
        const auto at = sound.size() - whole->size();
        auto damaged = sound;
        damaged[at + batch::batch_header_size + 5] ^= std::byte{1};
        files.put(path, damaged);
        files.reset_bytes_read();
        EXPECT_EQ(indexed.read(from).code(), errc::corrupt_message) << from;
        EXPECT_LT(files.bytes_read(std::string(log_suffix)), sound.size() / 2) << from;
    }
}

/// The machine counts bytes of the segment from when it hands them out.
TEST_F(read_jobs, what_is_not_written_yet_is_not_missing) {
    fill(2);
    ASSERT_TRUE(host.queue(batch, 2));
    const auto read = host.read(0);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 2 * batch_bytes);
    const auto second = host.read(2, 10, false);
    ASSERT_TRUE(second) << "a limit that no batch fits in is no damage";
    EXPECT_TRUE(second->empty());
}

TEST_F(read_jobs, a_length_that_came_wrong_takes_no_memory) {
    fill(1);
    auto file =
        files.open(segment_path(test_directory, log_offset(0), log_suffix), runtime::open_mode::read_only);
    ASSERT_TRUE(file);
    batch_walk walk(files, *file, file_position(0), batch_bytes);
    auto located = walk.next();
    ASSERT_TRUE(located && *located);
    EXPECT_TRUE(confirm_header(files, *file, **located));
    (*located)->header.batch_length += 100'000'000;
    EXPECT_EQ(confirm_header(files, *file, **located).code(), errc::corrupt_message);
    EXPECT_EQ(read_batch(files, *file, **located).code(), errc::corrupt_message);
}

} // namespace
} // namespace barnabas::replica::read_job_test
