#include "actors/connection/fetch_operation.hpp"

#include "actors/connection/handlers.hpp"
#include "protocol/batch/convert_down.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/record_formats.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

constexpr std::int16_t first_fetch_with_storage_error = 6;
/// How long a fetch whose time is over waits for reads that have begun.
constexpr std::chrono::milliseconds late_read_patience{1000};

/// First offset behind whole batches; `from` when there are none.
log_offset end_of(const slice& records, log_offset from) {
    slice left = records;
    log_offset end = from;
    while (!left.empty()) {
        auto header = batch::parse_header(left.bytes());
        if (!header || header->total_size() > left.size())
            break;
        end = header->next_offset();
        left = left.from(header->total_size());
    }
    return end;
}

std::vector<kafka::fetch_response::aborted_transaction>
wire_form(const std::vector<aborted_records>& aborted) {
    std::vector<kafka::fetch_response::aborted_transaction> told;
    for (const auto& one : aborted) {
        auto& next = told.emplace_back();
        next.producer_id = one.producer.get();
        next.first_offset = one.first_offset.get();
    }
    return told;
}

} // namespace

fetch_operation::fetch_operation(connection& owner, std::uint64_t number, request_context context,
                                 fetch_plan plan)
    : operation(owner, number, std::move(context)), limits_(plan.limits), session_id_(plan.session_id),
      incremental_(plan.incremental), committed_only_(plan.committed_only) {
    entries_.reserve(plan.items.size());
    for (auto& item : plan.items) {
        auto& one = entries_.emplace_back();
        one.item = std::move(item);
        one.read_from = one.item.fetch_offset;
    }
}

fetch_operation::~fetch_operation() {
    for (const auto& one : entries_)
        owner().reads().detach(one.partition);
}

void fetch_operation::start() {
    for (auto& one : entries_)
        locate(one);
    ask_more();
    if (outstanding_ == 0)
        return respond_or_wait();
    // A read may wait for memory or for the disk; the client's time runs all the same.
    parked_ = true;
    owner().set_deadline(number(), std::max(limits_.max_wait, std::chrono::milliseconds(1)));
}

/// Names the partition by what never changes, or refuses the entry.
void fetch_operation::locate(entry& one) {
    const bool by_id = context().version >= first_fetch_with_topic_ids;
    auto image = owner().port().image();
    const auto* topic = by_id ? image->find_topic(one.item.topic_id) : image->find_topic(one.item.topic_name);
    if (topic == nullptr)
        return refuse(one, by_id ? errc::unknown_topic_id : errc::unknown_topic_or_partition);
    if (!owner().allowed(context(), acl_operation::read, resource_type::topic, topic->name))
        return refuse(one, errc::topic_authorization_failed);
    // A topic that stores zstd only is not for these clients (KIP-110). What some producer packed with it is
    // served from version 4 on: the client finds out for itself.
    if (context().version < kafka::fetch_with_zstd &&
        owner().port().config_of(*topic).compression_type == "zstd")
        return refuse(one, errc::unsupported_compression);
    if (context().version < kafka::fetch_with_batches &&
        !owner().port().config_of(*topic).message_downconversion_enable)
        return refuse(one, errc::unsupported_version);
    const auto index = one.item.partition.get();
    if (index < 0 || static_cast<std::size_t>(index) >= topic->partitions.size())
        return refuse(one, errc::unknown_topic_or_partition);
    one.partition = {topic->id, one.item.partition};
}

void fetch_operation::refuse(entry& one, errc code) {
    one.now = progress::settled;
    one.answer.code = code;
    failed_ = true;
}

