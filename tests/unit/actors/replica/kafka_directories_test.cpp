#include "protocol/batch/record_reader.hpp"
#include "tests/unit/actors/replica/kafka_directory.hpp"

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <sstream>

/// Directories that Kafka 2.4 wrote (clean, killed, torn) open with the end offsets that Kafka finds.
namespace barnabas::replica::kafka_directories_test {
namespace {

/// What a consumer of committed records keeps of what it reads, by the rules of Kafka's.
class committed_offsets {
public:
    explicit committed_offsets(log_offset log_start) : log_start_(log_start) {}

    void take(const batch::batch_view& batch, std::vector<aborted_transaction>& aborted) {
        const auto& header = batch.header;
        std::erase_if(aborted, [&](const aborted_transaction& one) {
            const bool begins = one.first_offset <= header.last_offset();
            if (begins)
                dropped_.insert(one.producer);
            return begins;
        });
        if (header.is_control()) {
            if (kind_of_marker(batch) == marker_kind::abort)
                dropped_.erase(header.producer_id);
            return;
        }
        if (header.is_transactional() && dropped_.contains(header.producer_id))
            return;
        auto records = batch::record_reader::open(batch);
        for (auto next = records->next(); next && *next != nullptr; next = records->next())
            if ((*next)->offset >= log_start_)
                keep((*next)->offset.get());
    }
    void next_answer() { dropped_.clear(); }

    std::vector<std::pair<std::int64_t, std::int64_t>> runs;

private:
    void keep(std::int64_t offset) {
        if (!runs.empty() && runs.back().second + 1 == offset)
            runs.back().second = offset;
        else
            runs.emplace_back(offset, offset);
    }
    log_offset log_start_;
    std::set<producer_id> dropped_;
};

class kafka_directories : public kafka_directory {
protected:
    /// Reads the whole log and returns the offset behind its last batch.
    std::int64_t read_through() {
        const auto end = host->log->log_end_offset();
        auto next = host->log->log_start_offset();
        while (next < end) {
            auto read = host->read(next.get(), 20000);
            EXPECT_TRUE(read) << to_string(read.failure());
            if (!read || read->empty())
                break;
            const auto batches = batch::split_batches(*read);
            EXPECT_TRUE(batches);
            next = batches->back().header.next_offset();
        }
        return next.get();
    }

    /// The offsets that a consumer of committed records sees, which fetches so many bytes at a time.
    std::vector<std::pair<std::int64_t, std::int64_t>> read_committed(std::size_t max_bytes) {
        const auto end = last_stable_offset();
        auto next = host->log->log_start_offset();
        committed_offsets seen(next);
        while (next < end) {
            auto job = host->log->read(next, max_bytes, end, true, true);
            EXPECT_TRUE(job);
            job->run(*files);
            host->log->on_read(*job);
            EXPECT_TRUE(job->records) << to_string(job->records.failure());
            if (!job->records || job->records->empty())
                break;
            seen.next_answer();
            const auto batches = batch::split_batches(*job->records);
            auto aborted = *job->aborted;
            for (const auto& batch : *batches)
                seen.take(batch, aborted);
            next = job->end;
        }
        return seen.runs;
    }
    log_offset last_stable_offset() const {
        const auto& log = *host->log;
        return std::min(log.stable_offset(), log.first_unstable_offset(log.stable_offset()));
    }
};

TEST_F(kafka_directories, clean_ones_open_without_a_scan_and_read_to_the_end) {
    if (!unpack("clean"))
        GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
    const auto ends = end_offsets_of(kafka_data() / "expected" / "clean" / "partitions.jsonl.gz");
    ASSERT_GT(ends.size(), 40u);
    int scanned = 0;
    for (const auto& [partition, end] : ends) {
        SCOPED_TRACE(partition);
        const auto opened = open(partition);
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_EQ(host->log->log_end_offset().get(), end) << to_string(host->report);
        EXPECT_EQ(host->report.bytes_cut, 0u);
        scanned += host->report.clean ? 0 : 1;
        EXPECT_EQ(read_through(), end);
    }
    EXPECT_LE(scanned, 1) << "only trimmed-end has no snapshot";
}

TEST_F(kafka_directories, killed_and_damaged_ones_end_where_kafka_ends_them) {
    for (const std::string name : {"unclean", "leftovers", "torn-cut", "torn-flip", "torn-index"}) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        const auto ends =
            end_offsets_of(kafka_data() / "expected" / ("after-recovery-" + name) / "partitions.jsonl.gz");
        ASSERT_GT(ends.size(), 40u);
        for (const auto& [partition, end] : ends) {
            SCOPED_TRACE(name + " " + partition);
            if (!fs::exists(unpacked_ / partition))
                continue;
            const auto opened = open(partition);
            ASSERT_TRUE(opened) << to_string(opened.failure());
            EXPECT_EQ(host->log->log_end_offset().get(), end) << to_string(host->report);
            EXPECT_EQ(read_through(), end) << to_string(host->report);
        }
    }
}

/// What a running Kafka answers for a partition; -1 for what the line does not say.
struct kafka_view {
    std::int64_t log_start = -1;
    std::int64_t high_watermark = -1;
    std::int64_t last_stable = -1;
    /// First and last offsets of runs.
    std::vector<std::pair<std::int64_t, std::int64_t>> committed;
    /// By epoch asked for; what is not known is left out.
    std::map<std::int32_t, epoch_end> epoch_ends;
};

/// Of "[[1,4],[6,6]]".
std::vector<std::pair<std::int64_t, std::int64_t>> runs_after(const std::string& line,
                                                              const std::string& key) {
    std::vector<std::pair<std::int64_t, std::int64_t>> runs;
    const auto begin = line.find(key);
    if (begin == std::string::npos || line.compare(begin + key.size(), 2, "[]") == 0)
        return runs;
    const auto end = line.find("]]", begin);
    for (auto at = line.find('[', begin + key.size() + 1); at < end; at = line.find('[', at + 1)) {
        char* rest = nullptr;
        const auto first = std::strtoll(line.c_str() + at + 1, &rest, 10);
        runs.emplace_back(first, std::strtoll(rest + 1, nullptr, 10));
    }
    return runs;
}

/// Of "[[0,0,0,50],[1,0,-1,-1]]": epoch asked for, error, epoch told, its end.
std::map<std::int32_t, epoch_end> epoch_ends_in(const std::string& line) {
    std::map<std::int32_t, epoch_end> ends;
    const std::string key = "\"offsetForLeaderEpoch\":";
    const auto begin = line.find(key);
    const auto close = begin == std::string::npos ? begin : line.find("]]", begin);
    for (auto at = begin; at < close; at = line.find('[', at + 1)) {
        std::int32_t asked = 0;
        std::int32_t code = 0;
        std::int32_t told = 0;
        std::int64_t end = 0;
        const int found = std::sscanf(line.c_str() + at, "[%" SCNd32 ",%" SCNd32 ",%" SCNd32 ",%" SCNd64,
                                      &asked, &code, &told, &end);
        if (found == 4 && code == 0 && told >= 0)
            ends[asked] = {leader_epoch(told), log_offset(end)};
    }
    return ends;
}

std::map<std::string, kafka_view> views_of(const fs::path& lines) {
    const std::string key = "\"topic\":\"";
    std::map<std::string, kafka_view> views;
    const auto text = text_of(lines);
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const auto at = line.find(key);
        if (at == std::string::npos)
            continue;
        const auto begin = at + key.size();
        const auto name = line.substr(begin, line.find('"', begin) - begin) + "-" +
                          std::to_string(integer_after(line, "\"partition\":", 0));
        views[name] = {integer_after(line, "\"logStartOffset\":", 0),
                       integer_after(line, "\"highWatermark\":", 0),
                       integer_after(line, "\"read_committedEnd\":", 0),
                       runs_after(line, "\"read_committedOffsets\":"), epoch_ends_in(line)};
    }
    return views;
}

