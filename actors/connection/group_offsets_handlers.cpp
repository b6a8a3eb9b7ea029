#include "actors/connection/group_question.hpp"
#include "protocol/kafka/offset_delete.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <map>
#include <optional>
#include <vector>

// OffsetFetch, which may ask about several groups, and OffsetDelete.
namespace barnabas {

namespace {

using offset_answer = group::offsets_response::partition;

constexpr std::int16_t first_with_errors_of_groups = 2;
constexpr std::int16_t first_of_several_groups = 8;
constexpr std::int16_t first_offset_fetch_with_topic_ids = 10;

/// In version 0 offsets lay in ZooKeeper, and where there was none, the node was unknown.
errc code_of(const offset_answer& answer, std::int16_t version) {
    return version == 0 && answer.code == errc::ok && answer.offset.get() < 0
               ? errc::unknown_topic_or_partition
               : answer.code;
}

template <class Partition>
void fill(Partition& entry, const offset_answer& answer, std::int16_t version) {
    entry.partition_index = answer.index.get();
    entry.error_code = wire_code(code_of(answer, version));
    entry.committed_offset = answer.offset.get();
    entry.committed_leader_epoch = answer.epoch.get();
    entry.metadata = answer.metadata;
}

/// What was asked about one group: in the response's order, with what is answered already.
struct asked_group {
    std::string name;
    errc code = errc::ok;
    /// Named by the client; the others are all that were committed.
    bool named = false;
    std::vector<offset_answer> partitions;
    /// Of `partitions`, those that the coordinator answers.
    std::vector<std::size_t> asked;
    std::map<std::string, topic_id, std::less<>> ids;
};

class offset_fetch final : public several_groups_question {
public:
    offset_fetch(connection& owner, std::uint64_t number, request_context context,
                 std::vector<asked_group> groups)
        : several_groups_question(owner, number, std::move(context)), groups_(std::move(groups)) {}

    std::size_t count() const override { return groups_.size(); }
    const std::string& name_of(std::uint32_t index) const override { return groups_[index].name; }

private:
    void settle(std::uint32_t index, errc code, const group::response_body& body) override {
        auto& of = groups_[index];
        of.code = code;
        if (code != errc::ok)
            return;
        const auto& answer = std::get<group::offsets_response>(body);
        of.code = answer.code;
        if (of.code != errc::ok)
            return;
        if (!of.named) {
            for (const auto& one : answer.partitions)
                if (owner().allowed(context(), acl_operation::describe, resource_type::topic, one.topic))
                    of.partitions.push_back(one);
            return;
        }
        for (std::size_t i = 0; i < of.asked.size(); ++i)
            of.partitions[of.asked[i]] = answer.partitions[i];
    }

    void respond() override {
        kafka::offset_fetch_response response;
        if (context().version >= first_of_several_groups) {
            for (const auto& of : groups_)
                fill_group(response.groups.emplace_back(), of);
        } else {
            fill_single(response, groups_.front());
        }
        answer_with(owner(), number(), context(), response);
    }

    /// Trouble of the group is told for each partition as well: old clients look only there (card GRP-15).
    template <class Topics>
    void fill_topics(Topics& topics, const asked_group& of) {
        for (const auto& partition : of.partitions) {
            if (topics.empty() || topics.back().name != partition.topic)
                topics.emplace_back().name = partition.topic;
            auto answer = partition;
            if (of.code != errc::ok) {
                answer = {};
                answer.topic = partition.topic;
                answer.index = partition.index;
                answer.code = of.code;
            }
            fill(topics.back().partitions.emplace_back(), answer, context().version);
        }
    }

    void fill_single(kafka::offset_fetch_response& response, const asked_group& of) {
        if (context().version >= first_with_errors_of_groups)
            response.error_code = wire_code(of.code);
        if (of.code == errc::ok || context().version < first_with_errors_of_groups)
            fill_topics(response.topics, of);
    }

    template <class Group>
    void fill_group(Group& entry, const asked_group& of) {
        entry.group_id = of.name;
        entry.error_code = wire_code(of.code);
        if (of.code != errc::ok)
            return;
        fill_topics(entry.topics, of);
        if (context().version < first_offset_fetch_with_topic_ids)
            return;
        auto image = owner().port().image();
        for (auto& topic : entry.topics) {
            const auto asked = of.ids.find(topic.name);
            const auto* known = image->find_topic(topic.name);
            topic.topic_id = asked != of.ids.end() ? asked->second
                             : known != nullptr    ? known->id
                                                   : topic_id{};
        }
    }

