#include "actors/connection/partition_questions.hpp"
#include "actors/connection/produce_batch.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/batch/batch_fault.hpp"
#include "protocol/batch/refused_records.hpp"
#include "protocol/kafka/produce.hpp"
#include "protocol/kafka/record_formats.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

constexpr std::int16_t first_produce_with_storage_error = 4;

/// For a sentence that tells of the first.
std::string how_many(const std::vector<batch::refused_record>& refused) {
    if (refused.size() < 2)
        return {};
    const bool all_named = refused.size() < batch::refused_records_max;
    return "; " + std::string(all_named ? "" : "at least ") + std::to_string(refused.size()) +
           " records of the batch are refused";
}

/// A Produce request: its batches are with their partitions, the answers are collected here.
class produce final : public partition_questions<kafka::produce_response> {
public:
    produce(connection& owner, std::uint64_t number, request_context context, std::int16_t acks,
            std::size_t request_bytes)
        : partition_questions(owner, number, std::move(context)), budget_(request_bytes), acks_(acks) {}

    unpacking_budget& budget() { return budget_; }
    /// Counted when they are stored.
    void set_converted(std::uint32_t index, std::uint32_t records) {
        converted_.resize(index + 1);
        converted_[index] = records;
    }

    void settle(std::uint32_t index, const append_response& answer) {
        auto* entry = take(index);
        if (entry == nullptr)
            return;
        // A batch that was stored before is a success for the client, with the offset it has (KIP-98).
        entry->error_code = wire_code(answer.code, context().version, first_produce_with_storage_error);
        entry->base_offset = answer.base_offset.get();
        entry->log_append_time_ms = answer.log_append_time.get();
        entry->log_start_offset = answer.log_start_offset.get();
        if (answer.code != errc::ok && !answer.detail.empty())
            entry->error_message = answer.detail + how_many(answer.refused);
        for (const auto& one : answer.refused) {
            auto& named = entry->record_errors.emplace_back();
            named.batch_index = one.index;
            if (!one.why.empty())
                named.batch_index_error_message = one.why;
        }
        failed_ = failed_ || answer.code != errc::ok;
        if (answer.code != errc::ok)
            owner().port().part_refused(kafka::api_key::produce);
        if (answer.code == errc::ok && index < converted_.size() && converted_[index] != 0)
            owner().port().converted(context(), converted_[index]);
    }
    /// Called when the time is over; what is refused at once says why.
    void refuse(std::uint32_t index, errc code) override {
        append_response answer;
        answer.code = code;
        answer.detail = "the records were not on stable storage within the request's timeout";
        settle(index, answer);
    }

    void on_append_response(std::uint32_t index, const append_response& answer) override {
        if (owner().options().planted.answers_in_order_of_arrival)
            for (index = 0; is_answered(index);)
                ++index;
        settle(index, answer);
        respond_if_complete();
    }

    void on_timer() override {
        BARNABAS_MARK(produce_timed_out);
        partition_questions::on_timer();
    }

private:
    void respond(const kafka::produce_response& response) override {
        if (acks_ != 0) {
            answer_with(owner(), number(), context(), response);
        } else if (BARNABAS_MARK_IF(failed_, produce_without_acks_failed)) {
            // There is no response to carry the error, so the close tells the client to refresh its metadata.
            owner().fail({errc::invalid_request, "a produce request with acks=0 could not be stored"});
        } else {
            owner().answer_nothing(number());
        }
    }

    unpacking_budget budget_;
    std::int16_t acks_;
    bool failed_ = false;
    /// By the number of the question; empty for all but producers before Kafka 0.11.
    std::vector<std::uint32_t> converted_;
};

append_response refused(errc code, std::string detail) {
    append_response answer;
    answer.code = code;
    answer.detail = std::move(detail);
    return answer;
}

append_response refused(const error& why) {
    return refused(why.code, why.detail);
}

/// The topic that a request names, by name or by id as its version has it.
template <class Topic>
result<const topic_metadata*> find_topic(connection& self, const request_context& context,
                                         const metadata_image& image, const Topic& wanted) {
    constexpr std::int16_t first_version_with_ids = 13;
    const bool by_id = context.version >= first_version_with_ids;
    const auto* topic = by_id ? image.find_topic(wanted.topic_id) : image.find_topic(wanted.name.text());
    const std::string_view name = topic != nullptr ? topic->name : wanted.name.text();
    if (!self.allowed(context, acl_operation::write, resource_type::topic, name))
        return error{errc::topic_authorization_failed, "not allowed to write to topic " + std::string(name)};
    if (topic == nullptr && by_id)
        return error{errc::unknown_topic_id, "no topic has id " + to_string(wanted.topic_id)};
    if (topic == nullptr)
        return error{errc::unknown_topic_or_partition, "no topic is named " + std::string(name)};
    return topic;
}

void count_fault(connection_port& port, errc code, batch::batch_fault fault, std::size_t bytes) {
    if (code == errc::message_too_large)
        port.batch_too_large(bytes);
    if (fault != batch::batch_fault::other)
        port.batch_faulty(fault);
}

