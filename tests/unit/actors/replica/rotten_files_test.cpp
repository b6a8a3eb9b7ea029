#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

/// Files without a checksum of which a bit rots for good while the broker is down: the batches say what is
/// right.
namespace barnabas::replica::rotten_files_test {
namespace {

const std::string checkpoint_path = std::string(test_directory) + "/" + std::string(epoch_checkpoint_name);

void flip(memory_files& files, const std::string& path, std::size_t bit) {
    auto bytes = files.content(path);
    bytes.at(bit / 8) ^= std::byte{1} << (bit % 8);
    files.put(path, bytes);
}

/// Nothing has to be scanned at the next opening.
void prove_all(log_host& host) {
    host.log->want_snapshot();
    EXPECT_FALSE(host.sync());
    EXPECT_EQ(host.log->snapshot_offset(), host.log->log_end_offset());
}

/// Ten batches in each of three epochs, in several segments, and the process is killed.
void make_epochs(memory_files& files) {
    log_host host(files);
    ASSERT_TRUE(host.open());
    std::uint64_t label = 0;
    for (const int epoch : {1, 2, 5})
        for (int i = 0; i < 10; ++i)
            ASSERT_TRUE(host.append({.value_size = 60}, ++label, epoch));
    prove_all(host);
    EXPECT_GT(host.log->segments().size(), 1u);
    files.kill();
}

std::string epochs_after_opening(memory_files& files) {
    log_host host(files);
    const auto opened = host.open(false);
    EXPECT_TRUE(opened) << to_string(opened.failure());
    if (!opened)
        return "";
    EXPECT_TRUE(host.append({}, 99, 5));
    for (std::int64_t at = 0; at <= 30; ++at)
        EXPECT_TRUE(host.read(at, 1)) << at;
    return encode_epoch_checkpoint(host.log->epochs());
}

TEST(rotten_files, a_checkpoint_of_epochs_says_what_the_batches_say) {
    memory_files sound;
    make_epochs(sound);
    const auto text = sound.content(checkpoint_path);
    const auto wanted = epochs_after_opening(sound);
    ASSERT_EQ(wanted, "0\n3\n1 0\n2 10\n5 20\n");
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        memory_files files;
        make_epochs(files);
        flip(files, checkpoint_path, bit);
        EXPECT_EQ(epochs_after_opening(files), wanted) << "bit " << bit;
        EXPECT_EQ(files.content(checkpoint_path), text) << "bit " << bit;
    }
}

/// Of the batch at `offset`, in a log of `make_epochs`.
void flip_epoch(memory_files& files, log_host& host, std::int64_t offset, std::size_t bit) {
    ASSERT_TRUE(host.open(false));
    auto base = log_offset(0);
    for (const auto& segment : host.log->segments())
        if (segment.base_offset <= log_offset(offset))
            base = segment.base_offset;
    files.kill();
    const auto batch_bytes = make_batch({.value_size = 60}).bytes.size();
    const auto position = static_cast<std::size_t>(offset - base.get()) * batch_bytes;
    flip(files, segment_path(test_directory, base, log_suffix),
         (position + batch::at::leader_epoch) * 8 + bit);
}

/// No CRC covers the epoch of a batch, either.
TEST(rotten_files, one_batch_does_not_outweigh_the_checkpoint) {
    constexpr std::size_t bits = 32;
    for (const std::int64_t offset : {0, 5, 10, 19, 20, 29}) {
        for (std::size_t bit = 0; bit < bits; ++bit) {
            memory_files files;
            make_epochs(files);
            log_host host(files);
            const auto text = files.content(checkpoint_path);
            flip_epoch(files, host, offset, bit);
            ASSERT_TRUE(host.open(false));
            EXPECT_EQ(encode_epoch_checkpoint(host.log->epochs()), "0\n3\n1 0\n2 10\n5 20\n")
                << offset << ", bit " << bit;
            EXPECT_EQ(files.content(checkpoint_path), text) << offset << ", bit " << bit;
            EXPECT_TRUE(host.append({}, 99, 5));
        }
    }
}

void put_checkpoint(memory_files& files, std::string_view text) {
    files.put(checkpoint_path, slice::copy_of(text).bytes());
}

/// The epochs after an opening of a log of `make_epochs` in which a read of its batches comes wrong, or none.
std::string epochs_after_wrong_read(std::uint64_t read) {
    memory_files files;
    make_epochs(files);
    put_checkpoint(files, "0\n3\n1 0\n2 10\n6 20\n");
    files.rot_read_after(read, batch::at::leader_epoch + 3, std::byte{0x1});
    log_host host(files);
    if (!host.open(false))
        return "not opened";
    return encode_epoch_checkpoint(host.log->epochs());
}

/// A header that comes wrong once is not written down as what the batches say.
TEST(rotten_files, epochs_are_made_anew_from_what_comes_twice) {
    constexpr std::uint64_t reads = 120;
    for (std::uint64_t read = 0; read < reads; ++read)
        EXPECT_EQ(epochs_after_wrong_read(read), "0\n3\n1 0\n2 10\n5 20\n") << "read " << read;
}

/// What begins behind damage is not forgotten with it.
TEST(rotten_files, epochs_are_not_made_anew_from_a_part_of_the_batches) {
    const std::string rotten = "0\n3\n1 0\n2 10\n4 20\n";
    const auto batch_size = make_batch({.value_size = 60}).bytes.size();
    const auto log = segment_path(test_directory, log_offset(0), log_suffix);
    for (const bool emptied : {false, true}) {
        memory_files files;
        make_epochs(files);
        ASSERT_GT(files.content(log).size(), 11 * batch_size) << "the second epoch begins in it";
        put_checkpoint(files, rotten);
        if (emptied)
            files.put(log, {});
        else
            flip(files, log, (8 * batch_size + batch::at::magic) * 8);
        files.put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {});
        log_host host(files);
        const auto opened = host.open(false);
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_EQ(encode_epoch_checkpoint(host.log->epochs()), rotten) << "emptied: " << emptied;
    }
}

