#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/golden/batches.hpp"
#include "tests/unit/protocol/batch/golden.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace barnabas::batch::golden_batches_test {
namespace {

using boost::json::object;

/// Whether message sets of old clients are in it.
bool has_old_magic(const object& line) {
    for (const auto& entry : line.at("batches").as_array())
        if (entry.at("magic").as_int64() != current_magic)
            return true;
    return std::string_view(line.at("note").as_string()).starts_with("v0") ||
           std::string_view(line.at("note").as_string()).starts_with("v1");
}

std::string name_of(const object& line) {
    return "vector " + std::to_string(line.at("id").as_int64()) + ": " +
           std::string(line.at("note").as_string());
}

slice bytes_of_line(const object& line) {
    return slice::copy_of(golden::from_hex(line.at("hex").as_string()));
}

/// Headers, records, bytes built again; of invalid ones the reason and where it is.
TEST(golden_record_sets, every_vector_holds) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    std::array<int, 2> seen{};
    for (const auto& line : *lines) {
        const auto wrong = barnabas::golden::check_record_set(line);
        EXPECT_FALSE(wrong) << name_of(line) << ": " << *wrong;
        ++seen[line.at("valid").as_bool() ? 1 : 0];
    }
    EXPECT_EQ(seen[0], 54) << "all invalid ones are in the repository, too";
    EXPECT_GE(seen[1], 49);
}

result<batch_facts> validated(const record_entry& entry, const validation_options& options) {
    const auto* message = std::get_if<message_view>(&entry);
    return message != nullptr ? validate_message(*message, options)
                              : validate_batch(std::get<batch_view>(entry), options);
}

/// How a broker takes what a producer sends: every batch is cut out and checked.
result<void> accept_batches(const slice& records) {
    const auto batches = split_batches(records);
    if (!batches)
        return batches.failure();
    validation_options options;
    options.origin = batch_origin::replica;
    for (const auto& batch : *batches)
        if (const auto facts = validate_batch(batch, options); !facts)
            return facts.failure();
    return {};
}

result<void> accept_entries(const slice& records, codec_workspace* workspace) {
    const auto entries = split_entries(records);
    if (!entries)
        return entries.failure();
    validation_options options;
    options.origin = batch_origin::replica;
    options.max_timestamp = wrong_max_timestamp::refuse;
    options.workspace = workspace;
    for (const auto& entry : *entries)
        if (const auto facts = validated(entry, options); !facts)
            return facts.failure();
    return {};
}

TEST(golden_batches, are_taken_and_refused_as_entries_of_any_magic_are) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    codec_workspace workspace;
    for (const auto& line : *lines) {
        const auto bytes = bytes_of_line(line);
        const auto taken = accept_entries(bytes, nullptr);
        EXPECT_EQ(taken.has_value(), line.at("valid").as_bool()) << name_of(line);
        const auto again = accept_entries(bytes, &workspace);
        EXPECT_EQ(again.code(), taken.code()) << name_of(line) << ", with a workspace";
        if (!has_old_magic(line)) {
            EXPECT_EQ(accept_batches(bytes).code(), taken.code()) << name_of(line) << ", as batches";
        }
    }
}

TEST(golden_batches, read_the_same_with_a_workspace) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    codec_workspace workspace;
    for (const auto& line : *lines) {
        if (!line.at("valid").as_bool())
            continue;
        const auto entries = split_entries(bytes_of_line(line));
        ASSERT_TRUE(entries.has_value()) << name_of(line);
        for (std::size_t i = 0; i < entries->size(); ++i) {
            std::size_t records = 0;
            const auto count = [&](const record_view&) -> result<void> {
                ++records;
                return {};
            };
            message_reading reading;
            reading.check_crc = true;
            reading.workspace = &workspace;
            const auto* message = std::get_if<message_view>(&(*entries)[i]);
            const auto read = message != nullptr
                                  ? for_each_record(*message, count, reading)
                                  : for_each_record(std::get<batch_view>((*entries)[i]), count, &workspace);
            EXPECT_TRUE(read.has_value()) << name_of(line);
            EXPECT_EQ(records, line.at("batches").at(i).at("records").as_array().size()) << name_of(line);
        }
    }
}

TEST(golden_batches, cut_off_tail_is_left_out_where_allowed) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    int cut = 0;
    for (const auto& line : *lines) {
        const auto* behaviour = line.if_contains("javaBehaviour");
        if (has_old_magic(line) || behaviour == nullptr ||
            behaviour->as_string() != "ignores-incomplete-tail")
            continue;
        const auto batches = split_complete_batches(bytes_of_line(line));
        ASSERT_TRUE(batches.has_value());
        EXPECT_EQ(batches->size(), line.at("batches").as_array().size());
        ++cut;
    }
    EXPECT_EQ(cut, 8);
}

TEST(golden_batches, old_magic_is_named) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    for (const auto& line : *lines) {
        if (!line.at("valid").as_bool() || !has_old_magic(line))
            continue;
        EXPECT_EQ(split_batches(bytes_of_line(line)).code(), errc::unsupported_for_message_format);
    }
}

} // namespace
} // namespace barnabas::batch::golden_batches_test
