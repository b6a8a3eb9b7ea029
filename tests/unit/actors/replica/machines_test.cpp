#include "actors/replica/log/epoch_cache.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::replica::machines_test {
namespace {

batch::batch_header header_of(std::int64_t producer, std::int16_t epoch, std::int32_t sequence,
                              std::int32_t count, std::int64_t base = 0) {
    batch::batch_header header;
    header.producer_id = producer_id(producer);
    header.producer_epoch = producer_epoch(epoch);
    header.base_sequence = sequence;
    header.last_offset_delta = count - 1;
    header.record_count = count;
    header.base_offset = log_offset(base);
    header.max_timestamp = timestamp_ms(100);
    return header;
}

monotonic_ns after_ms(std::int64_t ms) {
    return monotonic_ns(ms * 1'000'000);
}

TEST(producer_state, unknown_producer_may_begin_with_any_sequence) {
    producer_state state;
    EXPECT_TRUE(state.check(header_of(1, 0, 17, 2)));
}

TEST(producer_state, repeated_batch_is_found_among_the_last_five) {
    producer_state state;
    for (int i = 0; i < 6; ++i)
        state.apply(header_of(1, 0, i * 2, 2, i * 2), monotonic_ns(1));
    for (int i = 1; i < 6; ++i) {
        auto found = state.check(header_of(1, 0, i * 2, 2));
        ASSERT_TRUE(found && *found) << i;
        EXPECT_EQ((*found)->base_offset, log_offset(i * 2));
        EXPECT_EQ((*found)->last_offset, log_offset(i * 2 + 1));
    }
    // An older one is a duplicate all the same; only its offset is forgotten.
    auto forgotten = state.check(header_of(1, 0, 0, 2));
    ASSERT_TRUE(forgotten && *forgotten);
    EXPECT_EQ((*forgotten)->base_offset, log_offset(-1));
    EXPECT_EQ((*forgotten)->last_offset, log_offset(11));
}

TEST(producer_state, sequence_before_the_first_that_was_stored_is_no_duplicate) {
    producer_state state;
    // The batches before it were refused, and nothing was known of their producer then either.
    state.apply(header_of(1, 0, 5, 2, 70), monotonic_ns(1));
    EXPECT_EQ(state.check(header_of(1, 0, 0, 5)).code(), errc::out_of_order_sequence);
    EXPECT_EQ(state.check(header_of(1, 0, 4, 2)).code(), errc::out_of_order_sequence);
    for (int i = 1; i < 8; ++i)
        state.apply(header_of(1, 0, 5 + i * 2, 2, 70 + i * 2), monotonic_ns(1));
    EXPECT_EQ(state.check(header_of(1, 0, 0, 5)).code(), errc::out_of_order_sequence);
    auto stored = state.check(header_of(1, 0, 5, 2));
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->base_offset, log_offset(-1));
}

TEST(producer_state, snapshot_vouches_for_the_batches_it_holds_only) {
    producer_state state;
    for (int i = 0; i < 6; ++i)
        state.apply(header_of(1, 0, i * 2, 2, i * 2), monotonic_ns(1));
    auto read = producer_state::decode_snapshot(state.encode_snapshot());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->check(header_of(1, 0, 0, 2)).code(), errc::out_of_order_sequence);
    auto oldest = read->check(header_of(1, 0, 2, 2));
    ASSERT_TRUE(oldest && *oldest);
    EXPECT_EQ((*oldest)->base_offset, log_offset(2));
    read->apply(header_of(1, 0, 12, 2, 12), monotonic_ns(1));
    auto pushed_out = read->check(header_of(1, 0, 2, 2));
    ASSERT_TRUE(pushed_out && *pushed_out) << "the row of the file goes on";
    EXPECT_EQ((*pushed_out)->base_offset, log_offset(-1));
}

TEST(producer_state, forgotten_duplicate_is_known_behind_the_wrap_of_sequences) {
    producer_state state;
    constexpr auto largest = std::numeric_limits<std::int32_t>::max();
    state.apply(header_of(1, 0, largest - 1, 4, 0), monotonic_ns(1));
    for (int i = 0; i < 6; ++i)
        state.apply(header_of(1, 0, 2 + i, 1, 4 + i), monotonic_ns(1));
    auto stored = state.check(header_of(1, 0, largest - 1, 4));
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ(state.check(header_of(1, 0, largest - 2, 1)).code(), errc::out_of_order_sequence);
    EXPECT_EQ(state.check(header_of(1, 0, 9, 1)).code(), errc::out_of_order_sequence);
}

