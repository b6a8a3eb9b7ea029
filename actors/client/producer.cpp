#include "actors/client/producer.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/init_producer_id.hpp"
#include "protocol/kafka/record_formats.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::client {

using kafka::error_code;

namespace {
/// Later versions name topics by id only.
constexpr std::int16_t produce_by_id = 13;
} // namespace

producer::producer(client_connection& connection, producer_options options, producer_events events)
    : connection_(connection), options_(options), events_(std::move(events)) {
    BARNABAS_ASSERT(options_.in_flight_max > 0);
    BARNABAS_ASSERT(!options_.idempotent || options_.in_flight_max <= limits::idempotent_in_flight_max);
}

void producer::send(outgoing_batch batch, monotonic_ns now) {
    BARNABAS_ASSERT(!batch.records.empty());
    auto& queue = queues_[{batch.topic, batch.partition}];
    queue.push(std::move(batch), now, now + options_.delivery_timeout_ns);
}

void producer::on_ready(monotonic_ns now) {
    if (!prepare(now))
        return;
    while (send_one_request(now)) {
    }
}

bool producer::prepare(monotonic_ns now) {
    if (new_epoch_wanted_ && requests_.empty())
        take_new_epoch();
    if (new_epoch_wanted_ || now < not_before_)
        return false;
    if (options_.idempotent && identity_.id == no_producer_id) {
        if (id_asked_ == 0)
            ask_producer_id(now);
        return false;
    }
    leave_deleted_topics();
    const auto* missing = missing_topic();
    if (missing != nullptr && !topics_.is_asking())
        topics_.ask(connection_, *missing, now);
    return missing == nullptr;
}

const std::string* producer::missing_topic() const {
    for (const auto& [where, queue] : queues_) {
        const auto* known = topics_.find(where.first);
        if (!queue.entries().empty() && (known == nullptr || where.second >= known->partitions))
            return &where.first;
    }
    return nullptr;
}

/// What is under way is left to its answer.
void producer::leave_deleted_topics() {
    for (auto& [where, queue] : queues_) {
        std::vector<std::pair<std::uint64_t, bool>> given_up;
        for (const auto& each : queue.entries()) {
            const auto* known = topics_.find(where.first);
            if (known == nullptr || each.in_flight || each.batch.topic_id == topic_id{} ||
                each.batch.topic_id == known->id)
                continue;
            // Or it is newer than what is known.
            if (known->asked_at < each.queued_at)
                topics_.forget(where.first);
            else
                given_up.emplace_back(each.batch.token, each.ambiguous);
        }
        for (const auto& [token, ambiguous] : given_up)
            finish(queue, token,
                   {token, ambiguous ? delivery::unknown : delivery::failed, log_offset(-1),
                    "the topic was deleted, and another one has its name"});
    }
}

void producer::ask_producer_id(monotonic_ns now) {
    const auto version = connection_.version_for<kafka::init_producer_id_request>();
    if (!version)
        return connection_.give_up(
            {errc::unsupported_version, "the broker has no version of InitProducerId that we know"});
    id_asked_ = connection_.send(kafka::init_producer_id_request{}, *version, now);
}

void producer::on_producer_id(const answer& got, monotonic_ns now) {
    id_asked_ = 0;
    const auto response = got.decode<kafka::init_producer_id_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (response->error_code != 0) {
        not_before_ = now + limits::retry_pause_ns;
        return;
    }
    identity_ = {producer_id(response->producer_id), producer_epoch(response->producer_epoch)};
}

bool producer::send_one_request(monotonic_ns now) {
    const auto version = connection_.version_for<kafka::produce_request>(options_.produce_version_max);
    if (!version) {
        connection_.give_up({errc::unsupported_version, "the broker has no version of Produce that we know"});
        return false;
    }
    kafka::produce_request request;
    request.acks = options_.acks;
    request.timeout_ms = options_.request_timeout_ms;
    request_content content;
    batch_encoding encoding;
    encoding.magic = kafka::magic_of_produce(*version);
    encoding.workspace = &workspace_;
    if (options_.idempotent)
        encoding.identity = identity_;
    for (auto& [where, queue] : queues_) {
        const auto* known = topics_.find(where.first);
        if (known == nullptr || !queue.follow(known->id))
            continue;
        const auto* next = queue.take_next(options_.in_flight_max, encoding);
        if (next == nullptr)
            continue;
        if (request.topic_data.empty() || request.topic_data.back().name.text() != where.first) {
            auto& topic = request.topic_data.emplace_back();
            topic.name = slice::copy_of(where.first);
            topic.topic_id = known->id;
        }
        auto& partition = request.topic_data.back().partition_data.emplace_back();
        partition.index = where.second;
        partition.records = next->bytes;
        content[where] = next->batch.token;
    }
    if (content.empty())
        return false;
    if (options_.acks == 0) {
        connection_.send_unanswered(request, *version);
        for (const auto& [where, token] : content)
            finish(queues_[where], token,
                   {token, delivery::unknown, log_offset(-1), "sent without acknowledgement"});
        return true;
    }
    const auto number =
        connection_.send(request, *version, now, options_.request_timeout_ms * limits::millisecond);
    requests_[number] = std::move(content);
    return true;
}

void producer::on_answer(const answer& got, monotonic_ns now) {
    if (topics_.on_answer(got, connection_)) {
        if (missing_topic() != nullptr)
            not_before_ = now + limits::retry_pause_ns;
        return;
    }
    if (got.request == id_asked_)
        return on_producer_id(got, now);
    const auto found = requests_.find(got.request);
    if (found == requests_.end())
        return;
    const auto sent = std::move(found->second);
    requests_.erase(found);
    on_produced(got, sent, now);
}

