#include "actors/connection/handlers.hpp"
#include "protocol/kafka/delete_records.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace barnabas {

namespace {

/// Topics that the broker itself lives on.
bool is_internal(std::string_view topic) {
    constexpr std::array<std::string_view, 3> names{"__consumer_offsets", "__transaction_state",
                                                    "__share_group_state"};
    return std::find(names.begin(), names.end(), topic) != names.end();
}

/// A DeleteRecords request: each partition is asked, the answers are collected in the order of the request.
class delete_records final : public operation {
public:
    using operation::operation;

    void add_topic(const std::string& name) { response_.topics.emplace_back().name = name; }
    std::uint32_t add(std::int32_t partition) {
        auto& topic = response_.topics.back();
        auto& entry = topic.partitions.emplace_back();
        entry.partition_index = partition;
        entry.low_watermark = -1;
        places_.push_back({response_.topics.size() - 1, topic.partitions.size() - 1, false});
        ++open_;
        return static_cast<std::uint32_t>(places_.size() - 1);
    }

    void settle(std::uint32_t index, errc code, log_offset low_watermark = log_offset(-1)) {
        place& at = places_[index];
        if (at.answered)
            return;
        at.answered = true;
        --open_;
        auto& entry = response_.topics[at.topic].partitions[at.partition];
        entry.error_code = wire_code(code);
        entry.low_watermark = low_watermark.get();
    }

    void on_delete_records_response(std::uint32_t index, const delete_records_response& answer) override {
        settle(index, answer.code, answer.low_watermark);
        respond_if_complete();
    }
    void on_timer() override {
        for (std::uint32_t index = 0; index < places_.size(); ++index)
            settle(index, errc::request_timed_out);
        respond_if_complete();
    }
    bool respond_if_complete() {
        if (open_ != 0)
            return false;
        answer_with(owner(), number(), context(), response_);
        return true;
    }

private:
    struct place {
        std::size_t topic = 0;
        std::size_t partition = 0;
        bool answered = false;
    };

    kafka::delete_records_response response_;
    std::vector<place> places_;
    std::size_t open_ = 0;
};

template <class Partition>
void ask(connection& self, delete_records& waiting, const topic_metadata* topic, const Partition& partition) {
    const std::uint32_t index = waiting.add(partition.partition_index);
    if (topic == nullptr || partition.partition_index < 0 ||
        static_cast<std::size_t>(partition.partition_index) >= topic->partitions.size())
        return waiting.settle(index, errc::unknown_topic_or_partition);
    if (is_internal(topic->name))
        return waiting.settle(index, errc::invalid_topic);
    const topic_partition where{topic->id, partition_index(partition.partition_index)};
    if (!self.port().send(where, delete_records_request{waiting.token(index), log_offset(partition.offset)}))
        waiting.settle(index, why_not_here(self, where));
}

} // namespace

result<void> handle_delete_records(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::delete_records_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<delete_records>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        waiting->add_topic(wanted.name);
        const bool allowed = self.allowed(context, acl_operation::remove, resource_type::topic, wanted.name);
        const auto* topic = image->find_topic(wanted.name);
        for (const auto& partition : wanted.partitions) {
            if (allowed)
                ask(self, *waiting, topic, partition);
            else
                waiting->settle(waiting->add(partition.partition_index), errc::topic_authorization_failed);
        }
    }
    if (waiting->respond_if_complete())
        return {};
    const std::uint64_t number = self.park(std::move(waiting)).number();
    self.set_deadline(number, std::chrono::milliseconds(request->timeout_ms));
    return {};
}

} // namespace barnabas