TEST(producer_state, gap_is_refused_and_sequence_wraps_to_zero) {
    producer_state state;
    state.apply(header_of(1, 0, std::numeric_limits<std::int32_t>::max() - 1, 2), monotonic_ns(1));
    EXPECT_EQ(state.check(header_of(1, 0, 1, 1)).code(), errc::out_of_order_sequence);
    auto next = state.check(header_of(1, 0, 0, 1));
    ASSERT_TRUE(next);
    EXPECT_FALSE(*next);
}

TEST(producer_state, each_refusal_counts_at_its_mark) {
    producer_state state;
    state.apply(header_of(1, 3, 0, 2), monotonic_ns(1));
    const auto count = [&](const char* mark, const batch::batch_header& header) {
        const auto before = mark_hits(mark);
        static_cast<void>(state.check(header));
        return mark_hits(mark) - before;
    };
    EXPECT_EQ(count("producer_duplicate", header_of(1, 3, 0, 2)), 1u);
    EXPECT_EQ(count("producer_sequence_gap", header_of(1, 3, 5, 1)), 1u);
    EXPECT_EQ(count("producer_fenced", header_of(1, 2, 2, 1)), 1u);
    EXPECT_EQ(count("producer_new_epoch_not_at_zero", header_of(1, 4, 2, 1)), 1u);
    EXPECT_EQ(count("producer_duplicate", header_of(1, 3, 2, 1)), 0u);
}

TEST(producer_state, new_epoch_begins_with_zero_and_fences_the_old) {
    producer_state state;
    state.apply(header_of(1, 3, 0, 5), monotonic_ns(1));
    EXPECT_EQ(state.check(header_of(1, 4, 5, 1)).code(), errc::out_of_order_sequence);
    EXPECT_TRUE(state.check(header_of(1, 4, 0, 1)));
    state.apply(header_of(1, 4, 0, 1, 5), monotonic_ns(1));
    EXPECT_EQ(state.check(header_of(1, 3, 5, 1)).code(), errc::invalid_producer_epoch);
}

TEST(producer_state, silent_producer_expires_but_not_in_an_open_transaction) {
    producer_state state;
    state.apply(header_of(1, 0, 0, 1), after_ms(1000));
    auto transactional = header_of(2, 0, 0, 1, 1);
    transactional.attributes = batch::attribute::transactional;
    state.apply(transactional, after_ms(1000));
    state.expire(monotonic_ns(after_ms(4000).get() - 1), 3000);
    EXPECT_NE(state.find(producer_id(1)), nullptr);
    state.expire(after_ms(4000), 3000);
    EXPECT_EQ(state.find(producer_id(1)), nullptr);
    EXPECT_NE(state.find(producer_id(2)), nullptr);
    EXPECT_EQ(state.first_open_transaction(), log_offset(1));
}

