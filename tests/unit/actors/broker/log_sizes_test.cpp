#include "actors/broker/sizes/log_sizes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace barnabas::log_sizes_test {
namespace {

class log_sizes_round : public ::testing::Test {
protected:
    log_sizes_round() {
        for (const auto* name : {"b", "a"}) {
            auto& topic = image_.topics[name];
            topic.name = name;
            topic.id.bytes[0] = static_cast<std::uint8_t>(*name);
            for (int index = 0; index < 2; ++index)
                topic.partitions.emplace_back().index = partition_index(index);
        }
    }

    std::vector<topic_partition> begin(log_sizes& machine) const {
        return machine.begin(image_, [this](const topic_partition& id) { return !elsewhere_.contains(id); });
    }
    topic_partition id_of(const std::string& topic, std::int32_t index) const {
        return {image_.topics.find(topic)->second.id, partition_index(index)};
    }
    static log_size_response size(std::uint64_t token, std::int64_t bytes) {
        log_size_response made;
        made.token = token;
        made.bytes = bytes;
        made.start = log_offset(3);
        made.end = log_offset(9);
        made.segments = 2;
        return made;
    }
    static bool has(const std::string& text, const std::string& line) {
        return text.find("\n" + line + "\n") != std::string::npos;
    }

    metadata_image image_;
    std::set<topic_partition> elsewhere_;
};

TEST_F(log_sizes_round, asks_what_is_here_by_name_and_tells_it_under_kafkas_names) {
    elsewhere_.insert(id_of("a", 1));
    log_sizes machine(10);
    EXPECT_EQ(begin(machine), (std::vector{id_of("a", 0), id_of("b", 0), id_of("b", 1)}));
    for (std::uint64_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(machine.complete());
        machine.on_size(size(machine.first_token() + i, 100));
    }
    EXPECT_TRUE(machine.complete());
    const auto text = machine.text();
    EXPECT_TRUE(has(text, "kafka_log_log_size{topic=\"a\",partition=\"0\"} 100")) << text;
    EXPECT_TRUE(has(text, "kafka_log_log_numlogsegments{topic=\"b\",partition=\"1\"} 2")) << text;
    EXPECT_TRUE(has(text, "kafka_log_log_logstartoffset{topic=\"b\",partition=\"0\"} 3")) << text;
    EXPECT_TRUE(has(text, "kafka_log_log_logendoffset{topic=\"b\",partition=\"0\"} 9")) << text;
    EXPECT_TRUE(has(text, "barnabas_log_sizes_left_out 0")) << text;
}

TEST_F(log_sizes_round, who_does_not_answer_is_not_shown) {
    log_sizes machine(10);
    begin(machine);
    machine.on_size(size(machine.first_token() + 1, 7));
    machine.on_size(size(machine.first_token() + 1, 7));
    EXPECT_FALSE(machine.complete());
    const auto text = machine.text();
    EXPECT_TRUE(has(text, "kafka_log_log_size{topic=\"a\",partition=\"1\"} 7")) << text;
    EXPECT_EQ(text.find("topic=\"b\""), std::string::npos) << text;
}

TEST_F(log_sizes_round, answers_to_an_earlier_round_change_nothing) {
    log_sizes machine(10);
    begin(machine);
    const auto earlier = machine.first_token();
    begin(machine);
    machine.on_size(size(earlier, 7));
    machine.on_size(size(machine.first_token() + 4, 7));
    EXPECT_EQ(machine.text().find("topic="), std::string::npos);
}

TEST_F(log_sizes_round, more_than_the_bound_are_left_out_and_counted) {
    log_sizes machine(3);
    EXPECT_EQ(begin(machine).size(), 3u);
    EXPECT_TRUE(has(machine.text(), "barnabas_log_sizes_left_out 1"));
    image_.topics.clear();
    EXPECT_TRUE(begin(machine).empty());
    EXPECT_TRUE(machine.complete());
}

} // namespace
} // namespace barnabas::log_sizes_test
