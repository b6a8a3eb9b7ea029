#include "actors/connection/handlers.hpp"
#include "protocol/kafka/describe_log_dirs.hpp"

#include <memory>

namespace barnabas {

namespace {

class describe_log_dirs final : public operation {
public:
    using operation::operation;

    void on_log_dirs_response(const log_dirs_response& answer) override {
        kafka::describe_log_dirs_response response;
        response.error_code = wire_code(answer.code);
        for (const auto& directory : answer.directories) {
            auto& entry = response.results.emplace_back();
            entry.error_code = wire_code(directory.code);
            entry.log_dir = directory.path;
            entry.total_bytes = directory.total_bytes;
            entry.usable_bytes = directory.free_bytes;
            entry.is_cordoned = directory.cordoned;
            for (const auto& partition : directory.partitions) {
                if (entry.topics.empty() || entry.topics.back().name != partition.topic)
                    entry.topics.emplace_back().name = partition.topic;
                auto& one = entry.topics.back().partitions.emplace_back();
                one.partition_index = partition.id.partition.get();
                one.partition_size = partition.bytes;
                one.offset_lag = partition.offset_lag;
                one.is_future_key = partition.is_future;
            }
        }
        answer_with(owner(), number(), context(), response);
    }
    void on_timer() override {
        log_dirs_response late;
        late.code = errc::request_timed_out;
        on_log_dirs_response(late);
    }
};

} // namespace

result<void> handle_describe_log_dirs(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_log_dirs_request>(body, context);
    if (!request)
        return request.failure();
    const bool allowed =
        self.allowed(context, acl_operation::describe, resource_type::cluster, "kafka-cluster");
    auto waiting = std::make_unique<describe_log_dirs>(self, self.current(), context);
    if (!allowed) {
        log_dirs_response refused;
        refused.code = errc::cluster_authorization_failed;
        waiting->on_log_dirs_response(refused);
        return {};
    }
    describe_log_dirs_request asked;
    if (request->topics) {
        asked.wanted.emplace();
        for (const auto& topic : *request->topics)
            (*asked.wanted)[topic.topic].insert(topic.partitions.begin(), topic.partitions.end());
    }
    asked.token = self.park(std::move(waiting), self.request_timeout()).token();
    self.port().send_broker(std::move(asked));
    return {};
}

} // namespace barnabas
