#include "actors/connection/partition_questions.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"

namespace barnabas {

namespace {

class epoch_ends final : public partition_questions<kafka::offset_for_leader_epoch_response> {
public:
    using partition_questions::partition_questions;

    void refuse(std::uint32_t index, errc code) override {
        epoch_query_response answer;
        answer.code = code;
        settle(index, answer);
    }
    void on_epoch_query_response(std::uint32_t index, const epoch_query_response& answer) override {
        settle(index, answer);
        respond_if_complete();
    }

private:
    void settle(std::uint32_t index, const epoch_query_response& answer) {
        if (auto* entry = take(index)) {
            entry->error_code = wire_code(answer.code);
            entry->leader_epoch = answer.epoch.get();
            entry->end_offset = answer.end_offset.get();
        }
    }
};

} // namespace

result<void> handle_offset_for_leader_epoch(connection& self, request_context context,
                                            kafka::wire_reader& body) {
    auto request = decode_body<kafka::offset_for_leader_epoch_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<epoch_ends>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        waiting->add_topic().topic = wanted.topic;
        const bool allowed =
            self.allowed(context, acl_operation::describe, resource_type::topic, wanted.topic);
        const auto* topic = image->find_topic(wanted.topic);
        for (const auto& partition : wanted.partitions) {
            waiting->add_partition().partition = partition.partition;
            if (!allowed) {
                waiting->refuse(waiting->newest(), errc::topic_authorization_failed);
                continue;
            }
            const auto ask = [&](const topic_partition& where, std::uint64_t token) {
                epoch_query query;
                query.token = token;
                query.epoch = leader_epoch(partition.leader_epoch);
                query.current_leader_epoch = leader_epoch(partition.current_leader_epoch);
                return self.port().send(where, query);
            };
            ask_partition(self, *waiting, topic, partition.partition, ask);
        }
    }
    return await_answers(self, std::move(waiting), self.request_timeout());
}

} // namespace barnabas
