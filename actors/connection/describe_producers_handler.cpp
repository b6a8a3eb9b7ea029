#include "actors/connection/partition_questions.hpp"
#include "protocol/kafka/describe_producers.hpp"

#include <utility>

namespace barnabas {

namespace {

class describe_producers final : public partition_questions<kafka::describe_producers_response> {
public:
    using partition_questions::partition_questions;

    void refuse(std::uint32_t index, errc code) override {
        if (auto* entry = take(index))
            entry->error_code = wire_code(code);
    }
    void on_producers_response(std::uint32_t index, const producers_response& answer) override {
        if (auto* entry = take(index)) {
            entry->error_code = wire_code(answer.code);
            for (const auto& known : answer.producers) {
                auto& one = entry->active_producers.emplace_back();
                one.producer_id = known.id.get();
                one.producer_epoch = known.epoch.get();
                one.last_sequence = known.last_sequence;
                one.last_timestamp = known.last_timestamp.get();
                one.coordinator_epoch = known.coordinator_epoch;
                one.current_txn_start_offset = known.transaction_start.get();
            }
        }
        respond_if_complete();
    }
};

} // namespace

result<void> handle_describe_producers(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_producers_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<describe_producers>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        waiting->add_topic().name = wanted.name;
        const bool allowed = self.allowed(context, acl_operation::read, resource_type::topic, wanted.name);
        const auto* topic = image->find_topic(wanted.name);
        for (const auto partition : wanted.partition_indexes) {
            waiting->add_partition().partition_index = partition;
            const auto ask = [&](const topic_partition& where, std::uint64_t token) {
                return self.port().send(where, producers_query{token});
            };
            if (allowed)
                ask_partition(self, *waiting, topic, partition, ask);
            else
                waiting->refuse(waiting->newest(), errc::topic_authorization_failed);
        }
    }
    return await_answers(self, std::move(waiting), self.request_timeout());
}

} // namespace barnabas