    std::vector<asked_group> groups_;
};

struct wanted_topic {
    std::string name;
    topic_id id;
    std::vector<std::int32_t> partitions;
};

struct wanted_group {
    std::string name;
    group::member_name who;
    group::generation_id member_epoch = group::no_generation;
    /// Absent for all.
    std::optional<std::vector<wanted_topic>> topics;
};

/// Every version as a list of groups.
std::vector<wanted_group> groups_of(kafka::offset_fetch_request&& request, std::int16_t version) {
    std::vector<wanted_group> groups;
    if (version < first_of_several_groups) {
        auto& one = groups.emplace_back();
        one.name = std::move(request.group_id);
        if (request.topics)
            one.topics.emplace();
        for (auto& topic : request.topics.value_or(decltype(request.topics)::value_type{}))
            one.topics->push_back({std::move(topic.name), {}, std::move(topic.partition_indexes)});
        return groups;
    }
    for (auto& group : request.groups) {
        auto& one = groups.emplace_back();
        one.name = std::move(group.group_id);
        one.who.member_id = group.member_id.value_or("");
        one.member_epoch = group::generation_id(group.member_epoch);
        if (!group.topics)
            continue;
        one.topics.emplace();
        for (auto& topic : *group.topics)
            one.topics->push_back(
                {std::move(topic.name), topic.topic_id, std::move(topic.partition_indexes)});
    }
    return groups;
}

/// Notes the partitions of one topic, and asks for those that exist and may be asked for.
void add_topic(connection& self, const request_context& context, wanted_topic wanted, asked_group& group,
               std::vector<group::named_partition>& question) {
    const bool by_id = context.version >= first_offset_fetch_with_topic_ids;
    errc code = errc::ok;
    if (by_id) {
        const auto* topic = self.port().image()->find_topic(wanted.id);
        wanted.name = topic != nullptr ? topic->name : to_string(wanted.id);
        code = topic != nullptr ? errc::ok : errc::unknown_topic_id;
        group.ids[wanted.name] = wanted.id;
    }
    if (code == errc::ok &&
        !self.allowed(context, acl_operation::describe, resource_type::topic, wanted.name))
        code = errc::topic_authorization_failed;
    for (const auto index : wanted.partitions) {
        auto& one = group.partitions.emplace_back();
        one.topic = wanted.name;
        one.index = partition_index(index);
        one.code = code;
        if (code != errc::ok)
            continue;
        group.asked.push_back(group.partitions.size() - 1);
        question.push_back({wanted.name, one.index});
    }
}

} // namespace

result<void> handle_offset_fetch(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::offset_fetch_request>(body, context);
    if (!request)
        return request.failure();
    const bool stable_only = request->require_stable;
    std::vector<asked_group> asked;
    std::vector<group::offsets_request> questions;
    for (auto& wanted : groups_of(std::move(*request), context.version)) {
        auto& group = asked.emplace_back();
        group.name = wanted.name;
        group.named = wanted.topics.has_value();
        auto& question = questions.emplace_back();
        question.who = std::move(wanted.who);
        question.member_epoch = wanted.member_epoch;
        question.stable_only = stable_only;
        if (!wanted.topics)
            continue;
        question.partitions.emplace();
        for (auto& topic : *wanted.topics)
            add_topic(self, context, std::move(topic), group, *question.partitions);
    }
    auto waiting = std::make_unique<offset_fetch>(self, self.current(), context, std::move(asked));
    return ask_groups(self, std::move(waiting), acl_operation::describe, std::move(questions));
}

namespace {

class offset_delete final : public single_group_question<group::delete_offsets_response> {
public:
    offset_delete(connection& owner, std::uint64_t number, request_context context,
                  kafka::offset_delete_request request)
        : single_group_question(owner, number, std::move(context)), request_(std::move(request)) {}

    /// Those that exist, in the order of the request; the others are answered here.
    std::vector<group::named_partition> wanted() {
        std::vector<group::named_partition> all;
        auto image = owner().port().image();
        for (const auto& topic : request_.topics) {
            const auto* known = image->find_topic(topic.name);
            const bool allowed =
                owner().allowed(context(), acl_operation::read, resource_type::topic, topic.name);
            for (const auto& partition : topic.partitions) {
                const auto index = partition.partition_index;
                const bool exists = known != nullptr && index >= 0 &&
                                    static_cast<std::size_t>(index) < known->partitions.size();
                codes_.push_back(!allowed ? errc::topic_authorization_failed
                                 : exists ? errc::ok
                                          : errc::unknown_topic_or_partition);
                if (codes_.back() == errc::ok)
                    all.push_back({topic.name, partition_index(index)});
            }
        }
        return all;
    }

protected:
    void respond(const group::delete_offsets_response& answer) override {
        kafka::offset_delete_response response;
        response.error_code = wire_code(answer.code);
        std::size_t next = 0;
        std::size_t next_asked = 0;
        for (const auto& topic : request_.topics) {
            if (answer.code != errc::ok)
                break;
            auto& entry = response.topics.emplace_back();
            entry.name = topic.name;
            for (const auto& partition : topic.partitions) {
                const errc here = codes_[next++];
                auto& one = entry.partitions.emplace_back();
                one.partition_index = partition.partition_index;
                one.error_code = wire_code(here != errc::ok ? here : answer.partitions[next_asked++]);
            }
        }
        answer_with(owner(), number(), context(), response);
    }

private:
    kafka::offset_delete_request request_;
    std::vector<errc> codes_;
};

} // namespace

result<void> handle_offset_delete(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::offset_delete_request>(body, context);
    if (!request)
        return request.failure();
    auto name = request->group_id;
    auto waiting = std::make_unique<offset_delete>(self, self.current(), context, std::move(*request));
    group::delete_offsets_request question{waiting->wanted()};
    ask_one(self, std::move(waiting), acl_operation::remove, {0, std::move(name), std::move(question)},
            self.request_timeout());
    return {};
}

} // namespace barnabas
