#include "protocol/batch/big_endian.hpp"
#include "protocol/kafka/describe_log_dirs.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/workloads/lookup_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace barnabas::sim::lookup_test {
namespace {

using kafka::error_code;

constexpr std::int64_t told_offset = 7;
constexpr std::int64_t told_timestamp = 9;
constexpr std::int64_t told_epoch_end = 3;

/// Answers every lookup with the same, each answer cut in two; or with bytes that are no answer.
class answering_server {
public:
    answering_server(world& time, network_fabric& fabric, bool in_earnest = true)
        : time_(time), in_earnest_(in_earnest),
          network_(fabric.boot(fabric.add_host("broker"), 1, time.open_owner())) {
        auto opened =
            network_->listen({"", simulated_broker::port}, [this](auto stream) { take(std::move(stream)); });
        listener_ = std::move(*opened);
    }

    std::set<std::pair<kafka::api_key, std::int16_t>> asked;

private:
    using stream_ptr = std::shared_ptr<runtime::byte_stream>;

    void take(const stream_ptr& stream) {
        streams_.push_back(stream);
        const auto read = [this, at = std::weak_ptr(stream)](const runtime::read_completion& done) {
            if (const auto open = at.lock())
                on_read(open, done);
        };
        stream->attach({read, [] {}});
        stream->read(nullptr, 0, 4096);
    }
    /// One question at a time: a frame comes alone.
    void on_read(const stream_ptr& stream, const runtime::read_completion& done) {
        if (done.count == 0)
            return;
        bytes_.append(reinterpret_cast<const char*>(done.into->data() + done.at), done.count);
        if (bytes_.size() >= 4 &&
            bytes_.size() == 4 + static_cast<std::size_t>(batch::load_big_endian<std::int32_t>(
                                     reinterpret_cast<const std::byte*>(bytes_.data())))) {
            const auto answer = join(answer_to(slice::copy_of(std::string_view(bytes_).substr(4))));
            bytes_.clear();
            stream->write({answer.sub(0, 5)});
            time_.schedule_after(millisecond, world_owner,
                                 [stream, answer] { stream->write({answer.from(5)}); });
        }
        stream->read(nullptr, 0, 4096);
    }
    std::vector<slice> answer_to(const slice& frame) {
        kafka::wire_reader in(frame);
        const auto header = kafka::decode_request_header(in);
        EXPECT_TRUE(header.has_value());
        const kafka::api_key key{header->request_api_key};
        const auto version = header->request_api_version;
        asked.insert({key, version});
        if (!in_earnest_)
            return {slice::copy_of(std::string_view("\0\0\0\5none.", 9))};
        if (key == kafka::api_key::describe_log_dirs) {
            kafka::describe_log_dirs_response response;
            auto& directory = response.results.emplace_back();
            directory.log_dir = "/data";
            for (const auto* name : {"t0", "t1", "other"}) {
                auto& topic = directory.topics.emplace_back();
                topic.name = name;
                topic.partitions.emplace_back().partition_size = 70;
            }
            return kafka::frame_response(header->correlation_id, response, version);
        }
        if (key == kafka::api_key::metadata) {
            kafka::metadata_response response;
            auto& topic = response.topics.emplace_back();
            topic.name = "t0";
            topic.partitions.emplace_back().leader_id = 1;
            auto& lost = topic.partitions.emplace_back();
            lost.partition_index = 1;
            lost.leader_id = -1;
            lost.offline_replicas = {1};
            return kafka::frame_response(header->correlation_id, response, version);
        }
        if (key == kafka::api_key::offset_for_leader_epoch) {
            kafka::offset_for_leader_epoch_response response;
            response.topics.emplace_back().partitions.emplace_back().end_offset = told_epoch_end;
            return kafka::frame_response(header->correlation_id, response, version);
        }
        kafka::list_offsets_response response;
        auto& partitions = response.topics.emplace_back().partitions;
        for (const auto code : {error_code::none, error_code::not_leader_or_follower}) {
            auto& partition = partitions.emplace_back();
            partition.error_code = kafka::wire_value(code);
            partition.offset = told_offset;
            partition.timestamp = told_timestamp;
        }
        return kafka::frame_response(header->correlation_id, response, version);
    }

