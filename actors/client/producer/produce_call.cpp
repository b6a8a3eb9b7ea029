#include "actors/client/producer/produce_call.hpp"

#include "actors/client/cluster/keyed_call.hpp"
#include "protocol/kafka/init_producer_id.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"
#include "protocol/kafka/record_formats.hpp"

#include <algorithm>

namespace barnabas::client {

namespace {

/// Later versions name topics by id only.
constexpr std::int16_t last_produce_by_name = 12;

struct topics_plan : plan_defaults {
    using request = kafka::metadata_request;
    using response = kafka::metadata_response;
    using key = std::string;
    using value = topic_facts;

    bool creates = true;

    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key> names, std::int32_t, std::int16_t) const {
        request asked;
        asked.topics.emplace();
        for (const auto& name : names)
            asked.topics->emplace_back().name = name;
        asked.allow_auto_topic_creation = creates;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& topic : said.topics)
            if (topic.name)
                out.tell(*topic.name, topic.error_code, {}, facts_of(topic));
    }
    static topic_facts facts_of(const response::metadata_response_topic& said) {
        topic_facts facts;
        facts.id = said.topic_id;
        facts.leaders.resize(said.partitions.size(), -1);
        for (const auto& one : said.partitions) {
            const auto index = static_cast<std::size_t>(one.partition_index);
            if (index < facts.leaders.size())
                facts.leaders[index] = one.leader_id;
        }
        return facts;
    }
};

struct producer_id_plan : plan_defaults {
    using request = kafka::init_producer_id_request;
    using response = kafka::init_producer_id_response;
    using key = int;
    using value = producer_id_facts;

    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const { return {}; }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        out.tell(0, said.error_code, {},
                 {producer_id(said.producer_id), producer_epoch(said.producer_epoch)});
    }
};

kafka::produce_request request_of(const produce_order& order, std::span<const std::size_t> parts) {
    kafka::produce_request request;
    request.acks = order.acks;
    std::map<std::string_view, std::size_t> places;
    for (const auto part : parts) {
        const auto& one = order.parts[part];
        const auto [found, is_new] = places.try_emplace(one.topic, request.topic_data.size());
        if (is_new) {
            auto& topic = request.topic_data.emplace_back();
            topic.name = slice::copy_of(one.topic);
            topic.topic_id = one.id;
        }
        auto& partition = request.topic_data[found->second].partition_data.emplace_back();
        partition.index = one.partition;
        partition.records = one.records;
    }
    return request;
}

std::vector<batch::refused_record>
refused_in(const kafka::produce_response::partition_produce_response& said) {
    std::vector<batch::refused_record> refused;
    for (const auto& one : said.record_errors)
        refused.push_back({one.batch_index, one.batch_index_error_message.value_or("")});
    std::sort(refused.begin(), refused.end(),
              [](const auto& left, const auto& right) { return left.index < right.index; });
    return refused;
}

} // namespace

produce_call::produce_call(produce_order order, done_function done)
    : order_(std::move(order)), done_(std::move(done)), outcomes_(order_.parts.size()),
      answered_(order_.parts.size()) {}

produce_call::~produce_call() {
    if (!done_)
        return;
    for (auto& one : outcomes_)
        one.lost = error{errc::closed, "the client was closed"};
    on_finished();
}

call_target produce_call::target(std::size_t) const {
    return call_target::broker(order_.leader);
}

result<std::uint64_t> produce_call::send(client_connection& connection, std::span<const std::size_t> parts,
                                         std::int32_t wait_ms, monotonic_ns now) {
    const bool named_by_id = std::none_of(parts.begin(), parts.end(),
                                          [this](auto part) { return order_.parts[part].id == topic_id{}; });
    const auto version = connection.version_for<kafka::produce_request>(
        named_by_id ? kafka::produce_request::highest_version : last_produce_by_name);
    if (!version || *version < kafka::produce_with_batches)
        return error{errc::unsupported_version, "the broker has no version of Produce from " +
                                                    std::to_string(kafka::produce_with_batches) +
                                                    " on that this client knows"};
    auto request = request_of(order_, parts);
    request.timeout_ms = wait_ms;
    for (const auto part : parts)
        outcomes_[part].was_sent = true;
    if (order_.acks != 0)
        return connection.send(request, *version, now);
    connection.send_unanswered(request, *version);
    return std::uint64_t{0};
}

result<call_answer> produce_call::read(const answer& got, std::span<const std::size_t> parts) {
    const auto said = got.decode<kafka::produce_response>();
    if (!said)
        return said.failure();
    call_answer heard;
    heard.throttle_ms = said->throttle_time_ms;
    const auto part_of = [&](const auto& topic, std::int32_t index) {
        return std::find_if(parts.begin(), parts.end(), [&](auto part) {
            const auto& one = order_.parts[part];
            const bool same =
                got.version > last_produce_by_name ? one.id == topic.topic_id : one.topic == topic.name;
            return same && one.partition == index;
        });
    };
    for (const auto& topic : said->responses)
        for (const auto& one : topic.partition_responses) {
            const auto part = part_of(topic, one.index);
            if (part == parts.end())
                continue;
            auto& outcome = outcomes_[*part];
            outcome.code = kafka::error_code{one.error_code};
            outcome.message = one.error_message.value_or("");
            outcome.refused = refused_in(one);
            outcome.base_offset = one.base_offset;
            outcome.append_time_ms = one.log_append_time_ms;
            answered_[*part] = true;
            heard.parts.push_back({*part, outcome.code, outcome.message});
        }
    return heard;
}

void produce_call::on_failed(std::size_t part, const error& why) {
    if (!answered_[part])
        outcomes_[part].lost = why;
}

void produce_call::on_finished() {
    std::exchange(done_, nullptr)(order_.number, std::move(outcomes_));
}

std::unique_ptr<cluster_call> make_topics_call(std::vector<std::string> names, bool creates,
                                               std::function<void(topics_said)> done) {
    return std::make_unique<keyed_call<topics_plan>>(topics_plan{{}, creates}, std::move(names),
                                                     std::move(done));
}

std::unique_ptr<cluster_call>
make_producer_id_call(std::function<void(const result<producer_id_facts>&)> done) {
    return std::make_unique<keyed_call<producer_id_plan>>(
        producer_id_plan{}, std::vector<int>{0},
        [done = std::move(done)](const std::map<int, result<producer_id_facts>>& all) { done(all.at(0)); });
}

} // namespace barnabas::client
