#pragma once

#include "actors/connection/handlers.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace barnabas {

/// A request that asks many partitions the same and collects the answers in the order of the request:
/// ListOffsets, OffsetForLeaderEpoch, DeleteRecords. The response has topics with partitions; every partition
/// is answered once, by its partition, by a refusal, or by the deadline.
template <class Response>
class partition_questions : public operation {
public:
    using operation::operation;
    using topic_answer = typename decltype(Response::topics)::value_type;
    using partition_answer = typename decltype(topic_answer::partitions)::value_type;

    topic_answer& add_topic() { return response_.topics.emplace_back(); }
    /// Of the topic added last. The number of the question is `count() - 1` from then on.
    partition_answer& add_partition() {
        auto& partitions = response_.topics.back().partitions;
        places_.push_back({response_.topics.size() - 1, partitions.size(), false});
        ++open_;
        return partitions.emplace_back();
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(places_.size()); }

    /// Answers with this error, unless it was answered before.
    virtual void refuse(std::uint32_t index, errc code) = 0;

    void on_timer() override {
        for (std::uint32_t index = 0; index < count(); ++index)
            refuse(index, errc::request_timed_out);
        respond_if_complete();
    }
    bool respond_if_complete() {
        if (open_ != 0)
            return false;
        answer_with(owner(), number(), context(), response_);
        return true;
    }

protected:
    /// The place for the answer; null when there is one already.
    partition_answer* take(std::uint32_t index) {
        auto& at = places_[index];
        if (std::exchange(at.answered, true))
            return nullptr;
        --open_;
        return &response_.topics[at.topic].partitions[at.partition];
    }

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

/// Asks the partition that question `index` is about, if the client may know of it and it is here. `ask`
/// sends the question to where it is told; false when nobody is there.
template <class Questions, class Ask>
void ask_partition(connection& self, Questions& waiting, const topic_metadata* topic, std::int32_t partition,
                   const Ask& ask) {
    const auto index = waiting.count() - 1;
    if (topic == nullptr || partition < 0 || static_cast<std::size_t>(partition) >= topic->partitions.size())
        return waiting.refuse(index, errc::unknown_topic_or_partition);
    const topic_partition where{topic->id, partition_index(partition)};
    if (!ask(where, waiting.token(index)))
        waiting.refuse(index, why_not_here(self, where));
}

/// After all questions: answers, or waits for the answers.
template <class Questions>
result<void> await_answers(connection& self, std::unique_ptr<Questions> waiting, std::int32_t timeout_ms) {
    if (waiting->respond_if_complete())
        return {};
    const std::uint64_t number = self.park(std::move(waiting)).number();
    self.set_deadline(number, std::chrono::milliseconds(timeout_ms));
    return {};
}

} // namespace barnabas
