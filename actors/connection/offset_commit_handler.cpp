#include "actors/connection/group_question.hpp"
#include "protocol/kafka/offset_commit.hpp"

#include <vector>

namespace barnabas {

namespace {

constexpr std::int16_t first_commit_with_topic_ids = 10;
constexpr std::int16_t first_with_group_errors = 9;

/// Topics that are not there are answered here; the rest goes to the coordinator in the order of the request.
class offset_commit final : public single_group_question<group::commit_response> {
public:
    using single_group_question::single_group_question;
    using topic_answer = kafka::offset_commit_response::offset_commit_response_topic;

    topic_answer& add_topic() { return response_.topics.emplace_back(); }
    void refuse(std::int32_t partition, errc code) {
        auto& entry = response_.topics.back().partitions.emplace_back();
        entry.partition_index = partition;
        entry.error_code = wire_code(code);
    }
    /// The coordinator answers this one.
    void await(std::int32_t partition) {
        refuse(partition, errc::ok);
        asked_.push_back({response_.topics.size() - 1, response_.topics.back().partitions.size() - 1});
    }

protected:
    void respond(const group::commit_response& answer) override {
        for (std::size_t i = 0; i < asked_.size(); ++i)
            response_.topics[asked_[i].topic].partitions[asked_[i].partition].error_code =
                wire_code(told(answer.code != errc::ok ? answer.code : answer.partitions[i]));
        answer_with(owner(), number(), context(), response_);
    }

private:
    /// The coordinator knows topics by name.
    errc told(errc code) {
        const bool by_id = context().version >= first_commit_with_topic_ids;
        return by_id && code == errc::unknown_topic_or_partition ? errc::unknown_topic_id : code;
    }

    struct place {
        std::size_t topic = 0;
        std::size_t partition = 0;
    };
    kafka::offset_commit_response response_;
    std::vector<place> asked_;
};

template <class Partition>
group::commit_request::partition translated(const topic_metadata& topic, const Partition& wanted) {
    group::commit_request::partition one;
    one.topic = topic.name;
    one.id = topic.id;
    one.index = partition_index(wanted.partition_index);
    one.offset = log_offset(wanted.committed_offset);
    one.epoch = leader_epoch(wanted.committed_leader_epoch);
    one.metadata = wanted.committed_metadata.value_or("");
    one.committed_at = timestamp_ms(wanted.commit_timestamp);
    return one;
}

} // namespace

result<void> handle_offset_commit(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::offset_commit_request>(body, context);
    if (!request)
        return request.failure();
    const bool by_id = context.version >= first_commit_with_topic_ids;
    group::commit_request question;
    question.who = {std::move(request->member_id), std::move(request->group_instance_id)};
    question.generation = group::generation_id(request->generation_id_or_member_epoch);
    question.knows_group_errors = context.version >= first_with_group_errors;
    if (request->retention_time_ms >= 0)
        question.retention = std::chrono::milliseconds(request->retention_time_ms);
    auto waiting = std::make_unique<offset_commit>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        auto& entry = waiting->add_topic();
        entry.name = wanted.name;
        entry.topic_id = wanted.topic_id;
        const auto* topic = by_id ? image->find_topic(wanted.topic_id) : image->find_topic(wanted.name);
        const bool allowed =
            topic == nullptr || self.allowed(context, acl_operation::read, resource_type::topic, topic->name);
        for (const auto& partition : wanted.partitions) {
            const auto index = partition.partition_index;
            if (!allowed)
                waiting->refuse(index, errc::topic_authorization_failed);
            else if (topic == nullptr)
                waiting->refuse(index, by_id ? errc::unknown_topic_id : errc::unknown_topic_or_partition);
            else if (index < 0 || static_cast<std::size_t>(index) >= topic->partitions.size())
                waiting->refuse(index, errc::unknown_topic_or_partition);
            else {
                waiting->await(index);
                question.partitions.push_back(translated(*topic, partition));
            }
        }
    }
    if (question.partitions.empty() && !request->topics.empty()) {
        waiting->take(0, errc::ok, group::commit_response{});
        return {};
    }
    ask_one(self, std::move(waiting), acl_operation::read,
            {0, std::move(request->group_id), std::move(question)}, self.request_timeout());
    return {};
}

} // namespace barnabas
