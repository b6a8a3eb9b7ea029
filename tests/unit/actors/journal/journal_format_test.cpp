#include "actors/journal/journal_format.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace barnabas::journal::journal_format_test {
namespace {

constexpr journal_life life_7{7, 0x1122334455667788};

journal_part part_of(const std::string& name, std::int64_t base, const std::vector<std::string>& batches) {
    journal_part part;
    part.log.directory_name = name;
    part.log.topic.bytes[0] = static_cast<std::uint8_t>(name.size());
    journal_entry entry;
    entry.segment_base = log_offset(0);
    entry.position = file_position(static_cast<std::uint64_t>(base) * 10);
    entry.base_offset = log_offset(base);
    entry.next_offset = log_offset(base + 3);
    for (const auto& text : batches)
        entry.batches.push_back(slice::copy_of(std::string_view(text)));
    part.entries.push_back(std::move(entry));
    return part;
}

void append(std::vector<std::byte>& content, const std::vector<slice>& parts) {
    for (const auto& one : parts)
        content.insert(content.end(), one.bytes().begin(), one.bytes().end());
}

/// A file with so many rounds of two logs, and zeros behind them.
std::vector<std::byte> file_of(int rounds, const journal_life& id = life_7) {
    std::vector<std::byte> content;
    append(content, {encode_header(id)});
    content.resize(first_round_position.get());
    for (int i = 0; i < rounds; ++i)
        append(content, encode_round({id, i}, std::vector{part_of("orders-0", 3 * i, {"one", "two"}),
                                                          part_of("payments-11", 3 * i, {"three"})}));
    content.resize(content.size() + 4096);
    return content;
}

std::string text_of(const journal_entry& entry) {
    std::string text;
    for (const auto& one : entry.batches)
        text += one.text();
    return text;
}

TEST(journal_format, rounds_come_back_as_they_were_written) {
    auto read = decode_file(slice::copy_of(file_of(3)));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->damaged);
    ASSERT_EQ(read->rounds.size(), 3u);
    const auto& parts = read->rounds[2].parts;
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[1].log, part_of("payments-11", 0, {}).log);
    const auto& entry = parts[0].entries.at(0);
    EXPECT_EQ(text_of(entry), "onetwo");
    EXPECT_EQ(entry.position, file_position(60));
    EXPECT_EQ(entry.base_offset, log_offset(6));
    EXPECT_EQ(entry.next_offset, log_offset(9));
}

TEST(journal_format, a_rounds_size_is_what_it_takes) {
    const std::vector parts{part_of("orders-0", 0, {std::string(700, 'x')}), part_of("b-1", 5, {"y", "z"})};
    std::size_t size = 0;
    for (const auto& one : encode_round({life_7, 0}, parts))
        size += one.size();
    EXPECT_EQ(size, round_size(parts));
    EXPECT_EQ(size % journal_alignment, 0u);
}

TEST(journal_format, a_file_cut_anywhere_gives_its_whole_rounds) {
    const auto content = file_of(2);
    const auto round =
        round_size(std::vector{part_of("orders-0", 0, {"one", "two"}), part_of("payments-11", 0, {"three"})});
    for (std::size_t size = 0; size < content.size(); ++size) {
        auto read = decode_file(slice::copy_of(std::span(content).first(size)));
        ASSERT_TRUE(read) << size;
        ASSERT_FALSE(read->damaged) << size;
        // The zeros behind a round are not needed.
        const auto first = first_round_position.get();
        const auto whole = size < first ? 0 : (size - first) / round;
        ASSERT_GE(read->rounds.size(), std::min<std::size_t>(whole, 2)) << size;
        ASSERT_LE(read->rounds.size(), std::min<std::size_t>(whole + 1, 2)) << size;
    }
}

