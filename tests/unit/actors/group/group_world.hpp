#pragma once

#include "actors/group/coordinator.hpp"
#include "protocol/batch/builder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::group {

using std::chrono::milliseconds;

/// One coordinator, its clock and what it wrote; answers are kept by ticket.
class group_world {
public:
    explicit group_world(group_options wanted = {})
        : options(wanted), machine(std::make_unique<coordinator>(options, runtime::random(1), topics)) {
        run([&](turn& now) { machine->on_loaded(now); });
    }

    template <class Step>
    void run(const Step& step) {
        effects out;
        turn now{clock, wall, out};
        step(now);
        for (auto& record : out.records)
            log.push_back(std::move(record));
        for (auto& rebalance : out.rebalances)
            rebalances.push_back(std::move(rebalance));
        for (auto& answer : out.answers) {
            EXPECT_TRUE(answers.emplace(answer.ticket, std::move(answer.body)).second) << "answered twice";
        }
    }
    request_ticket ask(request_body body, const std::string& name = "g") {
        const auto ticket = ++tickets;
        run([&](turn& now) { machine->on_request({0, name, std::move(body)}, ticket, now); });
        return ticket;
    }
    /// What is due on the way is handled at its time.
    void pass(milliseconds time) {
        const auto until = later(clock, time);
        while (machine->next_timer() && *machine->next_timer() <= until) {
            move_to(std::max(clock, *machine->next_timer()));
            run([&](turn& now) { machine->on_time(now); });
        }
        move_to(until);
    }
    bool answered(request_ticket ticket) const { return answers.contains(ticket); }
    template <class Body>
    Body take(request_ticket ticket) {
        const auto found = answers.find(ticket);
        if (found == answers.end()) {
            ADD_FAILURE() << "request " << ticket << " has no answer";
            return {};
        }
        auto body = std::get<Body>(std::move(found->second));
        answers.erase(found);
        return body;
    }

