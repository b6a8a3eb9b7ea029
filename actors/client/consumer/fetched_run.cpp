#include "actors/client/consumer/fetched_run.hpp"

#include "protocol/batch/compression.hpp"
#include "protocol/batch/validate.hpp"

#include <algorithm>
#include <cstring>

namespace barnabas::client {

namespace {

/// The type in a control record's key, behind its version: 0 ends a transaction as aborted.
constexpr std::int16_t abort_marker = 0;

bool is_abort(const batch::batch_view& one) {
    auto reader = batch::record_reader::open(one);
    if (!reader)
        return false;
    const auto record = reader->next();
    constexpr std::size_t key_bytes = 4;
    if (!record || *record == nullptr || !(*record)->key || (*record)->key->size() < key_bytes)
        return false;
    const auto& key = *(*record)->key;
    return key[2] == std::byte{0} && key[3] == std::byte{abort_marker};
}

/// The same batch with its records unpacked, in memory of its own.
result<batch::batch_view> unpacked(const batch::batch_view& packed) {
    const auto stored = packed.records();
    auto source = batch::open_decompressor(packed.header.compression(), stored,
                                           batch::decompressed_bytes_max(stored.size()));
    if (!source)
        return source.failure();
    constexpr std::size_t growth = 4;
    std::vector<std::byte> bytes(batch::batch_header_size + growth * stored.size());
    std::size_t filled = batch::batch_header_size;
    while (true) {
        const auto read = (*source)->read(std::span(bytes).subspan(filled));
        if (!read)
            return read.failure();
        filled += *read;
        if (filled < bytes.size())
            break;
        bytes.resize(2 * bytes.size());
    }
    auto memory = chunk::allocate(filled);
    std::memcpy(memory->data(), packed.bytes.data(), batch::batch_header_size);
    std::memcpy(memory->data() + batch::batch_header_size, bytes.data() + batch::batch_header_size,
                filled - batch::batch_header_size);
    batch::batch_view plain{slice(std::move(memory), 0, filled), packed.header};
    plain.header.attributes &= static_cast<std::uint16_t>(~batch::attribute::codec_mask);
    return plain;
}

record_time time_of(const batch::record_view& record, const batch::batch_header& header) {
    if (record.timestamp == no_timestamp)
        return record_time::none;
    return header.time_type() == batch::timestamp_type::log_append_time ? record_time::appended
                                                                        : record_time::created;
}

void add_record(const batch::record_view& record, const batch::batch_header& header,
                const partition_name* where, record_set& into) {
    consumed_record one;
    one.where = where;
    one.offset = record.offset.get();
    one.timestamp = record.timestamp.get();
    one.time = time_of(record, header);
    one.leader_epoch = header.leader_epoch.get();
    one.key = record.key;
    one.value = record.value;
    one.first_header = static_cast<std::uint32_t>(into.header_count());
    one.header_count = static_cast<std::uint32_t>(record.headers.size());
    for (const auto& header_of_record : record.headers)
        into.add_header({header_of_record.key, header_of_record.value});
    into.add(std::move(one));
}

} // namespace

result<fetched_run> fetched_run::open(const slice& records, std::vector<aborted_span> aborted,
                                      std::int64_t position, run_options options) {
    auto batches = batch::split_complete_batches(records);
    if (!batches)
        return batches.failure();
    if (batches->empty() && !records.empty())
        return error{errc::message_too_large,
                     "the broker sent " + std::to_string(records.size()) +
                         " bytes of a batch that is larger; raise max.partition.fetch.bytes"};
    fetched_run run;
    run.batches_ = std::move(*batches);
    run.aborted_ = std::move(aborted);
    std::sort(run.aborted_.begin(), run.aborted_.end(),
              [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
    run.options_ = options;
    run.position_ = position;
    run.end_ =
        run.batches_.empty() ? position : std::max(position, run.batches_.back().header.next_offset().get());
    run.bytes_ = records.size();
    return run;
}

result<std::size_t> fetched_run::take(std::size_t most, const std::shared_ptr<const partition_name>& where,
                                      record_set& into) {
    std::size_t taken = 0;
    bool holds = false;
    while (taken < most && !is_done()) {
        if (!reader_) {
            if (auto begun = begin_batch(batches_[next_batch_]); !begun)
                return taken != 0 ? result<std::size_t>(taken) : result<std::size_t>(begun.failure());
            holds = false;
            continue;
        }
        const auto record = reader_->next();
        if (!record) {
            reader_.reset();
            return taken != 0 ? result<std::size_t>(taken) : result<std::size_t>(record.failure());
        }
        if (*record == nullptr) {
            end_batch();
            continue;
        }
        if ((*record)->offset.get() < position_)
            continue;
        if (!std::exchange(holds, true)) {
            into.hold(std::make_shared<const slice>(current_.bytes));
            into.hold(where);
        }
        add_record(**record, current_.header, where.get(), into);
        position_ = (*record)->offset.get() + 1;
        ++taken;
    }
    return taken;
}

std::uint64_t fetched_run::records_announced() const noexcept {
    std::uint64_t count = 0;
    for (std::size_t at = next_batch_; at < batches_.size(); ++at)
        count += static_cast<std::uint64_t>(std::max(batches_[at].header.record_count, 0));
    return count;
}

/// Leaves `reader_` empty and goes on to the next batch when nothing of this one is given out.
result<void> fetched_run::begin_batch(const batch::batch_view& one) {
    const auto behind = one.header.next_offset().get();
    if (options_.check_crcs) {
        batch::validation_options check;
        check.origin = batch::batch_origin::replica;
        check.inside = batch::inside_check::header;
        if (const auto facts = batch::validate_batch(one, check); !facts)
            return error{facts.code(), "the batch at offset " + std::to_string(one.header.base_offset.get()) +
                                           ": " + facts.failure().detail};
    }
    if (is_left_out(one) || behind <= position_) {
        ++next_batch_;
        position_ = std::max(position_, behind);
        return {};
    }
    current_ = one;
    if (one.header.codec_bits() != 0 && !one.records().empty()) {
        auto plain = unpacked(one);
        if (!plain)
            return plain.failure();
        current_ = std::move(*plain);
    }
    auto reader = batch::record_reader::open(current_);
    if (!reader)
        return reader.failure();
    epoch_ = one.header.leader_epoch.get();
    reader_.emplace(std::move(*reader));
    return {};
}

bool fetched_run::is_left_out(const batch::batch_view& one) {
    const auto producer = one.header.producer_id.get();
    if (options_.read_committed && one.header.has_producer_id()) {
        while (next_aborted_ < aborted_.size() &&
               aborted_[next_aborted_].first_offset <= one.header.last_offset().get())
            aborting_.insert(aborted_[next_aborted_++].producer);
        if (one.header.is_control() && is_abort(one))
            aborting_.erase(producer);
        else if (one.header.is_transactional() && aborting_.contains(producer))
            return true;
    }
    return one.header.is_control();
}

void fetched_run::end_batch() {
    reader_.reset();
    ++next_batch_;
    position_ = std::max(position_, current_.header.next_offset().get());
}

} // namespace barnabas::client