TEST_F(kafka_directories, logs_begin_and_end_where_kafka_says_after_its_own_recovery) {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"clean", "views-clean"},
        {"unclean", "views-after-recovery-unclean"},
        {"leftovers", "views-after-recovery-leftovers"},
        {"torn-cut", "views-after-recovery-torn-cut"},
        {"torn-flip", "views-after-recovery-torn-flip"},
        {"torn-index", "views-after-recovery-torn-index"},
        {"recovered-unclean", "views-after-recovery-unclean"},
        {"recovered-leftovers", "views-after-recovery-leftovers"},
        {"recovered-torn-cut", "views-after-recovery-torn-cut"},
        {"recovered-torn-flip", "views-after-recovery-torn-flip"},
        {"recovered-torn-index", "views-after-recovery-torn-index"}};
    for (const auto& [name, seen] : pairs) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        read_checkpoints_of_directory();
        const auto views = views_of(kafka_data() / "expected" / (seen + ".jsonl.gz"));
        ASSERT_GT(views.size(), 40u);
        int compared = 0;
        int epochs_compared = 0;
        for (const auto& [partition, view] : views) {
            SCOPED_TRACE(name + " " + partition);
            if (!fs::exists(unpacked_ / partition) || view.log_start < 0)
                continue;
            auto opened = open(partition);
            ASSERT_TRUE(opened) << to_string(opened.failure());
            EXPECT_EQ(host->log->log_start_offset().get(), view.log_start) << to_string(host->report);
            // With one replica all that is stable is committed.
            EXPECT_EQ(host->log->stable_offset().get(), view.high_watermark) << to_string(host->report);
            // Kafka of that age knew no epochs of logs in an old format, and one replica never changed its
            // leader.
            for (const auto& [epoch, end] : view.epoch_ends)
                EXPECT_EQ(host->log->end_offset_for(leader_epoch(epoch), leader_epoch(0)), end) << epoch;
            epochs_compared += static_cast<int>(view.epoch_ends.size());
            if (view.last_stable >= 0) {
                EXPECT_EQ(last_stable_offset().get(), view.last_stable) << to_string(host->report);
                EXPECT_EQ(read_committed(1 << 20), view.committed) << to_string(host->report);
                EXPECT_EQ(read_committed(300), view.committed) << to_string(host->report);
            }
            ++compared;
        }
        EXPECT_GT(compared, 35);
        EXPECT_GT(epochs_compared, 35);
    }
}

TEST_F(kafka_directories, those_of_a_cluster_open_with_what_their_checkpoints_say) {
    for (const std::string name : {"cluster-b0", "cluster-b1", "cluster-b2"}) {
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        read_checkpoints_of_directory();
        const auto ends = end_offsets_of(kafka_data() / "expected" / name / "partitions.jsonl.gz");
        ASSERT_FALSE(ends.empty());
        for (const auto& [partition, end] : ends) {
            SCOPED_TRACE(name + " " + partition);
            auto opened = open(partition);
            ASSERT_TRUE(opened) << to_string(opened.failure());
            EXPECT_EQ(host->log->log_end_offset().get(), end) << to_string(host->report);
            EXPECT_TRUE(host->report.ignored_checkpoints.empty()) << host->report.ignored_checkpoints.front();
        }
    }
}

} // namespace
} // namespace barnabas::replica::kafka_directories_test
