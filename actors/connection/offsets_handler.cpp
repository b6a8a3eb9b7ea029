#include "actors/connection/partition_questions.hpp"
#include "protocol/kafka/list_offsets.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

constexpr std::int8_t read_committed = 1;
constexpr std::int64_t max_timestamp = -3;
constexpr std::int64_t earliest_local_timestamp = -4;
constexpr std::int64_t latest_tiered_timestamp = -5;
constexpr std::int64_t earliest_pending_upload_timestamp = -6;

/// Whether this version of ListOffsets has that special time.
bool has_time(std::int16_t version, std::int64_t timestamp) {
    switch (timestamp) {
    case max_timestamp: return version >= 7;
    case earliest_local_timestamp: return version >= 8;
    case latest_tiered_timestamp: return version >= 9;
    case earliest_pending_upload_timestamp: return version >= 11;
    default: return timestamp > max_timestamp;
    }
}

class list_offsets final : public partition_questions<kafka::list_offsets_response> {
public:
    using partition_questions::partition_questions;

    template <class Partition>
    void add(const Partition& asked) {
        auto& entry = add_partition();
        entry.partition_index = asked.partition_index;
        entry.offset = -1;
        entry.timestamp = -1;
        entry.leader_epoch = -1;
        asked_.push_back({asked.timestamp, asked.max_num_offsets});
    }

    void refuse(std::uint32_t index, errc code) override {
        offset_query_response answer;
        answer.code = code;
        settle(index, answer);
    }
    void on_offset_query_response(std::uint32_t index, const offset_query_response& answer) override {
        settle(index, answer);
        respond_if_complete();
    }

private:
    struct question {
        std::int64_t timestamp = -1;
        std::int32_t offsets_max = 0;
    };

    void settle(std::uint32_t index, const offset_query_response& answer) {
        auto* entry = take(index);
        if (entry == nullptr)
            return;
        entry->error_code = wire_code(answer.code);
        if (answer.code != errc::ok)
            return;
        if (context().version == 0) {
            const auto offset = offset_before(asked_[index], answer);
            if (offset.get() >= 0 && asked_[index].offsets_max > 0)
                entry->old_style_offsets.push_back(offset.get());
            return;
        }
        entry->offset = answer.offset.get();
        entry->timestamp = answer.timestamp.get();
        entry->leader_epoch = answer.epoch.get();
    }

    /// Version 0 asks where the records of before that time end, later ones for the first record from then
    /// on.
    static log_offset offset_before(const question& asked, const offset_query_response& answer) {
        if (asked.timestamp < 0)
            return answer.offset;
        if (answer.offset.get() < 0)
            return answer.high_watermark;
        return answer.offset > answer.log_start_offset ? answer.offset : log_offset(-1);
    }

    std::vector<question> asked_;
};

/// Which of a request's partitions are named more than once; all of them are refused, as by Kafka.
class repeated_partitions {
public:
    explicit repeated_partitions(const kafka::list_offsets_request& request) {
        for (const auto& topic : request.topics)
            for (const auto& partition : topic.partitions)
                ++times_[{topic.name, partition.partition_index}];
    }
    bool has(const std::string& topic, std::int32_t partition) const {
        return times_.at({topic, partition}) > 1;
    }

private:
    std::map<std::pair<std::string, std::int32_t>, int> times_;
};

template <class Partition>
void ask(connection& self, list_offsets& waiting, const topic_metadata* topic, const Partition& partition,
         bool committed_only) {
    const auto send = [&](const topic_partition& where, std::uint64_t token) {
        offset_query query;
        query.token = token;
        query.timestamp = timestamp_ms(partition.timestamp);
        query.committed_only = committed_only;
        query.current_leader_epoch = leader_epoch(partition.current_leader_epoch);
        return self.port().send(where, query);
    };
    if (!has_time(waiting.context().version, partition.timestamp))
        return waiting.refuse(waiting.newest(), errc::unsupported_version);
    ask_partition(self, waiting, topic, partition.partition_index, send);
}

} // namespace

result<void> handle_list_offsets(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::list_offsets_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<list_offsets>(self, self.current(), context);
    auto image = self.port().image();
    const repeated_partitions repeated(*request);
    for (const auto& wanted : request->topics) {
        waiting->add_topic().name = wanted.name;
        const bool allowed =
            self.allowed(context, acl_operation::describe, resource_type::topic, wanted.name);
        const auto* topic = image->find_topic(wanted.name);
        for (const auto& partition : wanted.partitions) {
            waiting->add(partition);
            if (context.version > 0 && repeated.has(wanted.name, partition.partition_index))
                waiting->refuse(waiting->newest(), errc::invalid_request);
            else if (allowed)
                ask(self, *waiting, topic, partition, request->isolation_level == read_committed);
            else
                waiting->refuse(waiting->newest(), errc::topic_authorization_failed);
        }
    }
    return await_answers(self, std::move(waiting), self.request_timeout());
}

} // namespace barnabas