void fetch_operation::ask_more() {
    // A partition may answer inside `ask` from what the connection knows; the loop carries on either way.
    asking_ = true;
    while (next_ < entries_.size()) {
        const std::uint64_t spent = bytes_ + promised_bytes_;
        const bool room = spent < limits_.max_bytes || (spent == 0 && next_ == 0);
        // Without room a session leaves the rest for the next answer; any other answer tells the watermarks
        // of all.
        if (!room && (incremental_ || promised_bytes_ != 0))
            break;
        const auto index = static_cast<std::uint32_t>(next_++);
        entry& one = entries_[index];
        if (one.now == progress::settled)
            continue;
        ask(index, std::min<std::uint64_t>(one.item.max_bytes, bytes_left()));
    }
    asking_ = false;
}

std::uint64_t fetch_operation::bytes_left() const {
    const std::uint64_t spent = bytes_ + promised_bytes_;
    return spent < limits_.max_bytes ? limits_.max_bytes - spent : 0;
}

void fetch_operation::ask(std::uint32_t index, std::uint64_t max_bytes) {
    entry& one = entries_[index];
    fetch_reads::wanted what;
    what.partition = one.partition;
    what.offset = one.read_from;
    what.max_bytes = static_cast<std::uint32_t>(max_bytes);
    what.at_least_one_batch = bytes_ == 0 && (max_bytes > 0 || index == 0);
    // The forced read is alone, and nothing has been read.
    what.may_wait = forced_ && bytes_ == 0 && promised_bytes_ == 0;
    what.current_leader_epoch = one.item.current_leader_epoch;
    what.committed_only = committed_only_;
    what.operation_token = token(index);
    switch (owner().reads().read(what)) {
    case fetch_reads::outcome::asked:
        one.now = progress::asked;
        one.asked_bytes = what.max_bytes;
        promised_bytes_ += what.max_bytes;
        ++outstanding_;
        break;
    case fetch_reads::outcome::known_empty:
        one.now = progress::settled;
        one.answer = owner().reads().answer_of(one.partition);
        break;
    case fetch_reads::outcome::not_led:
        BARNABAS_MARK(fetch_of_partition_not_led);
        refuse(one, why_not_here(owner(), one.partition));
        break;
    }
}

void fetch_operation::on_read_changed(std::uint32_t index) {
    entry& one = entries_[index];
    if (one.now == progress::asked)
        settle(one, owner().reads().take_answer(one.partition));
    else if (converting_)
        return;
    else if (one.now == progress::watching)
        on_watched(index);
    else if (one.now == progress::settled)
        ask_again(index);
    if (outstanding_ == 0 && converting_ && !asking_)
        return finish();
    if (outstanding_ == 0 && !asking_) {
        ask_more();
        if (outstanding_ == 0)
            respond_or_wait();
    }
}

/// There are new batches: what was read is read again with them, from the same offset.
void fetch_operation::ask_again(std::uint32_t index) {
    entry& one = entries_[index];
    bytes_ -= one.answer.records.size();
    leave_for_later(one.answer);
    one.watched = false;
    ask(index, std::min<std::uint64_t>(one.item.max_bytes, bytes_left()));
}

/// Asks to be told of batches behind those that were read, for a client that waits for more bytes.
void fetch_operation::watch_for_more() {
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        entry& one = entries_[index];
        const bool read =
            one.now == progress::settled && one.answer.code == errc::ok && !one.answer.records.empty();
        if (!read || one.watched)
            continue;
        one.watched = true;
        fetch_reads::wanted what;
        what.partition = one.partition;
        what.offset = end_of_answer(one);
        what.current_leader_epoch = one.item.current_leader_epoch;
        what.committed_only = committed_only_;
        what.operation_token = token(index);
        if (owner().reads().read(what) == fetch_reads::outcome::asked)
            one.now = progress::watching;
    }
}

void fetch_operation::on_watched(std::uint32_t index) {
    entry& one = entries_[index];
    one.now = progress::settled;
    const auto& answer = owner().reads().answer_of(one.partition);
    // Batches came between the read and the question.
    if (answer.code == errc::ok && readable_end(answer) > end_of_answer(one))
        ask_again(index);
}

