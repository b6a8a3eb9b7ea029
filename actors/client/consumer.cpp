#include "actors/client/consumer.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/validate.hpp"
#include "protocol/kafka/record_formats.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

using kafka::error_code;

namespace {

/// Later versions name topics by id only.
constexpr std::int16_t fetch_by_id = 13;
constexpr std::int16_t fetch_with_session = 7;
/// ListOffsets: the first offset that the partition still has.
constexpr std::int64_t earliest = -2;
constexpr std::int32_t no_session_epoch = -1;

/// The complete batches of an answer, all checked.
result<std::vector<batch::batch_view>> checked_batches(const slice& records,
                                                       batch::codec_workspace& workspace) {
    auto batches = batch::split_complete_batches(records);
    if (!batches)
        return batches;
    batch::validation_options check;
    check.origin = batch::batch_origin::replica;
    check.workspace = &workspace;
    for (const auto& each : *batches) {
        if (const auto facts = batch::validate_batch(each, check); !facts)
            return facts.failure();
    }
    return batches;
}

/// The complete messages of an answer to an old Fetch, all checked.
result<std::vector<batch::message_view>> checked_messages(const slice& records,
                                                          batch::codec_workspace& workspace) {
    auto entries = batch::split_complete_entries(records);
    if (!entries)
        return entries.failure();
    batch::validation_options check;
    check.origin = batch::batch_origin::replica;
    check.workspace = &workspace;
    std::vector<batch::message_view> messages;
    for (auto& each : *entries) {
        auto* message = std::get_if<batch::message_view>(&each);
        if (message == nullptr)
            return error{errc::unsupported_for_message_format, "a batch of magic 2 answers an old Fetch"};
        if (const auto facts = batch::validate_message(*message, check); !facts)
            return facts.failure();
        messages.push_back(std::move(*message));
    }
    return messages;
}

} // namespace

log_offset consumed::next_offset() const {
    if (!messages.empty())
        return messages.back().header.offset + 1;
    return batches.empty() ? from : batches.back().header.next_offset();
}

consumer::consumer(client_connection& connection, consumer_options options, consumer_events events)
    : connection_(connection), options_(std::move(options)), events_(std::move(events)) {}

log_offset consumer::position(std::int32_t partition) const {
    const auto found = partitions_.find(partition);
    return found == partitions_.end() ? log_offset(-1) : found->second.position;
}

void consumer::on_ready(monotonic_ns now) {
    if (fetch_asked_ != 0 || offsets_asked_ != 0 || topics_.is_asking() || now < not_before_)
        return;
    const auto* known = topics_.find(options_.topic);
    if (known == nullptr)
        return topics_.ask(connection_, options_.topic, now);
    if (known->id != reading_)
        begin_topic_anew(known->id);
    for (std::int32_t partition = 0; partition < known->partitions; ++partition)
        partitions_.try_emplace(partition);
    const auto has_position = [](const auto& each) { return each.second.position.get() >= 0; };
    if (!std::all_of(partitions_.begin(), partitions_.end(), has_position))
        return ask_offsets(now);
    fetch(now);
}

void consumer::ask_offsets(monotonic_ns now) {
    const auto version = connection_.version_for<kafka::list_offsets_request>();
    if (!version)
        return connection_.give_up(
            {errc::unsupported_version, "the broker has no version of ListOffsets that we know"});
    kafka::list_offsets_request request;
    request.replica_id = -1;
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic;
    for (const auto& [partition, state] : partitions_) {
        if (state.position.get() >= 0)
            continue;
        auto& asked = topic.partitions.emplace_back();
        asked.partition_index = partition;
        asked.timestamp = earliest;
    }
    offsets_asked_ = connection_.send(request, *version, now);
}

void consumer::on_offsets(const answer& got, monotonic_ns now) {
    offsets_asked_ = 0;
    const auto response = got.decode<kafka::list_offsets_response>();
    if (!response)
        return connection_.give_up(response.failure());
    for (const auto& topic : response->topics) {
        for (const auto& said : topic.partitions) {
            const auto found = partitions_.find(said.partition_index);
            if (found == partitions_.end())
                continue;
            if (said.error_code != 0 || said.offset < 0) {
                pause(now);
                continue;
            }
            found->second.position = found->second.log_start = log_offset(said.offset);
            if (events_.on_log_start)
                events_.on_log_start(reading_, said.partition_index, found->second.log_start);
        }
    }
}

void consumer::fetch(monotonic_ns now) {
    const auto version = connection_.version_for<kafka::fetch_request>(options_.fetch_version_max);
    if (!version)
        return connection_.give_up(
            {errc::unsupported_version, "the broker has no version of Fetch that we know"});
    const bool in_session = options_.use_session && *version >= fetch_with_session;
    kafka::fetch_request request;
    request.max_wait_ms = options_.max_wait_ms;
    request.min_bytes = options_.min_bytes;
    request.max_bytes = options_.max_bytes;
    request.session_id = in_session ? session_id_ : 0;
    request.session_epoch = in_session ? session_epoch_ : no_session_epoch;
    kafka::fetch_request::fetch_topic topic;
    topic.topic = slice::copy_of(options_.topic);
    topic.topic_id = topics_.find(options_.topic)->id;
    for (auto& [partition, state] : partitions_) {
        if (in_session && std::exchange(state.position_in_session, state.position) == state.position)
            continue;
        auto& asked = topic.partitions.emplace_back();
        asked.partition = partition;
        asked.fetch_offset = state.position.get();
        asked.partition_max_bytes = options_.partition_max_bytes;
    }
    if (!topic.partitions.empty())
        request.topics.push_back(std::move(topic));
    fetch_asked_ = connection_.send(request, *version, now, options_.max_wait_ms * limits::millisecond);
}