TEST(journal_format, a_changed_byte_in_the_last_round_is_an_unfinished_write_and_in_an_earlier_one_damage) {
    const auto content = file_of(3);
    const auto size = (content.size() - 4096 - first_round_position.get()) / 3;
    for (std::size_t round = 0; round < 3; ++round)
        for (std::size_t at = 0; at < 100; ++at) {
            auto changed = content;
            changed[first_round_position.get() + round * size + at] ^= std::byte{0x40};
            auto read = decode_file(slice::copy_of(changed));
            ASSERT_TRUE(read);
            ASSERT_EQ(read->rounds.size(), round) << at;
            ASSERT_EQ(read->damaged, round < 2) << round << " " << at;
        }
}

TEST(journal_format, a_damaged_header_before_whole_rounds_is_damage) {
    auto content = file_of(1);
    content[3] ^= std::byte{1};
    auto read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->damaged);
    EXPECT_TRUE(read->header_lost);
    EXPECT_EQ(read->rounds.size(), 1u) << "they speak for themselves";
    content[first_round_position.get() + 4] ^= std::byte{1};
    read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->damaged) << "nothing says that it was ever whole";
}

TEST(journal_format, a_damaged_header_does_not_bring_back_the_life_before) {
    auto content = file_of(2);
    auto used_again = file_of(1, {8, 99});
    std::memcpy(content.data() + first_round_position.get(), used_again.data() + first_round_position.get(),
                used_again.size() - first_round_position.get() - 4096);
    const auto header = encode_header({8, 99});
    std::memcpy(content.data() + journal_alignment, header.data(), header.size());
    auto read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->damaged);
    content[journal_alignment + 20] ^= std::byte{1};
    read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->damaged);
    EXPECT_TRUE(read->header_lost);
    EXPECT_EQ(read->life->number, 8);
    EXPECT_EQ(read->rounds.size(), 1u);
}

TEST(journal_format, a_new_life_holds_nothing_of_the_one_before_and_comes_back_to_it_when_it_was_not_begun) {
    const auto header = encode_header({8, 99});
    auto content = file_of(2);
    std::memcpy(content.data() + journal_alignment, header.data(), header.size());
    auto read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->life->number, 8);
    EXPECT_EQ(read->header_place, 1u);
    EXPECT_TRUE(read->rounds.empty());
    EXPECT_FALSE(read->damaged);
    content[journal_alignment + 20] ^= std::byte{1};
    read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->life->number, 7);
    EXPECT_EQ(read->header_place, 0u);
    EXPECT_EQ(read->rounds.size(), 2u);
}

TEST(journal_format, zeros_are_an_empty_file) {
    auto read = decode_file(slice::copy_of(std::vector<std::byte>(8192)));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->life);
    EXPECT_FALSE(read->damaged);
}

TEST(journal_format, records_that_look_like_a_round_are_not_taken_for_one) {
    // A client cannot know the salt.
    std::string forged(journal_alignment, '.');
    for (const auto& one : encode_round({{7, 1}, 1}, std::vector{part_of("orders-0", 9, {"forged"})}))
        forged += one.text();
    std::vector<std::byte> content;
    append(content, {encode_header(life_7)});
    content.resize(first_round_position.get());
    append(content, encode_round({life_7, 0}, std::vector{part_of("orders-0", 0, {forged})}));
    content[first_round_position.get() + 4] ^= std::byte{1};
    auto read = decode_file(slice::copy_of(content));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->damaged);
    EXPECT_TRUE(read->rounds.empty());
}

TEST(journal_format, names_have_a_number) {
    EXPECT_EQ(journal_file_name(42), "commit-journal-42");
    EXPECT_EQ(slot_of_journal_file("commit-journal-42"), 42u);
    EXPECT_EQ(slot_of_journal_file("commit-journal-042"), std::nullopt);
    EXPECT_EQ(slot_of_journal_file("commit-journal-"), std::nullopt);
    EXPECT_EQ(slot_of_journal_file("orders-0"), std::nullopt);
    EXPECT_EQ(slot_of_journal_file("commit-journal-4x"), std::nullopt);
}

} // namespace
} // namespace barnabas::journal::journal_format_test