/// Nothing fitted into the budget anywhere: the first partition with batches gives one all the same (KIP-74).
bool fetch_operation::ask_first_that_did_not_fit() {
    if (bytes_ > 0 || forced_ || limits_.max_bytes == 0)
        return false;
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        const entry& one = entries_[index];
        if (one.now == progress::settled && one.answer.code == errc::ok &&
            one.read_from < readable_end(one.answer)) {
            BARNABAS_MARK(fetch_forced_one_batch);
            forced_ = true;
            ask(index, std::min<std::uint64_t>(one.item.max_bytes, bytes_left()));
            return outstanding_ > 0;
        }
    }
    return false;
}

void fetch_operation::settle(entry& one, read_response answer) {
    one.now = progress::settled;
    --outstanding_;
    promised_bytes_ -= one.asked_bytes;
    // Only the first batches may be more than the client wants; others come with its next fetch.
    if (BARNABAS_MARK_IF(bytes_ > 0 && bytes_ + answer.records.size() > limits_.max_bytes,
                         fetch_answer_does_not_fit))
        leave_for_later(answer);
    bytes_ += answer.records.size();
    failed_ = failed_ || answer.code != errc::ok;
    one.answer = std::move(answer);
}

void fetch_operation::leave_for_later(read_response& answer) {
    answer.records = {};
    answer.aborted.clear();
}

/// Looked for only when an answer may wait for more: it takes a step per batch.
log_offset fetch_operation::end_of_answer(const entry& one) {
    return end_of(one.answer.records, one.read_from);
}

bool fetch_operation::convert(entry& one, read_response& answer) {
    batch::down_options options;
    options.magic = owner().options().planted.converts_to_oldest ? std::int8_t{0}
                                                                 : kafka::magic_of_fetch(context().version);
    options.first_offset = one.read_from;
    options.bytes_max = one.asked_bytes;
    options.unpacked_bytes_max = unpacked_left_;
    options.workspace = owner().options().workspace;
    const auto converted = batch::convert_down(answer.records, options);
    answer.records = {};
    if (BARNABAS_MARK_IF(!converted, fetch_not_converted)) {
        owner().port().report("fetch_not_converted", one.item.topic_name + "-" +
                                                         std::to_string(one.item.partition.get()) + ": " +
                                                         to_string(converted.failure()));
        answer.code = converted.failure().code;
        return true;
    }
    BARNABAS_MARK(fetch_converted);
    unpacked_left_ -= std::min(unpacked_left_, converted->unpacked_bytes);
    owner().port().converted(context(), static_cast<std::uint64_t>(converted->converted_records));
    answer.records = join(converted->parts);
    one.converted = !answer.records.empty();
    if (one.converted || converted->next_offset <= one.read_from)
        return true;
    one.read_from = converted->next_offset;
    return false;
}

/// Only what is about to be told is converted: an answer that waits for more bytes is read several times.
void fetch_operation::convert_answers() {
    std::uint64_t told = 0;
    asking_ = true;
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        entry& one = entries_[index];
        const bool read = one.now == progress::settled || one.now == progress::watching;
        if (read && !one.converted && !one.answer.records.empty()) {
            bytes_ -= one.answer.records.size();
            const bool room = unpacked_left_ > 0 || told == 0;
            if (!room)
                leave_for_later(one.answer);
            else if (!convert(one, one.answer) && !late_)
                ask(index, std::min<std::uint64_t>(one.item.max_bytes, bytes_left()));
            bytes_ += one.answer.records.size();
        }
        told += one.answer.records.size();
    }
    asking_ = false;
}

/// Answers, once the batches for an old consumer are messages.
void fetch_operation::finish() {
    converting_ = context().version < kafka::fetch_with_batches;
    if (converting_)
        convert_answers();
    if (outstanding_ == 0 || late_)
        return respond();
    if (!due_) {
        due_ = true;
        owner().set_deadline(number(), late_read_patience);
    }
}

