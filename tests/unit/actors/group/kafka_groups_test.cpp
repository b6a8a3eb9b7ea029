#include "actors/group/group_names.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "tests/unit/actors/group/group_world.hpp"
#include "tests/unit/actors/replica/kafka_files.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

/// The `__consumer_offsets` that Kafka 2.4 wrote loads to the groups and offsets that Kafka's own decoder
/// reads from it.
namespace barnabas::group::kafka_groups_test {
namespace {

using replica::kafka_data;
using replica::text_of;

constexpr int partition_count = 4;

/// What stands between two marks; empty when they are not there.
std::string between(const std::string& text, const std::string& from, const std::string& upto) {
    const auto at = text.find(from);
    if (at == std::string::npos)
        return {};
    const auto begin = at + from.size();
    const auto end = upto.empty() ? text.size() : text.find(upto, begin);
    return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

/// One group as Kafka's decoder tells it.
struct told_group {
    /// There is a record of the group itself, and not only offsets.
    bool recorded = false;
    std::int32_t generation = 0;
    std::string protocol_type;
    std::string protocol;
    /// "topic-partition", sorted, by member.
    std::map<std::string, std::vector<std::string>> members;
    /// "offset" or "offset,metadata=text", by "topic-partition".
    std::map<std::string, std::string> offsets;
};
using told_groups = std::map<std::string, told_group>;

/// Reads the output of kafka-dump-log with --offsets-decoder: of each key the last record counts, those of
/// transactions when they are committed.
class decoder_output {
public:
    explicit decoder_output(const std::string& text) {
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);)
            take(line);
    }
    std::map<int, told_groups> partitions;

private:
    void take(const std::string& line) {
        if (line.starts_with("Dumping ")) {
            partition_ = std::atoi(between(line, "__consumer_offsets-", "/").c_str());
            partitions[partition_];
        } else if (line.starts_with("baseOffset: ")) {
            producer_ = between(line, "producerId: ", " ");
            transactional_ = between(line, "isTransactional: ", " ") == "true";
        } else if (line.find("endTxnMarker: ") != std::string::npos) {
            const bool committed = between(line, "endTxnMarker: ", " ") == "COMMIT";
            for (const auto& record : std::exchange(open_[producer_], {}))
                if (committed)
                    apply(record);
        } else if (line.starts_with("| offset: ")) {
            if (transactional_)
                open_[producer_].push_back(line);
            else
                apply(line);
        }
    }
    void apply(const std::string& line) {
        auto& groups = partitions[partition_];
        const auto payload = between(line, " payload: ", "");
        if (line.find("key: offset_commit::") != std::string::npos) {
            auto& offsets = groups[between(line, "::group=", ",partition=")].offsets;
            const auto place = between(line, ",partition=", " payload: ");
            if (payload == "<DELETE>")
                offsets.erase(place);
            else
                offsets[place] = between(payload, "offset=", "");
            return;
        }
        auto& group = groups[between(line, "::group=", " payload: ")];
        auto offsets = std::move(group.offsets);
        group = payload == "<DELETE>" ? told_group{} : described(payload);
        group.offsets = std::move(offsets);
    }
    static told_group described(const std::string& payload) {
        told_group group;
        group.recorded = true;
        group.generation = std::atoi(between(payload, "\"generationId\":", ",").c_str());
        group.protocol_type = between(payload, "\"protocolType\":\"", "\"");
        group.protocol = between(payload, "\"protocol\":\"", "\"");
        // {member=[topic-0, topic-1],member=[topic-2]}
        auto rest = between(payload, "\"assignment\":\"{", "}\"");
        while (!rest.empty()) {
            const auto equals = rest.find("=[");
            const auto end = rest.find(']', equals);
            std::istringstream places(rest.substr(equals + 2, end - equals - 2));
            auto& member = group.members[rest.substr(0, equals)];
            for (std::string place; std::getline(places >> std::ws, place, ',');)
                member.push_back(place);
            std::sort(member.begin(), member.end());
            rest = end + 2 < rest.size() ? rest.substr(end + 2) : std::string();
        }
        return group;
    }

    int partition_ = 0;
    std::string producer_;
    bool transactional_ = false;
    std::map<std::string, std::vector<std::string>> open_;
};

std::vector<std::string> assigned_places(const slice& assignment) {
    std::vector<std::string> places;
    kafka::wire_reader in(assignment);
    const auto version = in.int16("version");
    const auto decoded = kafka::consumer_protocol_assignment::decode(in, version);
    if (!decoded)
        return {"not to be decoded"};
    for (const auto& topic : decoded->assigned_partitions)
        for (const auto partition : topic.partitions)
            places.push_back(topic.topic + "-" + std::to_string(partition));
    std::sort(places.begin(), places.end());
    return places;
}

class kafka_groups : public replica::kafka_files {
protected:
    /// A coordinator of one partition that has read its log from disk.
    void load(int partition, group_world& world) {
        const auto name = "__consumer_offsets-" + std::to_string(partition);
        const auto files = files_of(name);
        replica::log_options options;
        options.directory = "/data/" + name;
        options.delete_policy = false;
        replica::log_host host(*files, options);
        const auto opened = host.open(false);
        ASSERT_TRUE(opened) << to_string(opened.failure());
        for (auto next = host.log->log_start_offset(); next < host.log->log_end_offset();) {
            const auto read = host.read(next.get());
            ASSERT_TRUE(read) << to_string(read.failure());
            const auto batches = batch::split_batches(*read);
            ASSERT_TRUE(batches && !batches->empty());
            for (const auto& one : *batches) {
                const auto replayed = world.machine->replay(one, nullptr);
                ASSERT_TRUE(replayed) << to_string(replayed.failure());
                next = one.header.next_offset();
            }
        }
        world.run([&](turn& now) { world.machine->on_loaded(now); });
    }