    world& time_;
    bool in_earnest_;
    std::unique_ptr<node_network> network_;
    std::unique_ptr<runtime::listening_socket> listener_;
    std::vector<stream_ptr> streams_;
    std::string bytes_;
};

/// What the history hears.
class heard final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "heard"; }
    void on_lookup_begun() override { ++begun; }
    void on_offset_told(const offset_told& told) override { offsets.push_back(told); }
    void on_epoch_end_told(const epoch_end_told& told) override { ends.push_back(told); }
    void on_log_dirs_told(const log_dirs_told& told) override { directories.push_back(told); }
    void on_bytes_ignored(const std::string& what) override { ignored.push_back(what); }

    std::size_t begun = 0;
    std::vector<offset_told> offsets;
    std::vector<epoch_end_told> ends;
    std::vector<log_dirs_told> directories;
    std::vector<std::string> ignored;
};

place place_of(const std::string& topic, std::int32_t partition) {
    return {topic == "t0" ? 0U : topic == "t1" ? 1U : 2U, partition};
}

struct lookup_run {
    explicit lookup_run(bool in_earnest = true) : server(run, fabric, in_earnest) {
        auto listener = std::make_unique<heard>(told);
        ears = listener.get();
        told.add(std::move(listener));
        topics.resize(2);
        topics[0].name = "t0";
        topics[1].name = "t1";
        for (auto& topic : topics)
            topic.partitions = 1;
    }
    void go(bool asks_for_leaders = false) {
        lookup_client client(run, fabric, watched, {50 * millisecond, asks_for_leaders},
                             {{"broker", simulated_broker::port},
                              &topics,
                              place_of,
                              {},
                              &told,
                              [] {},
                              [this](const leader_told& one) { leaders.push_back(one); }});
        client.begin();
        run.run_for(60 * second);
    }

    world run{1};
    network_fabric fabric{run};
    observation watched;
    answering_server server;
    history told;
    heard* ears = nullptr;
    std::vector<client::new_topic> topics;
    std::vector<leader_told> leaders;
};

TEST(lookup_client, asks_for_everything_in_every_version_and_tells_what_was_answered) {
    lookup_run of;
    of.go();
    EXPECT_EQ(of.server.asked.size(), 11u + 5u + 6u) << "versions of the three requests";
    EXPECT_TRUE(of.ears->ignored.empty());
    EXPECT_GT(of.ears->begun, 500u);
    const auto answered = of.ears->offsets.size() + of.ears->ends.size() + of.ears->directories.size();
    EXPECT_GE(answered + 1, of.ears->begun) << "errors are not told, and all the rest is";
    EXPECT_EQ(of.ears->offsets.front().offset, log_offset(told_offset));
    EXPECT_EQ(of.ears->offsets.front().timestamp, timestamp_ms(told_timestamp));
    EXPECT_EQ(of.ears->ends.front().end, log_offset(told_epoch_end));
    const auto& directory = of.ears->directories.front().directories.at(0);
    EXPECT_TRUE(of.ears->directories.front().complete);
    EXPECT_EQ(directory.path, "/data");
    ASSERT_EQ(directory.replicas.size(), 3u);
    EXPECT_EQ(directory.replicas[2].where, (place{2, 0}));
    EXPECT_EQ(directory.replicas[2].bytes, 70);
}

TEST(lookup_client, asks_who_leads_in_the_versions_that_make_no_topics_if_it_is_to) {
    lookup_run of;
    of.go();
    EXPECT_TRUE(of.leaders.empty());
    lookup_run again;
    again.go(true);
    EXPECT_EQ(again.server.asked.size(), 11u + 5u + 6u + 10u);
    EXPECT_TRUE(again.ears->ignored.empty());
    ASSERT_FALSE(again.leaders.empty());
    std::set<std::tuple<std::int32_t, bool, std::optional<bool>>> heard_of;
    for (const auto& one : again.leaders)
        heard_of.emplace(one.where.partition, one.has_leader, one.is_offline);
    EXPECT_EQ(heard_of,
              (decltype(heard_of){{0, true, {}}, {0, true, false}, {1, false, {}}, {1, false, true}}));
}

TEST(lookup_client, tells_of_answers_that_cannot_be_read) {
    lookup_run of(false);
    of.go();
    EXPECT_FALSE(of.ears->ignored.empty());
    EXPECT_TRUE(of.ears->offsets.empty());
}

} // namespace
} // namespace barnabas::sim::lookup_test