    static join_request joining(member_name who = {}, const std::string& subscription = "s") {
        join_request request;
        request.client = {"client", "/127.0.0.1"};
        request.who = std::move(who);
        request.session_timeout = milliseconds(10'000);
        request.rebalance_timeout = milliseconds(60'000);
        request.protocol_type = "consumer";
        request.protocols = {{"range", slice::copy_of(subscription)}};
        return request;
    }
    join_response joined(request_ticket ticket) { return take<join_response>(ticket); }
    /// The first member of an empty group, joined and synced.
    std::string stable_with_one(std::optional<std::string> instance = {}) {
        const auto ticket = ask(joining({"", std::move(instance)}));
        pass(options.initial_rebalance_delay);
        const auto member = joined(ticket);
        EXPECT_EQ(member.code, errc::ok);
        EXPECT_EQ(
            synced(member.member_id, member.generation, {{member.member_id, slice::copy_of("mine")}}).code,
            errc::ok);
        return member.member_id;
    }
    /// Two members of a stable group, the leader first.
    std::pair<std::string, std::string> stable_with_two() {
        const auto one = ask(joining());
        const auto two = ask(joining());
        pass(2 * options.initial_rebalance_delay);
        const auto first = joined(one);
        const auto second = joined(two);
        const auto leader = first.leader;
        const auto other = first.member_id == leader ? second.member_id : first.member_id;
        const auto waiting = ask(sync_request{{other, {}}, first.generation, {}, {}, {}});
        EXPECT_FALSE(answered(waiting));
        synced(leader, first.generation, {{leader, slice::copy_of("L")}, {other, slice::copy_of("O")}});
        EXPECT_EQ(take<sync_response>(waiting).assignment.text(), "O");
        return {leader, other};
    }
    sync_response synced(const std::string& member, generation_id generation,
                         std::vector<member_assignment> assignments = {}) {
        return take<sync_response>(
            ask(sync_request{{member, {}}, generation, {}, {}, std::move(assignments)}));
    }
    errc heartbeat(const member_name& who, std::int32_t generation) {
        return take<heartbeat_response>(ask(heartbeat_request{who, generation_id(generation)})).code;
    }
    errc leave(const member_name& who, const std::string& reason = {}) {
        return take<leave_response>(ask(leave_request{{{who, reason}}})).members.at(0);
    }
    describe_response describe(const std::string& name = "g") {
        return take<describe_response>(ask(describe_request{}, name));
    }

    commit_response commit(const std::string& topic, std::int64_t offset, const member_name& who = {},
                           std::int32_t generation = -1, const std::string& name = "g") {
        commit_request request;
        request.who = who;
        request.generation = generation_id(generation);
        commit_request::partition one;
        one.topic = topic;
        if (const auto* known = topics->find_topic(topic))
            one.id = known->id;
        one.offset = log_offset(offset);
        request.partitions.push_back(one);
        return take<commit_response>(ask(std::move(request), name));
    }
    std::int64_t committed(const std::string& topic, const std::string& name = "g") {
        offsets_request request;
        request.partitions = {{topic, partition_index(0)}};
        return take<offsets_response>(ask(request, name)).partitions.at(0).offset.get();
    }

    /// Topics that are there from now on, with so many partitions; 0 for no more.
    void set_topics(const std::map<std::string, int>& wanted) {
        auto next = std::make_shared<metadata_image>(*topics);
        next->applied = topics->applied + 1;
        for (const auto& [name, count] : wanted) {
            auto& topic = next->topics[name];
            topic.name = name;
            topic.id = id_of(name);
            topic.partitions.resize(static_cast<std::size_t>(count));
            next->topic_names[topic.id] = name;
            if (count != 0)
                continue;
            next->topic_names.erase(topic.id);
            next->topics.erase(name);
        }
        topics = next;
        machine->on_topics(topics);
    }
    /// Under another id.
    void make_again(const std::string& name) {
        set_topics({{name, 0}});
        set_topics({{name, 1}});
        auto next = std::make_shared<metadata_image>(*topics);
        auto& topic = next->topics[name];
        next->topic_names.erase(topic.id);
        topic.id.bytes.back() = 1;
        next->topic_names[topic.id] = name;
        topics = next;
        machine->on_topics(topics);
    }
    static topic_id id_of(const std::string& name) {
        topic_id id;
        for (std::size_t i = 0; i < name.size() && i < id.bytes.size(); ++i)
            id.bytes[i] = static_cast<std::uint8_t>(name[i]);
        return id;
    }

    /// Another coordinator that has read what this one wrote; of the first `cleaned` records what compaction
    /// leaves of them: the last one of each key, and none that deletes.
    void reload(std::size_t cleaned = 0) {
        machine = std::make_unique<coordinator>(options, runtime::random(2), topics);
        std::map<std::vector<std::byte>, std::size_t> last;
        for (std::size_t i = 0; i < cleaned; ++i)
            last[encode(log[i]).key] = i;
        for (std::size_t i = 0; i < log.size(); ++i) {
            const auto encoded = encode(log[i]);
            if (i < cleaned && (last[encoded.key] != i || !encoded.value))
                continue;
            batch::batch_builder builder;
            builder.append(wall, std::span<const std::byte>(encoded.key),
                           encoded.value ? batch::optional_bytes(std::span<const std::byte>(*encoded.value))
                                         : std::nullopt);
            const auto batches = batch::split_batches(builder.build());
            const auto replayed = machine->replay(batches->front(), nullptr);
            ASSERT_TRUE(replayed.has_value()) << to_string(replayed.failure());
        }
        run([&](turn& now) { machine->on_loaded(now); });
    }

    group_options options;
    metadata_image_ptr topics = std::make_shared<const metadata_image>();
    std::unique_ptr<coordinator> machine;
    monotonic_ns clock{1'000'000'000};
    timestamp_ms wall{1'700'000'000'000};
    std::vector<group_record> log;
    std::vector<effects::rebalance> rebalances;
    std::map<request_ticket, response_body> answers;
    request_ticket tickets = 0;

private:
    void move_to(monotonic_ns time) {
        nanoseconds_ += time - clock;
        wall = wall + nanoseconds_ / 1'000'000;
        nanoseconds_ %= 1'000'000;
        clock = time;
    }
    std::int64_t nanoseconds_ = 0;
};

} // namespace barnabas::group
