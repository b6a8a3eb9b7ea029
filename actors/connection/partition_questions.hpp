#pragma once

#include "actors/connection/handlers.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace barnabas {

/// The topics of a response, and the partitions of a topic, however they are called.
template <class Response>
auto& topics_of(Response& response) {
    if constexpr (requires { response.topics; })
        return response.topics;
    else
        return response.responses;
}
template <class Topic>
auto& partitions_of(Topic& topic) {
    if constexpr (requires { topic.partitions; })
        return topic.partitions;
    else
        return topic.partition_responses;
}

/// A request that asks many partitions the same and collects the answers in the order of the request:
/// Produce, ListOffsets, OffsetForLeaderEpoch, DeleteRecords. The response has topics with partitions; every
/// partition is answered once, by its partition, by a refusal, or by the deadline.
template <class Response>
class partition_questions : public operation {
public:
    using operation::operation;

    auto& add_topic() { return topics_of(response_).emplace_back(); }
    /// Of the topic added last.
    auto& add_partition() {
        auto& topics = topics_of(response_);
        auto& partitions = partitions_of(topics.back());
        places_.push_back({topics.size() - 1, partitions.size(), false});
        ++open_;
        return partitions.emplace_back();
    }
    /// The number of the question about the partition added last.
    std::uint32_t newest() const { return static_cast<std::uint32_t>(places_.size()) - 1; }

    /// Answers with this error, unless it was answered before.
    virtual void refuse(std::uint32_t index, errc code) = 0;

    void on_timer() override {
        for (std::uint32_t index = 0; index < places_.size(); ++index)
            refuse(index, errc::request_timed_out);
        respond_if_complete();
    }
    /// True when it answered; then this is gone.
    bool respond_if_complete() {
        if (open_ != 0)
            return false;
        respond(response_);
        return true;
    }

protected:
    /// The place for the answer; null when there is one already.
    auto* take(std::uint32_t index) {
        auto& at = places_[index];
        auto& entry = partitions_of(topics_of(response_)[at.topic])[at.partition];
        if (std::exchange(at.answered, true))
            return static_cast<decltype(&entry)>(nullptr);
        --open_;
        return &entry;
    }
    bool is_answered(std::uint32_t index) const { return places_[index].answered; }

    /// All are answered.
    virtual void respond(const Response& response) { answer_with(owner(), number(), context(), response); }

private:
    struct place {
        std::size_t topic = 0;
        std::size_t partition = 0;
        bool answered = false;
    };

    Response response_;
    std::vector<place> places_;
    std::size_t open_ = 0;
};

/// Asks the partition that the newest question is about, if there is such a partition and it is here. `ask`
/// sends the question to where it is told; false when nobody is there.
template <class Questions, class Ask>
void ask_partition(connection& self, Questions& waiting, const topic_metadata* topic, std::int32_t partition,
                   const Ask& ask) {
    const auto index = waiting.newest();
    if (topic == nullptr || partition < 0 || static_cast<std::size_t>(partition) >= topic->partitions.size())
        return waiting.refuse(index, errc::unknown_topic_or_partition);
    const topic_partition where{topic->id, partition_index(partition)};
    if (!ask(where, waiting.token(index)))
        waiting.refuse(index, why_not_here(self, where));
}

/// After all questions: answers, or waits for the answers.
template <class Questions>
result<void> await_answers(connection& self, std::unique_ptr<Questions> waiting,
                           std::chrono::milliseconds patience) {
    if (!waiting->respond_if_complete())
        self.park(std::move(waiting), patience);
    return {};
}

} // namespace barnabas
