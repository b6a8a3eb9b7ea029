#include "protocol/batch/record_reader.hpp"
#include "tests/unit/actors/replica/kafka_directory.hpp"

#include <gtest/gtest.h>

#include <sstream>

/// Every record and every batch of the directories that Kafka 2.4 wrote is as Kafka's own tools see it. Both
/// are compared as the text of the expected lines, so that no field is left out by chance.
namespace barnabas::replica::kafka_records_test {
namespace {

using lines = std::vector<std::string>;

std::string base64_of(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= count ? digits[group >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::string in_quotes(std::string_view text) {
    return '"' + std::string(text) + '"';
}

std::string json_of(const std::optional<std::span<const std::byte>>& bytes) {
    return bytes ? in_quotes(base64_of(*bytes)) : "null";
}

std::string json_of(std::span<const batch::header_view> headers) {
    std::string text;
    for (const auto& one : headers)
        text += (text.empty() ? "[" : ",[") + in_quotes(one.key) + "," + json_of(one.value) + "]";
    return "[" + text + "]";
}

std::string codec_of(const batch::batch_header& header) {
    constexpr const char* names[] = {"NONE", "GZIP", "SNAPPY", "LZ4", "ZSTD"};
    return names[static_cast<std::size_t>(header.compression())];
}

std::string type_of(const batch::batch_header& header) {
    return header.time_type() == batch::timestamp_type::log_append_time ? "LogAppendTime" : "CreateTime";
}

/// Writes `"key":value`, one behind the other.
class json_line {
public:
    template <class Value>
    json_line& add(const char* key, const Value& value) {
        text_ << (begun_ ? "," : "{") << in_quotes(key) << ":" << value;
        begun_ = true;
        return *this;
    }
    json_line& add(const char* key, bool value) { return add(key, value ? "true" : "false"); }
    json_line& add_text(const char* key, const std::string& value) { return add(key, in_quotes(value)); }
    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    bool begun_ = false;
};

std::string line_of(const batch::record_view& record, const batch::batch_header& header) {
    const bool numbered = header.base_sequence >= 0;
    json_line line;
    line.add("offset", record.offset.get()).add("timestamp", record.timestamp.get());
    line.add_text("timestampType", type_of(header)).add("key", json_of(record.key));
    line.add("value", json_of(record.value)).add("headers", json_of(record.headers));
    line.add("leaderEpoch", header.leader_epoch.get()).add("producerId", header.producer_id.get());
    line.add("producerEpoch", header.producer_epoch.get());
    line.add("sequence", numbered ? header.base_sequence + record.offset_delta : -1);
    line.add("transactional", header.is_transactional()).add("control", header.is_control());
    return line.add_text("codec", codec_of(header)).text();
}

std::string line_of(const batch::batch_header& header, log_offset segment, std::uint64_t position) {
    json_line line;
    line.add_text("segment", segment_file_name(segment, log_suffix)).add("position", position);
    line.add("size", header.total_size()).add("magic", 2).add("crc", header.crc).add("crcValid", true);
    line.add("baseOffset", header.base_offset.get()).add("lastOffset", header.last_offset().get());
    line.add("count", header.record_count).add_text("codec", codec_of(header));
    line.add_text("timestampType", type_of(header)).add("firstTimestamp", header.base_timestamp.get());
    line.add("maxTimestamp", header.max_timestamp.get()).add("leaderEpoch", header.leader_epoch.get());
    line.add("producerId", header.producer_id.get()).add("producerEpoch", header.producer_epoch.get());
    line.add("baseSequence", header.base_sequence).add("transactional", header.is_transactional());
    return line.add("control", header.is_control()).text() + "}";
}

/// What the log of a partition shows to a reader.
struct seen_log {
    lines records;
    lines batches;
};

lines lines_of(const fs::path& path) {
    std::istringstream in(text_of(path));
    lines found;
    for (std::string line; std::getline(in, line);)
        found.push_back(line);
    return found;
}

bool is_of_old_format(const std::string& line) {
    return line.find("\"magic\":2") == std::string::npos;
}

/// Without what is of the place in the file: a converted file has others. A message of magic 0 has no time,
/// and so no type of it.
std::string record_part(const std::string& line) {
    auto part = line.substr(0, line.find(",\"magic\":"));
    constexpr std::string_view none = "NoTimestampType";
    if (const auto at = part.find(none); at != std::string::npos)
        part.replace(at, none.size(), "CreateTime");
    return part;
}

class kafka_records : public kafka_directory {
protected:
    seen_log read_all() {
        seen_log seen;
        std::uint64_t position = 0;
        log_offset segment(-1);
        const auto end = host->log->log_end_offset();
        for (auto next = host->log->log_start_offset(); next < end;) {
            const auto read = host->read(next.get(), 20000);
            EXPECT_TRUE(read) << to_string(read.failure());
            if (!read || read->empty())
                break;
            const auto batches = batch::split_batches(*read);
            for (const auto& batch : *batches) {
                const auto here = segment_of(batch.header.base_offset);
                position = here == segment ? position : 0;
                segment = here;
                note(seen, batch, segment, position);
                position += batch.header.total_size();
            }
            next = batches->back().header.next_offset();
        }
        return seen;
    }

    log_offset segment_of(log_offset offset) const {
        auto found = host->log->segments().front().base_offset;
        for (const auto& segment : host->log->segments())
            if (segment.base_offset <= offset)
                found = segment.base_offset;
        return found;
    }

    static void note(seen_log& seen, const batch::batch_view& batch, log_offset segment,
                     std::uint64_t position) {
        seen.batches.push_back(line_of(batch.header, segment, position));
        const auto read = batch::for_each_record(batch, [&](const batch::record_view& record) {
            seen.records.push_back(line_of(record, batch.header));
            return result<void>{};
        });
        EXPECT_TRUE(read) << to_string(read.failure());
    }

    void compare_records(const lines& seen, const lines& expected) {
        ASSERT_EQ(seen.size(), expected.size()) << to_string(host->report);
        for (std::size_t i = 0; i < expected.size(); ++i)
            ASSERT_EQ(seen[i], record_part(expected[i])) << "record " << i;
        compared_ += expected.size();
    }

    /// Where there were old messages the batches of the new format are there unchanged, at other places.
    static void compare_batches(const lines& seen, lines expected) {
        const bool converted = std::any_of(expected.begin(), expected.end(), is_of_old_format);
        if (!converted) {
            ASSERT_EQ(seen, expected);
            return;
        }
        const auto behind_place = [](const std::string& line) { return line.substr(line.find("\"size\"")); };
        std::erase_if(expected, is_of_old_format);
        ASSERT_LE(expected.size(), seen.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            ASSERT_EQ(behind_place(seen[seen.size() - expected.size() + i]), behind_place(expected[i]));
    }

    /// The first lines of another directory's file, up to an end offset: for what is not stored twice.
    static lines lines_below(const fs::path& path, const std::string& key, std::int64_t end) {
        auto found = lines_of(path);
        std::erase_if(found, [&](const std::string& line) { return integer_after(line, key, 0) >= end; });
        return found;
    }

    /// Every partition that `ends` names. Its lines are in `own`, or are the first ones of those in `other`.
    void compare_directory(const std::string& name, const std::map<std::string, std::int64_t>& ends,
                           const std::string& own, const std::string& other) {
        const auto expected = kafka_data() / "expected";
        for (const auto& [partition, end] : ends) {
            SCOPED_TRACE(name + " " + partition);
            // One that Kafka had begun to delete is no partition any more.
            if (!fs::exists(unpacked_ / partition) || partition.ends_with("-delete"))
                continue;
            const auto file = partition + ".jsonl.gz";
            const auto from =
                fs::exists(expected / own / "records" / file) ? expected / own : expected / other;
            ASSERT_TRUE(fs::exists(from / "records" / file));
            const auto opened = open(partition);
            ASSERT_TRUE(opened) << to_string(opened.failure());
            const auto seen = read_all();
            compare_records(seen.records, lines_below(from / "records" / file, "\"offset\":", end));
            compare_batches(seen.batches, lines_below(from / "batches" / file, "\"lastOffset\":", end));
            converted_ += host->report.records_converted;
        }
    }

    std::size_t compared_ = 0;
    std::uint64_t converted_ = 0;
};

TEST_F(kafka_records, all_of_a_clean_and_of_a_killed_directory_are_there) {
    for (const std::string name : {"unclean", "clean"}) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        compared_ = 0;
        const auto ends = end_offsets_of(kafka_data() / "expected" / name / "partitions.jsonl.gz");
        compare_directory(name, ends, name, "unclean");
        EXPECT_GT(compared_, 19000u);
        EXPECT_GT(converted_, 2000u);
    }
}

TEST_F(kafka_records, those_of_damaged_directories_are_there_up_to_where_kafka_cuts_them) {
    for (const std::string name : {"torn-cut", "torn-flip", "torn-index", "leftovers"}) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        compared_ = 0;
        const auto ends =
            end_offsets_of(kafka_data() / "expected" / ("after-recovery-" + name) / "partitions.jsonl.gz");
        compare_directory(name, ends, name, "unclean");
        EXPECT_GT(compared_, 19000u);
    }
}

TEST_F(kafka_records, what_kafka_recovered_itself_is_there) {
    for (const std::string name : {"unclean", "torn-cut", "torn-flip", "torn-index", "leftovers"}) {
        if (!unpack("recovered-" + name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        compared_ = 0;
        const auto ends =
            end_offsets_of(kafka_data() / "expected" / ("after-recovery-" + name) / "partitions.jsonl.gz");
        compare_directory("recovered-" + name, ends, name, "unclean");
        EXPECT_GT(compared_, 19000u);
    }
}

TEST_F(kafka_records, those_of_a_cluster_are_there) {
    for (const std::string name : {"cluster-b0", "cluster-b1", "cluster-b2"}) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        compared_ = 0;
        const auto ends = end_offsets_of(kafka_data() / "expected" / name / "partitions.jsonl.gz");
        ASSERT_FALSE(ends.empty());
        compare_directory(name, ends, name, name);
        EXPECT_GT(compared_, 1000u);
    }
}

TEST_F(kafka_records, a_converted_log_opens_again_without_another_conversion) {
    if (!unpack("unclean"))
        GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
    for (const std::string partition :
         {"fmt-0.9.0-0", "fmt-0.10.2-0", "fmt-0.10.2-lat-0", "fmt-compacted-0", "fmt-upgraded-0"}) {
        SCOPED_TRACE(partition);
        const auto opened = open(partition);
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_GT(host->report.segments_converted, 1u);
        const auto before = read_all();
        files->kill();
        const auto again = host->open(false);
        ASSERT_TRUE(again) << to_string(again.failure());
        EXPECT_EQ(host->report.segments_converted, 0u);
        EXPECT_EQ(host->report.indexes_rebuilt, partition == "fmt-0.9.0-0" ? 4u : 0u)
            << "only where no record has a time";
        EXPECT_TRUE(host->report.clean) << to_string(host->report);
        EXPECT_EQ(read_all().records, before.records);
    }
}

} // namespace
} // namespace barnabas::replica::kafka_records_test