std::vector<batch::refused_record> without_keys(connection& self, const slice& records) {
    auto batches = batch::split_batches(records);
    if (!batches || batches->size() != 1)
        return {};
    return batch::find_refused(batches->front(), batch::complaint_without_key, self.options().workspace);
}

struct named_partition {
    const topic_metadata& topic;
    std::int32_t index;
};

/// Counts and reports it, and says what the client is told of it.
append_response refused_batch(connection& self, const named_partition& where, const slice& records,
                              const error& why, bool old) {
    const auto fault = batch::fault_of(why, records.bytes());
    count_fault(self.port(), why.code, fault, records.size());
    self.port().report("produce_refused",
                       where.topic.name + "-" + std::to_string(where.index) + ": " + to_string(why));
    auto answer = refused(why);
    // Producers of old message sets cannot be told.
    if (fault == batch::batch_fault::no_key && !old)
        answer.refused = without_keys(self, records);
    return answer;
}

template <class Partition>
void append_partition(connection& self, produce& waiting, const topic_metadata& topic,
                      const Partition& partition, std::int16_t acks) {
    const std::uint32_t index = waiting.newest();
    if (partition.index < 0 || static_cast<std::size_t>(partition.index) >= topic.partitions.size())
        return waiting.settle(index, refused(errc::unknown_topic_or_partition,
                                             "topic " + topic.name + " has " +
                                                 std::to_string(topic.partitions.size()) + " partitions"));
    const auto in_sync = topic.partitions[static_cast<std::size_t>(partition.index)].isr.size();
    const auto wanted = self.port().config_of(topic).min_insync_replicas;
    constexpr std::int16_t acks_all = -1;
    if (acks == acks_all && std::cmp_less(in_sync, wanted))
        return waiting.settle(index, refused(errc::not_enough_replicas,
                                             "min.insync.replicas=" + std::to_string(wanted) + ", but only " +
                                                 std::to_string(in_sync) + " in sync"));
    const bool old = waiting.context().version < kafka::produce_with_batches;
    // Producers before 0.11 may send an empty set; there is nothing to store.
    if (old && partition.records && partition.records->empty())
        return waiting.settle(index, {});
    if (!partition.records || partition.records->empty())
        return waiting.settle(
            index, refused(errc::invalid_record, "the request holds no records for this partition"));
    auto checked = batch_to_store(self, waiting.context(), topic, *partition.records, waiting.budget());
    if (!checked)
        return waiting.settle(
            index, refused_batch(self, {topic, partition.index}, *partition.records, checked.failure(), old));
    const auto records = static_cast<std::uint64_t>(std::max(checked->batch.header.record_count, 0));
    const auto bytes = checked->batch.bytes.size();
    append_request message;
    message.token = waiting.token(index);
    message.acks = acks;
    message.batches.push_back(std::move(checked->batch));
    message.earliest = checked->earliest;
    if (checked->converted_records != 0)
        waiting.set_converted(index, checked->converted_records);
    const topic_partition where{topic.id, partition_index(partition.index)};
    if (!self.port().send(where, std::move(message)))
        return waiting.settle(index,
                              refused(why_not_here(self, where),
                                      "this node does not lead the partition, or could not open its log"));
    self.port().batch_taken(records, bytes);
    // Nobody will answer what asked for no answer.
    if (acks == 0)
        waiting.settle(index, {});
}

} // namespace

result<void> handle_produce(connection& self, request_context context, kafka::wire_reader& body) {
    const std::size_t request_bytes = body.remaining();
    auto request = decode_body<kafka::produce_request>(body, context);
    if (!request)
        return request.failure();
    const std::int16_t acks = request->acks;
    auto waiting = std::make_unique<produce>(self, self.current(), context, acks, request_bytes);
    auto image = self.port().image();
    for (const auto& wanted : request->topic_data) {
        auto& topic_entry = waiting->add_topic();
        topic_entry.name = wanted.name.text();
        topic_entry.topic_id = wanted.topic_id;
        std::optional<error> why;
        const topic_metadata* topic = nullptr;
        if (acks < -1 || acks > 1)
            why = error{errc::invalid_required_acks, "acks must be 0, 1 or -1 (all)"};
        else if (auto found = find_topic(self, context, *image, wanted); !found)
            why = found.failure();
        else if (group::is_internal_topic((*found)->name))
            why = error{errc::invalid_topic, "only the broker itself writes to '" + (*found)->name + "'"};
        else
            topic = *found;
        for (const auto& partition : wanted.partition_data) {
            waiting->add_partition().index = partition.index;
            if (topic == nullptr)
                waiting->settle(waiting->newest(), refused(*why));
            else
                append_partition(self, *waiting, *topic, partition, acks);
        }
    }
    // The timeout bounds the wait for replicas; a leader's own write is waited for in any case, as in Kafka.
    const std::chrono::milliseconds timeout(request->timeout_ms);
    const auto patience = acks == 1 ? std::max(timeout, self.request_timeout()) : timeout;
    return await_answers(self, std::move(waiting), patience);
}

} // namespace barnabas
