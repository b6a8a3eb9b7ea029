#include "actors/connection/partition_questions.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/delete_records.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace barnabas {

namespace {

class delete_records final : public partition_questions<kafka::delete_records_response> {
public:
    using partition_questions::partition_questions;

    void refuse(std::uint32_t index, errc code) override { settle(index, code, log_offset(-1)); }
    void on_delete_records_response(std::uint32_t index, const delete_records_response& answer) override {
        settle(index, answer.code, answer.low_watermark);
        respond_if_complete();
    }

private:
    void settle(std::uint32_t index, errc code, log_offset low_watermark) {
        if (auto* entry = take(index)) {
            entry->error_code = wire_code(code);
            entry->low_watermark = low_watermark.get();
        }
    }
};

} // namespace

result<void> handle_delete_records(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::delete_records_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<delete_records>(self, self.current(), context);
    auto image = self.port().image();
    // What is named twice would be deleted up to the larger offset, whichever was meant.
    std::set<std::pair<std::string_view, std::int32_t>> named;
    for (const auto& wanted : request->topics) {
        waiting->add_topic().name = wanted.name;
        const bool allowed = self.allowed(context, acl_operation::remove, resource_type::topic, wanted.name);
        const auto* topic = image->find_topic(wanted.name);
        for (const auto& partition : wanted.partitions) {
            waiting->add_partition().partition_index = partition.partition_index;
            const auto ask = [&](const topic_partition& where, std::uint64_t token) {
                return self.port().send(where, delete_records_request{token, log_offset(partition.offset)});
            };
            if (!allowed)
                waiting->refuse(waiting->newest(), errc::topic_authorization_failed);
            else if (topic != nullptr && group::is_internal_topic(wanted.name))
                waiting->refuse(waiting->newest(), errc::invalid_topic);
            else if (!named.emplace(wanted.name, partition.partition_index).second)
                waiting->refuse(waiting->newest(), errc::invalid_request);
            else
                ask_partition(self, *waiting, topic, partition.partition_index, ask);
        }
    }
    // The timeout bounds the wait for replicas; what the leader does itself is waited for in any case, as in
    // Kafka.
    const std::chrono::milliseconds timeout(request->timeout_ms);
    return await_answers(self, std::move(waiting), std::max(timeout, self.request_timeout()));
}

} // namespace barnabas