log_options options_with(std::int64_t segment_bytes) {
    auto options = log_host::small_options();
    options.segment_bytes = segment_bytes;
    options.snapshot_interval_bytes = 1 << 20;
    return options;
}

/// The newest record is not the last one, and what came behind the recovery point is older.
void make_times(memory_files& files, const log_options& options) {
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    const auto append = [&](int i) {
        const auto time = 1000 + 500 * (i % 16 <= 8 ? i % 16 : 0) + i;
        ASSERT_TRUE(host.append({.value_size = 60, .timestamp = time}, static_cast<std::uint64_t>(i)));
    };
    for (int i = 0; i < 28; ++i)
        append(i);
    prove_all(host);
    for (int i = 28; i < 32; ++i)
        append(i);
    files.kill();
}

/// Newest times by segment, as the opening finds them, and the offset that a client is told for each time.
std::vector<std::int64_t> times_after_opening(memory_files& files, const log_options& options) {
    log_host host(files, options);
    EXPECT_TRUE(host.open(false));
    std::vector<std::int64_t> told;
    for (const auto& segment : host.log->segments())
        told.push_back(segment.newest.timestamp.get());
    const auto end = host.log->written_offset();
    for (std::int64_t time = 1000; time <= 6000; time += 250) {
        const auto found = host.find(host.log->find_by_timestamp(timestamp_ms(time), end));
        EXPECT_TRUE(found);
        told.push_back(found && *found ? (*found)->offset.get() : -1);
    }
    const auto largest = host.find(host.log->find_max_timestamp(end));
    EXPECT_TRUE(largest && *largest);
    told.push_back(largest && *largest ? (*largest)->offset.get() : -1);
    return told;
}

