#include "actors/client/producer_queue.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::client {

namespace {

batch::optional_bytes bytes_of(const std::optional<std::string>& text) {
    return text ? batch::optional_bytes(std::as_bytes(std::span(*text))) : std::nullopt;
}

slice encode_message_set(const outgoing_batch& from, const batch_encoding& encoding) {
    BARNABAS_ASSERT(!encoding.identity);
    batch::message_builder_options options;
    options.magic = encoding.magic;
    options.compression = from.compression;
    options.workspace = encoding.workspace;
    batch::message_builder builder(options);
    for (const auto& record : from.records)
        builder.append(log_offset(builder.message_count()), record.timestamp, bytes_of(record.key),
                       bytes_of(record.value));
    return builder.build();
}

slice encode(const outgoing_batch& from, std::int32_t sequence, const batch_encoding& encoding) {
    if (encoding.magic != batch::current_magic)
        return encode_message_set(from, encoding);
    batch::builder_options options;
    options.workspace = encoding.workspace;
    options.compression = from.compression;
    if (encoding.identity) {
        options.producer_id = encoding.identity->id;
        options.producer_epoch = encoding.identity->epoch;
        options.base_sequence = sequence;
    }
    batch::batch_builder builder(options);
    for (const auto& record : from.records)
        builder.append_text(record.timestamp, record.key, record.value);
    return builder.build();
}

/// Sequences wrap from the largest int32 to 0.
std::int32_t advance_sequence(std::int32_t from, std::size_t by) {
    return static_cast<std::int32_t>((static_cast<std::uint64_t>(from) + by) & INT32_MAX);
}

} // namespace

producer_queue::entry* producer_queue::take_next(std::size_t in_flight_max, const batch_encoding& encoding) {
    if (in_flight() >= in_flight_max)
        return nullptr;
    const auto waits = [](const entry& each) { return !each.in_flight; };
    const auto next = std::find_if(entries_.begin(), entries_.end(), waits);
    if (next == entries_.end())
        return nullptr;
    // One that waits before one in flight is a repetition: it goes when what overtook it has come back.
    if (std::any_of(next, entries_.end(), [](const entry& each) { return each.in_flight; }))
        return nullptr;
    if (next->sequence < 0 && encoding.identity) {
        next->sequence = next_sequence_;
        next_sequence_ = advance_sequence(next_sequence_, next->batch.records.size());
        next->bytes = {};
    }
    if (next->bytes.empty())
        next->bytes = encode(next->batch, next->sequence, encoding);
    next->in_flight = true;
    return &*next;
}

producer_queue::entry* producer_queue::find(std::uint64_t token) {
    for (auto& each : entries_) {
        if (each.batch.token == token)
            return &each;
    }
    return nullptr;
}

void producer_queue::remove(std::uint64_t token) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const entry& each) { return each.batch.token == token; });
    BARNABAS_ASSERT(found != entries_.end());
    entries_.erase(found);
}

void producer_queue::forget_sequences() {
    BARNABAS_ASSERT(in_flight() == 0);
    next_sequence_ = 0;
    for (auto& each : entries_) {
        each.sequence = -1;
        each.bytes = {};
    }
}

bool producer_queue::follow(const topic_id& id) {
    if (id == topic_)
        return true;
    if (in_flight() > 0)
        return false;
    topic_ = id;
    forget_sequences();
    return true;
}

std::size_t producer_queue::in_flight() const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [](const entry& each) { return each.in_flight; }));
}

} // namespace barnabas::client