TEST(producer_state, recovered_producer_is_silent_from_the_opening_of_the_log_on) {
    producer_state written;
    written.apply(header_of(1, 0, 0, 1), after_ms(900'000));
    auto read = producer_state::decode_snapshot(written.encode_snapshot());
    ASSERT_TRUE(read);
    read->begin_silences(after_ms(50'000));
    read->expire(after_ms(52'999), 3000);
    EXPECT_NE(read->find(producer_id(1)), nullptr);
    read->expire(after_ms(53'000), 3000);
    EXPECT_EQ(read->find(producer_id(1)), nullptr);
}

TEST(producer_state, snapshot_keeps_last_batch_and_refuses_damage) {
    producer_state state;
    state.apply(header_of(9, 2, 4, 3, 50), monotonic_ns(1));
    auto bytes = state.encode_snapshot();
    ASSERT_EQ(bytes.size(), 72u) << "10 bytes in front, 46 of the producer, 16 of the mark";
    EXPECT_EQ(sync_mark_of(bytes), log_offset(0));
    EXPECT_EQ(sync_mark_of(state.encode_snapshot(log_offset(7))), log_offset(7));
    auto read = producer_state::decode_snapshot(bytes);
    ASSERT_TRUE(read);
    auto again = read->check(header_of(9, 2, 4, 3));
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->base_offset, log_offset(50));
    EXPECT_EQ(read->encode_snapshot(), bytes);
    bytes[20] ^= std::byte{1};
    EXPECT_EQ(producer_state::decode_snapshot(bytes).code(), errc::malformed);
}

TEST(producer_state, snapshot_says_what_it_knows_of_segments) {
    producer_state state;
    state.apply(header_of(9, 2, 4, 3, 50), monotonic_ns(1));
    const std::vector<segment_facts> facts{{log_offset(0), 4'000'000'000, 68, timestamp_ms(1234), 7u},
                                           {log_offset(40), 0, 34, no_timestamp, 4'000'000'000u}};
    const auto bytes = state.encode_snapshot(log_offset(7), facts);
    EXPECT_EQ(bytes.size(), 72u + 4 + 2 * 28);
    EXPECT_EQ(facts_told_by(bytes), facts);
    EXPECT_EQ(sync_mark_of(bytes), log_offset(7));
    const auto read = producer_state::decode_snapshot(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->entries().size(), 1u);
    EXPECT_TRUE(facts_told_by(state.encode_snapshot()).empty());
    // Older ones end before the checksums.
    auto older = facts;
    for (auto& one : older)
        one.transactions_crc.reset();
    EXPECT_EQ(facts_told_by(std::span(bytes).first(72 + 4 + 2 * 24)), older);
    for (const std::size_t left : {1u, 4u, 20u, 24u, 30u, 47u, 53u, 59u}) {
        const auto cut = std::span(bytes).first(72 + left);
        EXPECT_FALSE(producer_state::decode_snapshot(cut, false)) << left;
        EXPECT_FALSE(sync_mark_of(cut)) << left;
        EXPECT_TRUE(facts_told_by(cut).empty()) << left;
    }
}

TEST(producer_state, snapshot_keeps_every_remembered_batch) {
    producer_state state;
    for (std::int32_t sequence = 0; sequence < 7; ++sequence)
        state.apply(header_of(9, 2, sequence, 1, sequence), monotonic_ns(1));
    state.apply(header_of(8, 0, 0, 1, 7), monotonic_ns(1));
    auto read = producer_state::decode_snapshot(state.encode_snapshot());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->encode_snapshot(), state.encode_snapshot());
    for (std::int32_t sequence = 2; sequence < 7; ++sequence) {
        auto again = read->check(header_of(9, 2, sequence, 1));
        ASSERT_TRUE(again && *again) << sequence;
        EXPECT_EQ((*again)->base_offset, log_offset(sequence));
    }
    auto next = read->check(header_of(9, 2, 7, 1));
    EXPECT_TRUE(next && !*next);
}

TEST(epoch_cache, answers_end_offsets_as_kip_101_says) {
    epoch_cache cache;
    const auto end = log_offset(40);
    const auto asked = [&](std::int32_t epoch, std::int32_t leading) {
        return cache.end_offset_for(leader_epoch(epoch), end, leader_epoch(leading));
    };
    EXPECT_TRUE(cache.assign(leader_epoch(2), log_offset(10)));
    EXPECT_FALSE(cache.assign(leader_epoch(2), log_offset(15)));
    EXPECT_TRUE(cache.assign(leader_epoch(5), log_offset(30)));
    EXPECT_EQ(asked(5, 5), (epoch_end{leader_epoch(5), end}));
    EXPECT_EQ(asked(4, 5), (epoch_end{leader_epoch(2), log_offset(30)}));
    EXPECT_EQ(asked(1, 5), (epoch_end{leader_epoch(1), log_offset(10)}));
    EXPECT_EQ(asked(6, 5), epoch_end{});
    EXPECT_EQ(asked(-1, 5), epoch_end{});
}

TEST(epoch_cache, the_leaders_epoch_begins_at_the_end_before_anything_is_appended_in_it) {
    epoch_cache cache;
    const auto end = log_offset(40);
    const auto asked = [&](std::int32_t epoch) {
        return cache.end_offset_for(leader_epoch(epoch), end, leader_epoch(7));
    };
    EXPECT_EQ(asked(0), (epoch_end{leader_epoch(0), end})) << "of an empty log that was trimmed";
    EXPECT_EQ(asked(7), (epoch_end{leader_epoch(7), end}));
    EXPECT_EQ(asked(8), epoch_end{});
    EXPECT_TRUE(cache.assign(leader_epoch(2), log_offset(10)));
    EXPECT_EQ(asked(1), (epoch_end{leader_epoch(1), log_offset(10)}));
    EXPECT_EQ(asked(2), (epoch_end{leader_epoch(2), end}));
    EXPECT_EQ(asked(6), (epoch_end{leader_epoch(2), end})) << "the largest that is known";
    EXPECT_EQ(asked(7), (epoch_end{leader_epoch(7), end}));
}

TEST(epoch_cache, truncation_keeps_the_epoch_that_covers_the_start) {
    epoch_cache cache;
    cache.assign(leader_epoch(1), log_offset(0));
    cache.assign(leader_epoch(2), log_offset(10));
    cache.assign(leader_epoch(3), log_offset(20));
    EXPECT_TRUE(cache.truncate_from(log_offset(20)));
    EXPECT_EQ(cache.latest(), leader_epoch(2));
    EXPECT_TRUE(cache.truncate_below(log_offset(15)));
    ASSERT_EQ(cache.entries().size(), 1u);
    EXPECT_EQ(cache.entries().front(), (epoch_entry{leader_epoch(2), log_offset(15)}));
    EXPECT_FALSE(cache.truncate_below(log_offset(15)));
}

TEST(small_file, epoch_checkpoint_and_metadata_have_kafkas_text) {
    epoch_cache cache;
    cache.assign(leader_epoch(0), log_offset(0));
    cache.assign(leader_epoch(4), log_offset(77));
    const auto text = encode_epoch_checkpoint(cache);
    EXPECT_EQ(text, "0\n2\n0 0\n4 77\n");
    EXPECT_EQ(encode_epoch_checkpoint(*decode_epoch_checkpoint(text)), text);
    for (const auto* bad : {"", "1\n0\n", "0\n2\n0 0\n", "0\n1\n0\n", "0\n1\nx 0\n", "0\n2\n1 5\n1 6\n"})
        EXPECT_EQ(decode_epoch_checkpoint(bad).code(), errc::malformed) << bad;
    topic_id id;
    id.bytes[3] = 200;
    const auto metadata = encode_partition_metadata(id);
    EXPECT_EQ(metadata, "version: 0\ntopic_id: " + to_string(id) + "\n");
    EXPECT_EQ(*decode_partition_metadata(metadata), id);
    EXPECT_EQ(decode_partition_metadata("version: 1\n").code(), errc::malformed);
}

TEST(offset_index, search_finds_the_last_entry_not_above) {
    memory_files files;
    std::vector<std::byte> bytes;
    for (int i = 1; i <= 2000; ++i)
        put_offset_entry(bytes, log_offset(100),
                         {log_offset(100 + i * 10), file_position(static_cast<unsigned>(i))});
    files.put("/data/x", bytes);
    auto id = *files.open("/data/x", runtime::open_mode::read_only);
    const readable_range range{log_offset(100), 1 << 20};
    for (int offset = 100; offset < 20300; offset += 7) {
        const auto expected = std::min(2000, (offset - 100) / 10);
        EXPECT_EQ(find_position(files, id, range, log_offset(offset))->get(),
                  static_cast<unsigned>(expected));
    }
    EXPECT_EQ(sound_offset_entries(files, id, range, log_offset(150))->size(), 4u);
    EXPECT_EQ(sound_offset_entries(files, id, {log_offset(100), 3}, log_offset(9999))->size(), 2u);
}

TEST(time_index, search_is_strictly_before) {
    memory_files files;
    std::vector<std::byte> bytes;
    put_time_entry(bytes, log_offset(5), {timestamp_ms(10), log_offset(6)});
    put_time_entry(bytes, log_offset(5), {timestamp_ms(20), log_offset(9)});
    files.put("/data/x", bytes);
    auto id = *files.open("/data/x", runtime::open_mode::read_only);
    const auto offset_of = [](const auto& found) { return found->entry->offset; };
    EXPECT_EQ(find_entry_before(files, id, log_offset(5), timestamp_ms(10))->entry, std::nullopt);
    EXPECT_EQ(offset_of(find_entry_before(files, id, log_offset(5), timestamp_ms(11))), log_offset(6));
    EXPECT_EQ(offset_of(find_entry_before(files, id, log_offset(5), timestamp_ms(99))), log_offset(9));
    EXPECT_EQ((*last_time_entry(files, id, log_offset(5)))->offset, log_offset(9));
    EXPECT_EQ(find_entry_of_largest(files, id, log_offset(5), log_offset(6))->entry, std::nullopt);
    for (const auto& [upto, offset] : {std::pair{7, 6}, {9, 6}, {10, 9}, {99, 9}})
        EXPECT_EQ(offset_of(find_entry_of_largest(files, id, log_offset(5), log_offset(upto))),
                  log_offset(offset));
}

} // namespace
} // namespace barnabas::replica::machines_test
