#include "actors/replica/moving/batch_window.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/memory_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

/// What no CRC covers: where a batch stands, which offsets it has, and how long it is.
namespace barnabas::replica::batch_window_test {
namespace {

/// Remembers the largest read.
class watched_files final : public memory_files {
public:
    result<std::size_t> read(runtime::file_id file, file_position position,
                             std::span<std::byte> into) override {
        largest = std::max(largest, into.size());
        return memory_files::read(file, position, into);
    }
    std::size_t largest = 0;
};

class batch_windows : public ::testing::Test {
protected:
    batch_windows() {
        EXPECT_TRUE(files.create_directory("/log"));
        auto opened = files.open("/log/00.log", runtime::open_mode::create);
        EXPECT_TRUE(opened);
        place.log = *opened;
        place.name = "00.log";
        place.upto = log_offset(1000);
        place.bytes_max = 256;
        for (std::uint64_t label = 0; label < 40; ++label) {
            const auto made = make_batch({.records = 1, .value_size = 500}, label);
            write(place.size, made.bytes);
            put(place.size + batch::at::base_offset, label);
            place.size += made.bytes.size();
        }
    }

    void write(std::uint64_t at, const slice& bytes) {
        ASSERT_TRUE(files.write(place.log, file_position(at), std::span(&bytes, 1)));
    }
    /// A number in the file, highest byte first.
    template <class Number>
    void put(std::uint64_t at, Number number) {
        std::string bytes;
        for (int shift = static_cast<int>(sizeof(number)) * 8 - 8; shift >= 0; shift -= 8)
            bytes += static_cast<char>(number >> shift);
        write(at, slice::copy_of(std::string_view(bytes)));
    }

    watched_files files;
    window_place place;
};

TEST_F(batch_windows, batch_larger_than_the_window_is_read_whole) {
    const auto found = read_window(files, place);
    ASSERT_TRUE(found) << to_string(found.failure());
    ASSERT_EQ(found->headers.size(), 1u);
    EXPECT_EQ(found->bytes.size(), found->headers[0].total_size());
    EXPECT_GT(found->bytes.size(), place.bytes_max);
}

TEST_F(batch_windows, length_that_has_rotted_does_not_ask_for_memory) {
    put<std::uint32_t>(batch::at::batch_length, 15'000);
    const auto found = read_window(files, place);
    EXPECT_EQ(found.code(), errc::corrupt_message);
    EXPECT_LE(files.largest, place.bytes_max);
}

TEST_F(batch_windows, batch_that_runs_into_the_next_segment_is_damage_and_not_the_end) {
    place.next_base = log_offset(40);
    put<std::uint64_t>(batch::at::base_offset, 5000);
    EXPECT_EQ(read_window(files, place).code(), errc::corrupt_message);
    place.next_base.reset();
    const auto last = read_window(files, place);
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->headers.empty()) << "it may have been written since";
}

} // namespace
} // namespace barnabas::replica::batch_window_test
