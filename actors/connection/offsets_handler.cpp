#include "actors/connection/handlers.hpp"
#include "protocol/kafka/list_offsets.hpp"

#include <vector>

namespace barnabas {

namespace {

constexpr std::int8_t read_committed = 1;
constexpr std::int64_t earliest_local_timestamp = -4;
constexpr std::int64_t latest_tiered_timestamp = -5;
constexpr std::int64_t earliest_pending_upload_timestamp = -6;

/// Whether this version of ListOffsets has that special time. -3 and above are known to all, as in Kafka.
bool has_time(std::int16_t version, std::int64_t timestamp) {
    switch (timestamp) {
    case earliest_local_timestamp: return version >= 8;
    case latest_tiered_timestamp: return version >= 9;
    case earliest_pending_upload_timestamp: return version >= 11;
    default: return timestamp > earliest_local_timestamp;
    }
}

/// A ListOffsets request: each partition is asked, the answers are collected in the order of the request.
class list_offsets final : public operation {
public:
    using operation::operation;

    kafka::list_offsets_response& response() { return response_; }

    template <class Partition>
    std::uint32_t add(const Partition& asked) {
        auto& topic = response_.topics.back();
        auto& entry = topic.partitions.emplace_back();
        entry.partition_index = asked.partition_index;
        entry.offset = -1;
        entry.timestamp = -1;
        entry.leader_epoch = -1;
        places_.push_back({response_.topics.size() - 1, topic.partitions.size() - 1, asked.timestamp,
                           asked.max_num_offsets, false});
        ++open_;
        return static_cast<std::uint32_t>(places_.size() - 1);
    }

    void settle(std::uint32_t index, const offset_query_response& answer) {
        place& at = places_[index];
        if (at.answered)
            return;
        at.answered = true;
        --open_;
        auto& entry = response_.topics[at.topic].partitions[at.partition];
        entry.error_code = wire_code(answer.code);
        if (answer.code != errc::ok)
            return;
        if (context().version == 0) {
            const auto offset = offset_before(at, answer);
            if (offset.get() >= 0 && at.offsets_max > 0)
                entry.old_style_offsets.push_back(offset.get());
            return;
        }
        entry.offset = answer.offset.get();
        entry.timestamp = answer.timestamp.get();
        entry.leader_epoch = answer.epoch.get();
    }
    void settle(std::uint32_t index, errc code) {
        offset_query_response answer;
        answer.code = code;
        settle(index, answer);
    }

    void on_offset_query_response(std::uint32_t index, const offset_query_response& answer) override {
        settle(index, answer);
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
        std::int64_t timestamp = -1;
        std::int32_t offsets_max = 0;
        bool answered = false;
    };

    /// Version 0 asks where the records of before that time end, later ones for the first record from then
    /// on.
    static log_offset offset_before(const place& at, const offset_query_response& answer) {
        if (at.timestamp < 0)
            return answer.offset;
        if (answer.offset.get() < 0)
            return answer.high_watermark;
        return answer.offset > answer.log_start_offset ? answer.offset : log_offset(-1);
    }

    kafka::list_offsets_response response_;
    std::vector<place> places_;
    std::size_t open_ = 0;
};

template <class Partition>
void ask(connection& self, list_offsets& waiting, const topic_metadata* topic, const Partition& partition,
         bool committed_only) {
    const std::uint32_t index = waiting.add(partition);
    if (topic == nullptr || partition.partition_index < 0 ||
        static_cast<std::size_t>(partition.partition_index) >= topic->partitions.size())
        return waiting.settle(index, errc::unknown_topic_or_partition);
    if (!has_time(waiting.context().version, partition.timestamp))
        return waiting.settle(index, errc::unsupported_version);
    offset_query query;
    query.token = waiting.token(index);
    query.timestamp = timestamp_ms(partition.timestamp);
    query.committed_only = committed_only;
    query.current_leader_epoch = leader_epoch(partition.current_leader_epoch);
    const topic_partition where{topic->id, partition_index(partition.partition_index)};
    if (!self.port().send(where, query))
        waiting.settle(index, why_not_here(self, where));
}

} // namespace

result<void> handle_list_offsets(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::list_offsets_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<list_offsets>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        waiting->response().topics.emplace_back().name = wanted.name;
        const bool allowed =
            self.allowed(context, acl_operation::describe, resource_type::topic, wanted.name);
        const auto* topic = image->find_topic(wanted.name);
        for (const auto& partition : wanted.partitions) {
            if (allowed)
                ask(self, *waiting, topic, partition, request->isolation_level == read_committed);
            else
                waiting->settle(waiting->add(partition), errc::topic_authorization_failed);
        }
    }
    if (waiting->respond_if_complete())
        return {};
    const std::uint64_t number = self.park(std::move(waiting)).number();
    self.set_deadline(number, std::chrono::milliseconds(self.config().request_timeout_ms));
    return {};
}

} // namespace barnabas
