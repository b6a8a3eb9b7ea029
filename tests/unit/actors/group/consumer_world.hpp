#pragma once

#include "tests/unit/actors/group/group_world.hpp"

#include <algorithm>

namespace barnabas::group {

inline partitions_by_topic parts(const std::map<std::string, std::vector<int>>& wanted) {
    partitions_by_topic all;
    for (const auto& [name, indexes] : wanted)
        for (const int index : indexes)
            all[group_world::id_of(name)].emplace_back(index);
    return all;
}

inline std::size_t count_of(const partitions_by_topic& all) {
    std::size_t count = 0;
    for (const auto& [topic, indexes] : all)
        count += indexes.size();
    return count;
}

/// A consumer that follows the protocol as far as its last answer goes.
struct consumer {
    std::string id;
    std::optional<std::string> instance;
    std::vector<std::string> topics{"t"};
    std::optional<std::string> pattern;
    std::int32_t epoch = 0;
    partitions_by_topic owned;
    /// What it was told to own.
    partitions_by_topic wanted;
    /// The next heartbeat says everything.
    bool tells_all = true;

    void let_go() {
        partitions_by_topic kept;
        for (const auto& [topic, indexes] : owned)
            for (const auto index : indexes)
                if (contains(wanted, topic, index))
                    kept[topic].push_back(index);
        owned = kept;
    }
};

/// One coordinator and consumers of the new protocol.
class consumer_world : public group_world {
public:
    explicit consumer_world(group_options wanted = {}) : group_world(wanted) { set_topics({{"t", 4}}); }

    consumer_heartbeat_request request_of(const consumer& of) const {
        consumer_heartbeat_request request;
        request.client = {"client", "/127.0.0.1"};
        request.who = {of.id, of.instance};
        request.names_itself = true;
        request.epoch = member_epoch(of.epoch);
        request.owned = of.owned;
        if (of.epoch != 0 && !of.tells_all)
            return request;
        request.rebalance_timeout = milliseconds(60'000);
        request.topics = of.topics;
        request.pattern = of.pattern;
        return request;
    }
    consumer_heartbeat_response beat(const consumer_heartbeat_request& request) {
        return take<consumer_heartbeat_response>(ask(request));
    }
    /// One heartbeat, with what comes of it. Partitions to give up are given up after it.
    consumer_heartbeat_response beat(consumer& of) {
        if (of.epoch == 0)
            of.owned.clear();
        const auto told = beat(request_of(of));
        hear(of, told);
        return told;
    }
    static void hear(consumer& of, const consumer_heartbeat_response& told) {
        if (told.code == errc::fenced_member_epoch || told.code == errc::unknown_member_id ||
            told.code == errc::group_id_not_found) {
            of.owned.clear();
            of.wanted.clear();
            of.epoch = 0;
        }
        if (told.code != errc::ok)
            return;
        of.tells_all = false;
        of.epoch = told.epoch.get();
        if (told.assignment)
            of.wanted = *told.assignment;
        of.let_go();
        if (told.assignment)
            of.owned = of.wanted;
    }
    consumer joined_as(const std::string& id, std::optional<std::string> instance = {}) {
        consumer made;
        made.id = id;
        made.instance = std::move(instance);
        EXPECT_EQ(beat(made).code, errc::ok);
        return made;
    }
    /// Heartbeats of all until nothing moves any more.
    void settle(const std::vector<consumer*>& all, int rounds = 6) {
        for (int i = 0; i < rounds; ++i)
            for (auto* one : all)
                beat(*one);
    }
    consumer_describe_response shown() {
        return take<consumer_describe_response>(ask(consumer_describe_request{}));
    }
    using group_world::leave;
    consumer_heartbeat_response leave(consumer& of, member_epoch how = leaving_epoch) {
        auto request = request_of(of);
        request.epoch = how;
        const auto told = beat(request);
        of.epoch = 0;
        of.owned.clear();
        of.wanted.clear();
        of.tells_all = true;
        return told;
    }
};

} // namespace barnabas::group