void producer::on_produced(const answer& got, const request_content& sent, monotonic_ns now) {
    const error misfit{errc::malformed, "the answer to a Produce does not fit the request"};
    const auto response = got.decode<kafka::produce_response>();
    if (!response)
        return connection_.give_up(misfit);
    std::size_t answered = 0;
    for (const auto& topic : response->responses) {
        const auto* known = got.version >= produce_by_id ? topics_.name_of(topic.topic_id) : &topic.name;
        for (const auto& partition : topic.partition_responses) {
            const auto found = known == nullptr ? sent.end() : sent.find({*known, partition.index});
            if (found == sent.end())
                continue;
            ++answered;
            on_partition(found->first, found->second, partition, now);
        }
    }
    if (answered != sent.size())
        connection_.give_up(misfit);
}

void producer::on_partition(const partition_key& where, std::uint64_t token,
                            const kafka::produce_response::partition_produce_response& said,
                            monotonic_ns now) {
    auto& queue = queues_[where];
    auto* entry = queue.find(token);
    if (entry == nullptr || !entry->in_flight)
        return;
    entry->in_flight = false;
    const auto code = error_code{said.error_code};
    if (code == error_code::none)
        return finish(queue, token, {token, delivery::acked, log_offset(said.base_offset), {}});
    if (code == error_code::duplicate_sequence_number)
        return finish(queue, token, {token, delivery::acked, log_offset(-1), {}});
    on_refused(where, queue, token, said, now);
}

void producer::on_refused(const partition_key& where, producer_queue& queue, std::uint64_t token,
                          const kafka::produce_response::partition_produce_response& said, monotonic_ns now) {
    const auto code = error_code{said.error_code};
    auto* entry = queue.find(token);
    entry->ambiguous = entry->ambiguous || may_be_written(code, options_.produce_version_max);
    not_before_ = std::max(not_before_, now + limits::retry_pause_ns);
    if (code == error_code::unknown_topic_or_partition || code == error_code::unknown_topic_id)
        topics_.forget(where.first);
    if (is_sequence_error(code)) {
        // Behind a batch that must be repeated this is to be expected. At the front it proves that no attempt
        // of this batch was written: a repetition would have been recognised.
        if (!queue.is_front(token))
            return;
        entry->ambiguous = false;
        new_epoch_wanted_ = true;
        events_.on_sequence_lost(token, code);
        return;
    }
    const bool repeat = may_pass(code) && (options_.idempotent || !entry->ambiguous);
    if (repeat)
        return;
    // A hole in the sequences: the batches behind it would be refused for ever.
    new_epoch_wanted_ = new_epoch_wanted_ || options_.idempotent;
    const auto what = entry->ambiguous ? delivery::unknown : delivery::failed;
    finish(queue, token,
           {token, what, log_offset(-1),
            std::string(kafka::name_of(code)) + " " + said.error_message.value_or("")});
}

void producer::take_new_epoch() {
    for (auto& [where, queue] : queues_) {
        std::vector<std::uint64_t> given_up;
        for (const auto& each : queue.entries()) {
            // Under another epoch the broker could not tell a repetition from a new batch.
            if (each.ambiguous)
                given_up.push_back(each.batch.token);
        }
        for (const auto token : given_up)
            finish(queue, token,
                   {token, delivery::unknown, log_offset(-1), "the producer had to take a new epoch"});
        queue.forget_sequences();
    }
    // Behind the last epoch there is only another id.
    if (options_.next_epoch && identity_.epoch.get() < std::numeric_limits<std::int16_t>::max())
        identity_.epoch = producer_epoch(static_cast<std::int16_t>(identity_.epoch.get() + 1));
    else
        identity_ = {};
    new_epoch_wanted_ = false;
}

void producer::on_lost(monotonic_ns) {
    topics_.on_lost();
    id_asked_ = 0;
    requests_.clear();
    not_before_ = {};
    for (auto& [where, queue] : queues_) {
        std::vector<std::uint64_t> given_up;
        for (auto& each : queue.entries()) {
            if (!each.in_flight)
                continue;
            each.in_flight = false;
            each.ambiguous = true;
            if (!options_.idempotent)
                given_up.push_back(each.batch.token);
        }
        for (const auto token : given_up)
            finish(queue, token, {token, delivery::unknown, log_offset(-1), "the connection was lost"});
    }
}

void producer::on_timer(monotonic_ns now) {
    if (not_before_ <= now)
        not_before_ = {};
    for (auto& [where, queue] : queues_) {
        std::vector<std::pair<std::uint64_t, bool>> late;
        for (const auto& each : queue.entries()) {
            if (!each.in_flight && each.deadline <= now)
                late.emplace_back(each.batch.token, each.ambiguous);
        }
        for (const auto& [token, ambiguous] : late) {
            new_epoch_wanted_ = new_epoch_wanted_ || queue.find(token)->sequence >= 0;
            finish(queue, token,
                   {token, ambiguous ? delivery::unknown : delivery::failed, log_offset(-1),
                    "not delivered in time"});
        }
    }
}

monotonic_ns producer::deadline() const {
    monotonic_ns first{};
    bool waiting = false;
    for (const auto& [where, queue] : queues_) {
        for (const auto& each : queue.entries()) {
            if (each.in_flight)
                continue;
            waiting = true;
            first = earlier(first, each.deadline);
        }
    }
    if (waiting && not_before_ != monotonic_ns{})
        first = earlier(first, not_before_);
    return first;
}

void producer::finish(producer_queue& queue, std::uint64_t token, produce_outcome outcome) {
    queue.remove(token);
    events_.on_outcome(outcome);
}

std::size_t producer::unfinished() const {
    std::size_t count = 0;
    for (const auto& [where, queue] : queues_)
        count += queue.entries().size();
    return count;
}

} // namespace barnabas::client