void consumer::on_answer(const answer& got, monotonic_ns now) {
    if (topics_.on_answer(got, connection_)) {
        if (topics_.find(options_.topic) == nullptr)
            pause(now);
    } else if (got.request == offsets_asked_) {
        on_offsets(got, now);
    } else if (got.request == fetch_asked_) {
        on_fetched(got, now);
    }
}

void consumer::on_fetched(const answer& got, monotonic_ns now) {
    fetch_asked_ = 0;
    const auto response = got.decode<kafka::fetch_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (response->error_code != 0)
        return on_session_error(response->error_code, now);
    session_id_ = response->session_id;
    // Without a session the broker answers id 0, and the next request opens one again.
    session_epoch_ = session_id_ == 0 ? 0 : (session_epoch_ == INT32_MAX ? 1 : session_epoch_ + 1);
    if (session_id_ == 0)
        begin_session_anew();
    for (const auto& topic : response->responses) {
        const bool ours = got.version >= fetch_by_id ? topic.topic_id == topics_.find(options_.topic)->id
                                                     : topic.topic == options_.topic;
        if (!ours)
            return connection_.give_up(
                {errc::malformed, "the answer to a Fetch names a topic that was not asked for"});
        for (const auto& partition : topic.partitions)
            on_partition(partition, got.version, now);
        if (topics_.find(options_.topic) == nullptr)
            return;
    }
}

void consumer::on_session_error(std::int16_t code, monotonic_ns now) {
    begin_session_anew();
    const auto error = error_code{code};
    if (error == error_code::fetch_session_id_not_found || error == error_code::invalid_fetch_session_epoch)
        return;
    pause(now);
    if (error == error_code::unknown_topic_id || error == error_code::inconsistent_topic_id)
        topics_.forget(options_.topic);
    if (!may_pass(error))
        events_.on_problem({consumer_problem::kind::refused,
                            reading_,
                            -1,
                            log_offset(-1),
                            std::string(kafka::name_of(error)),
                            {},
                            {}});
}

void consumer::on_partition(const kafka::fetch_response::partition_data& said, std::int16_t version,
                            monotonic_ns now) {
    const auto found = partitions_.find(said.partition_index);
    if (found == partitions_.end())
        return connection_.give_up(
            {errc::malformed, "the answer to a Fetch names a partition that was not asked for"});
    if (said.error_code != 0)
        on_partition_error(said, found->second, now);
    else
        hand_over(said, version, found->second, now);
}

void consumer::on_partition_error(const kafka::fetch_response::partition_data& said, partition_state& state,
                                  monotonic_ns now) {
    const auto code = error_code{said.error_code};
    pause(now);
    if (code == error_code::offset_out_of_range) {
        events_.on_problem({consumer_problem::kind::out_of_range, reading_, said.partition_index,
                            state.position,
                            "the log has " + std::to_string(said.log_start_offset) + " to " +
                                std::to_string(said.high_watermark),
                            log_offset(said.log_start_offset), log_offset(said.high_watermark)});
        state.position = log_offset(-1);
        // It may be another topic of that name.
        topics_.forget(options_.topic);
        return;
    }
    if (code == error_code::unknown_topic_or_partition || code == error_code::unknown_topic_id) {
        topics_.forget(options_.topic);
        begin_session_anew();
    } else if (!may_pass(code)) {
        events_.on_problem({consumer_problem::kind::refused,
                            reading_,
                            said.partition_index,
                            state.position,
                            std::string(kafka::name_of(code)),
                            {},
                            {}});
    }
}

void consumer::hand_over(const kafka::fetch_response::partition_data& said, std::int16_t version,
                         partition_state& state, monotonic_ns now) {
    consumed got{reading_,
                 said.partition_index,
                 log_offset(said.high_watermark),
                 said.log_start_offset < 0 ? state.log_start : log_offset(said.log_start_offset),
                 state.position,
                 {},
                 {}};
    if (said.records && !said.records->empty()) {
        if (const auto taken = take_records(*said.records, version, got); !taken) {
            pause(now);
            return events_.on_problem({consumer_problem::kind::corrupt,
                                       reading_,
                                       said.partition_index,
                                       state.position,
                                       to_string(taken.failure()),
                                       {},
                                       {}});
        }
        state.position = std::max(state.position, got.next_offset());
    }
    events_.on_consumed(got);
}

result<void> consumer::take_records(const slice& records, std::int16_t version, consumed& got) {
    if (version < kafka::fetch_with_batches) {
        auto messages = checked_messages(records, workspace_);
        if (!messages)
            return messages.failure();
        got.messages = std::move(*messages);
        return {};
    }
    auto batches = checked_batches(records, workspace_);
    if (!batches)
        return batches.failure();
    got.batches = std::move(*batches);
    return {};
}

void consumer::begin_topic_anew(const topic_id& id) {
    reading_ = id;
    partitions_.clear();
    begin_session_anew();
}

void consumer::begin_session_anew() {
    session_id_ = 0;
    session_epoch_ = 0;
    for (auto& [partition, state] : partitions_)
        state.position_in_session = log_offset(-1);
}

void consumer::on_lost(monotonic_ns) {
    topics_.on_lost();
    offsets_asked_ = 0;
    fetch_asked_ = 0;
    not_before_ = {};
    begin_session_anew();
}

void consumer::on_timer(monotonic_ns now) {
    if (not_before_ <= now)
        not_before_ = {};
}

void consumer::pause(monotonic_ns now) {
    not_before_ = now + limits::retry_pause_ns;
}

} // namespace barnabas::client