    static void expect_description(group_world& world, const std::string& name, const told_group& told) {
        const auto seen = world.describe(name);
        EXPECT_EQ(seen.code, errc::ok);
        EXPECT_EQ(seen.state, told.members.empty() ? "Empty" : "Stable");
        EXPECT_EQ(seen.protocol_type, told.protocol_type);
        EXPECT_EQ(seen.protocol, told.protocol);
        std::map<std::string, std::vector<std::string>> members;
        for (const auto& one : seen.members)
            members[one.who.member_id] = assigned_places(one.assignment);
        EXPECT_EQ(members, told.members);
    }

    static void expect_offsets(group_world& world, const std::string& name, const told_group& told) {
        const auto seen = world.take<offsets_response>(world.ask(offsets_request{}, name));
        EXPECT_EQ(seen.code, errc::ok);
        std::map<std::string, std::string> offsets;
        for (const auto& one : seen.partitions) {
            EXPECT_EQ(one.code, errc::ok);
            offsets[one.topic + "-" + std::to_string(one.index.get())] =
                std::to_string(one.offset.get()) +
                (one.metadata.empty() ? std::string() : ",metadata=" + one.metadata);
        }
        EXPECT_EQ(offsets, told.offsets);
    }

    /// Members go on in the generation; after them the next one follows it.
    static void expect_generation(group_world& world, const std::string& name, const told_group& told) {
        for (const auto& [member, places] : told.members) {
            const auto beats = [&](std::int32_t generation) {
                const auto ticket =
                    world.ask(heartbeat_request{{member, {}}, generation_id(generation)}, name);
                return world.take<heartbeat_response>(ticket).code;
            };
            EXPECT_EQ(beats(told.generation), errc::ok);
            EXPECT_EQ(beats(told.generation - 1), errc::illegal_generation);
        }
        if (!told.members.empty())
            return;
        const auto ticket = world.ask(world.joining(), name);
        world.pass(world.options.initial_rebalance_delay);
        EXPECT_EQ(world.joined(ticket).generation.get(), told.generation + 1);
    }

    void expect_groups(int partition, const told_groups& told) {
        SCOPED_TRACE("partition " + std::to_string(partition));
        group_world world;
        load(partition, world);
        std::set<std::string> existing;
        for (const auto& [name, group] : told) {
            SCOPED_TRACE(name);
            EXPECT_EQ(partition_of_group(name, partition_count), partition_index(partition));
            if (!group.recorded && group.offsets.empty()) {
                EXPECT_EQ(world.describe(name).code, errc::group_id_not_found);
                EXPECT_EQ(world.describe(name).state, "Dead");
                expect_offsets(world, name, group);
                continue;
            }
            existing.insert(name);
            expect_description(world, name, group);
            expect_offsets(world, name, group);
        }
        std::set<std::string> listed;
        for (const auto& one : world.take<list_response>(world.ask(list_request{}, "")).groups)
            listed.insert(one.name);
        EXPECT_EQ(listed, existing);
        for (const auto& name : existing)
            expect_generation(world, name, told.at(name));
    }

    /// How many groups there were.
    void expect_directory(const std::string& name, const std::string& told_by) {
        SCOPED_TRACE(name);
        if (!unpack(name))
            GTEST_SKIP() << "the shared Kafka directories are absent (BARNABAS_SHARED names their folder)";
        const decoder_output told(text_of(kafka_data() / "expected" / told_by / "consumer-offsets.txt.gz"));
        ASSERT_EQ(told.partitions.size(), static_cast<std::size_t>(partition_count));
        std::size_t groups = 0;
        for (const auto& [partition, one] : told.partitions) {
            expect_groups(partition, one);
            groups += one.size();
        }
        EXPECT_GE(groups, 6U);
    }
};

TEST_F(kafka_groups, of_a_clean_stop_load_as_kafka_reads_them) {
    expect_directory("clean", "clean");
}

TEST_F(kafka_groups, of_a_killed_broker_load_as_kafka_reads_them) {
    expect_directory("unclean", "unclean");
}

/// Their damage is in other topics.
TEST_F(kafka_groups, of_damaged_directories_load_as_kafka_reads_them) {
    for (const std::string name : {"leftovers", "torn-cut", "torn-flip", "torn-index"})
        expect_directory(name, "unclean");
}

TEST_F(kafka_groups, of_recovered_directories_load_as_kafka_reads_them) {
    for (const std::string name : {"recovered-unclean", "recovered-leftovers", "recovered-torn-cut",
                                   "recovered-torn-flip", "recovered-torn-index"})
        expect_directory(name, "unclean");
}

} // namespace
} // namespace barnabas::group::kafka_groups_test
