// Makes a topic, if it is not there, and says what the cluster has of it:  admin HOST:PORT TOPIC PARTITIONS
#include <barnabas/client.hpp>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

namespace client = barnabas::client;

namespace {

int complain(const barnabas::error& why) {
    std::cerr << to_string(why) << "\n";
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::cerr << "usage: admin HOST:PORT TOPIC PARTITIONS\n";
        return 2;
    }
    const std::string topic = words[2];
    auto cluster = client::make_admin({{"bootstrap.servers", words[1]}, {"default.api.timeout.ms", "10000"}});
    if (!cluster)
        return complain(cluster.failure());

    client::topic_spec wanted;
    wanted.name = topic;
    wanted.partitions = std::atoi(words[3]);
    wanted.configs["retention.ms"] = "3600000";
    const auto made = cluster->create_topics({wanted}).get();
    const auto& outcome = made.at(topic);
    if (!outcome && outcome.code() != barnabas::errc::topic_already_exists)
        return complain(outcome.failure());
    std::cout << (outcome ? "made " : "found ") << topic << "\n";

    const auto described = cluster->describe_topics({topic}).get();
    if (!described.at(topic))
        return complain(described.at(topic).failure());
    std::map<client::partition_name, std::int64_t> times;
    for (const auto& one : described.at(topic)->partitions)
        times[{topic, one.partition}] = client::offset_times::latest;

    // Both are under way before the first is waited for.
    const auto ends = cluster->list_offsets(times);
    const auto groups = cluster->list_groups();
    for (const auto& [where, offset] : ends.get()) {
        if (!offset)
            return complain(offset.failure());
        std::cout << to_string(where) << " ends at " << offset->offset << "\n";
    }
    if (!groups.get())
        return complain(groups.get().failure());
    for (const auto& one : groups.get()->groups)
        std::cout << "group " << one.id << " is " << one.state << "\n";
    return 0;
}
