#include "actors/connection/handlers.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"

#include <vector>

namespace barnabas {

namespace {

/// An OffsetForLeaderEpoch request: each partition is asked, the answers are collected in the order of the
/// request.
class epoch_ends final : public operation {
public:
    using operation::operation;

    void add_topic(const std::string& name) { response_.topics.emplace_back().topic = name; }
    std::uint32_t add(std::int32_t partition) {
        auto& topic = response_.topics.back();
        topic.partitions.emplace_back().partition = partition;
        places_.push_back({response_.topics.size() - 1, topic.partitions.size() - 1, false});
        ++open_;
        return static_cast<std::uint32_t>(places_.size() - 1);
    }

    void settle(std::uint32_t index, const epoch_query_response& answer) {
        place& at = places_[index];
        if (at.answered)
            return;
        at.answered = true;
        --open_;
        auto& entry = response_.topics[at.topic].partitions[at.partition];
        entry.error_code = wire_code(answer.code);
        entry.leader_epoch = answer.epoch.get();
        entry.end_offset = answer.end_offset.get();
    }
    void settle(std::uint32_t index, errc code) {
        epoch_query_response answer;
        answer.code = code;
        settle(index, answer);
    }

    void on_epoch_query_response(std::uint32_t index, const epoch_query_response& answer) override {
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
        bool answered = false;
    };

    kafka::offset_for_leader_epoch_response response_;
    std::vector<place> places_;
    std::size_t open_ = 0;
};

template <class Partition>
void ask(connection& self, epoch_ends& waiting, const topic_metadata* topic, const Partition& partition) {
    const std::uint32_t index = waiting.add(partition.partition);
    if (topic == nullptr || partition.partition < 0 ||
        static_cast<std::size_t>(partition.partition) >= topic->partitions.size())
        return waiting.settle(index, errc::unknown_topic_or_partition);
    epoch_query query;
    query.token = waiting.token(index);
    query.epoch = leader_epoch(partition.leader_epoch);
    query.current_leader_epoch = leader_epoch(partition.current_leader_epoch);
    const topic_partition where{topic->id, partition_index(partition.partition)};
    if (!self.port().send(where, query))
        waiting.settle(index, why_not_here(self, where));
}

} // namespace

result<void> handle_offset_for_leader_epoch(connection& self, request_context context,
                                            kafka::wire_reader& body) {
    auto request = decode_body<kafka::offset_for_leader_epoch_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<epoch_ends>(self, self.current(), context);
    auto image = self.port().image();
    for (const auto& wanted : request->topics) {
        waiting->add_topic(wanted.topic);
        const bool allowed =
            self.allowed(context, acl_operation::describe, resource_type::topic, wanted.topic);
        const auto* topic = image->find_topic(wanted.topic);
        for (const auto& partition : wanted.partitions) {
            if (allowed)
                ask(self, *waiting, topic, partition);
            else
                waiting->settle(waiting->add(partition.partition), errc::topic_authorization_failed);
        }
    }
    if (waiting->respond_if_complete())
        return {};
    const std::uint64_t number = self.park(std::move(waiting)).number();
    self.set_deadline(number, std::chrono::milliseconds(self.config().request_timeout_ms));
    return {};
}

} // namespace barnabas
