#pragma once

#include "protocol/kafka/consumer_protocol.hpp"
#include "tests/unit/actors/group/consumer_world.hpp"

namespace barnabas::group {

/// A consumer of the classic protocol.
struct old_consumer {
    std::string client = "client";
    std::string id;
    std::optional<std::string> instance;
    /// It keeps what it has while it joins again.
    bool cooperative = true;
    std::int32_t generation = -1;
    std::map<std::string, std::vector<std::int32_t>> owned;
};

/// One coordinator and consumers of both protocols.
class mixed_world : public consumer_world {
public:
    using consumer_world::consumer_world;

    static slice subscription(const old_consumer& of, const std::string& topic = "t") {
        kafka::consumer_protocol_subscription said;
        said.topics = {topic};
        for (const auto& [topic, indexes] : of.owned)
            if (of.cooperative)
                said.owned_partitions.push_back({topic, indexes});
        kafka::wire_writer out;
        out.int16(1);
        said.encode(out, 1);
        return out.finish_contiguous();
    }
    static slice assignment(std::vector<std::int32_t> indexes, const std::string& added = {}) {
        kafka::consumer_protocol_assignment given;
        given.assigned_partitions.push_back({"t", std::move(indexes)});
        if (!added.empty())
            given.user_data = slice::copy_of(added);
        kafka::wire_writer out;
        out.int16(1);
        given.encode(out, 1);
        return out.finish_contiguous();
    }
    join_request joining(const old_consumer& of) {
        auto request = group_world::joining({of.id, of.instance});
        request.client.client_id = of.client;
        request.protocols = {{"range", subscription(of)}};
        return request;
    }
    errc join(old_consumer& of) {
        const auto told = joined(ask(joining(of)));
        of.id = told.member_id;
        if (told.code == errc::ok)
            of.generation = told.generation.get();
        return told.code;
    }
    errc sync(old_consumer& of) {
        const auto told = synced(of.id, generation_id(of.generation));
        if (told.code != errc::ok)
            return told.code;
        of.owned.clear();
        kafka::wire_reader in(told.assignment);
        in.int16("version");
        auto given = kafka::consumer_protocol_assignment::decode(in, 1);
        EXPECT_TRUE(given.has_value());
        for (auto& topic : given->assigned_partitions)
            of.owned[topic.topic] = topic.partitions;
        return told.code;
    }
    using consumer_world::beat;
    errc beat(const old_consumer& of) { return heartbeat({of.id, of.instance}, of.generation); }
    /// One round of what a consumer does.
    void follow(old_consumer& of) {
        const auto code = of.generation < 0 ? errc::rebalance_in_progress : beat(of);
        if (code == errc::ok)
            return;
        if (code != errc::rebalance_in_progress || !of.cooperative)
            of.owned.clear();
        if (code == errc::unknown_member_id || code == errc::fenced_instance_id)
            of.id.clear();
        if (code != errc::rebalance_in_progress)
            of.generation = -1;
        else if (join(of) == errc::ok)
            sync(of);
    }
    static std::size_t count(const old_consumer& of) {
        std::size_t all = 0;
        for (const auto& [topic, indexes] : of.owned)
            all += indexes.size();
        return all;
    }
};

} // namespace barnabas::group