void fetch_operation::respond_or_wait() {
    BARNABAS_ASSERT(outstanding_ == 0);
    if (ask_first_that_did_not_fit())
        return;
    // Batches that are there but did not fit will not fit better later, so waiting for more bytes would be in
    // vain.
    const bool enough = bytes_ >= limits_.min_bytes || bytes_ >= limits_.max_bytes || has_more_than_fits();
    if (enough || failed_ || due_ || limits_.max_wait.count() == 0 || entries_.empty())
        return finish();
    if (!parked_) {
        parked_ = true;
        owner().set_deadline(number(), limits_.max_wait);
    }
    watch_for_more();
}

bool fetch_operation::has_more_than_fits() const {
    return std::any_of(entries_.begin(), entries_.end(), [this](const entry& one) {
        return one.answer.code == errc::ok && end_of_answer(one) < readable_end(one.answer);
    });
}

void fetch_operation::on_timer() {
    // Reads on their way to the disk are worth a moment more; a disk that hangs is not.
    if (BARNABAS_MARK_IF(outstanding_ > 0 && !due_, fetch_late_read_waited_for)) {
        due_ = true;
        owner().set_deadline(number(), late_read_patience);
        return;
    }
    late_ = outstanding_ > 0;
    finish();
}

bool fetch_operation::is_told_already(const fetch_item& known, const read_response& answer) const {
    const bool empty = answer.records.empty() || owner().options().planted.session_forgets_records;
    return incremental_ && answer.code == errc::ok && empty &&
           known.told_high_watermark == answer.high_watermark &&
           known.told_log_start == answer.log_start_offset;
}

void fetch_operation::respond() {
    const bool by_id = context().version >= first_fetch_with_topic_ids;
    auto* session = session_id_ == 0 ? nullptr : owner().sessions().find(session_id_);
    kafka::fetch_response response;
    response.session_id = session_id_;
    std::uint64_t given = 0;
    for (auto& one : entries_) {
        // A partition that has not answered is left out; one that is being read again is told as it was
        // before.
        const bool asked_once = one.now == progress::asked && one.answer.high_watermark.get() < 0;
        const bool unread = one.now == progress::waiting || asked_once;
        if (unread || is_told_already(one.item, one.answer))
            continue;
        const bool same_topic =
            !response.responses.empty() && (by_id ? response.responses.back().topic_id == one.item.topic_id
                                                  : response.responses.back().topic == one.item.topic_name);
        if (!same_topic) {
            auto& topic = response.responses.emplace_back();
            topic.topic = one.item.topic_name;
            topic.topic_id = one.item.topic_id;
        }
        auto& partition = response.responses.back().partitions.emplace_back();
        partition.partition_index = one.item.partition.get();
        partition.error_code = wire_code(one.answer.code, context().version, first_fetch_with_storage_error);
        partition.high_watermark = one.answer.high_watermark.get();
        partition.last_stable_offset = one.answer.last_stable_offset.get();
        partition.log_start_offset = one.answer.log_start_offset.get();
        const bool has_records = !one.answer.records.empty();
        given += one.answer.records.size();
        if (one.answer.code != errc::ok)
            owner().port().part_refused(kafka::api_key::fetch);
        partition.records = std::move(one.answer.records);
        if (committed_only_)
            partition.aborted_transactions = wire_form(one.answer.aborted);
        if (session == nullptr)
            continue;
        const fetch_item_key key{one.item.topic_name, one.item.topic_id, one.item.partition};
        if (auto* known = session->find(key)) {
            known->told_high_watermark = one.answer.high_watermark;
            known->told_log_start = one.answer.log_start_offset;
        }
        if (has_records)
            session->rotate(key);
    }
    owner().port().records_given(given);
    answer_with(owner(), number(), context(), response);
}

} // namespace barnabas