void expect_times_whatever_rots(const std::string& name, const log_options& options,
                                const std::vector<std::int64_t>& wanted) {
    memory_files sound;
    make_times(sound, options);
    for (std::size_t bit = 0; bit < sound.content(name).size() * 8; ++bit) {
        memory_files files;
        make_times(files, options);
        flip(files, name, bit);
        EXPECT_EQ(times_after_opening(files, options), wanted) << name << ", bit " << bit;
    }
}

TEST(rotten_files, an_index_of_times_says_what_the_batches_say) {
    for (const std::int64_t segment_bytes : {1000, 2000, 1 << 20}) {
        const auto options = options_with(segment_bytes);
        memory_files sound;
        make_times(sound, options);
        const auto names = sound.names();
        const auto wanted = times_after_opening(sound, options);
        for (const auto& name : names)
            if (name.ends_with(time_index_suffix))
                expect_times_whatever_rots(name, options, wanted);
    }
}

/// Each batch is younger than the one before; the last segments are proven by a snapshot.
void make_growing_times(memory_files& files, const log_options& options) {
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 32; ++i)
        ASSERT_TRUE(
            host.append({.value_size = 60, .timestamp = 1000 + 150 * i}, static_cast<std::uint64_t>(i)));
    prove_all(host);
    files.kill();
}

/// Where times do not grow with the offsets the batches behind the last entry of the other index tell
/// nothing.
TEST(rotten_files, a_shortened_index_of_unordered_times_makes_no_record_older) {
    const auto marks = mark_hits("newest_time_missing_at_recovery_point");
    for (const std::int64_t segment_bytes : {1000, 2000, 1 << 20}) {
        const auto options = options_with(segment_bytes);
        memory_files sound;
        make_times(sound, options);
        const auto names = sound.names();
        const auto wanted = times_after_opening(sound, options);
        for (const auto& name : names) {
            if (!name.ends_with(time_index_suffix))
                continue;
            for (std::size_t size = 0; size < sound.content(name).size(); ++size) {
                memory_files files;
                make_times(files, options);
                const auto bytes = files.content(name);
                files.put(name, std::span(bytes).first(std::min(size, bytes.size())));
                EXPECT_EQ(times_after_opening(files, options), wanted) << name << ", " << size << " bytes";
            }
        }
    }
    EXPECT_GT(mark_hits("newest_time_missing_at_recovery_point"), marks);
}

/// Every entry that is left has a batch that it speaks of.
TEST(rotten_files, an_index_of_times_that_was_shortened_makes_no_record_older) {
    const auto options = options_with(2000);
    memory_files sound;
    make_growing_times(sound, options);
    const auto names = sound.names();
    const auto wanted = times_after_opening(sound, options);
    int shortened = 0;
    for (const auto& name : names) {
        if (!name.ends_with(time_index_suffix))
            continue;
        for (std::size_t size = 0; size < sound.content(name).size(); ++size, ++shortened) {
            memory_files files;
            make_growing_times(files, options);
            const auto bytes = files.content(name);
            files.put(name, std::span(bytes).first(std::min(size, bytes.size())));
            EXPECT_EQ(times_after_opening(files, options), wanted) << name << ", " << size << " bytes";
        }
    }
    EXPECT_GT(shortened, 60) << "segments have several entries";
}

/// A batch whose time rotted is damaged, and nothing to make an index anew for.
TEST(rotten_files, a_rotten_time_of_a_batch_is_not_taken_for_the_newest) {
    auto options = options_with(2000);
    options.index_interval_bytes = 1000;
    memory_files files;
    make_growing_times(files, options);
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    const auto batch_bytes = make_batch({.value_size = 60}).bytes.size();
    const auto last_but_one = files.content(path).size() - 2 * batch_bytes;
    flip(files, path, (last_but_one + batch::at::max_timestamp + 4) * 8);
    const auto times = files.content(segment_path(test_directory, log_offset(0), time_index_suffix));
    log_host host(files, options);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(files.content(segment_path(test_directory, log_offset(0), time_index_suffix)), times);
}

} // namespace
} // namespace barnabas::replica::rotten_files_test
