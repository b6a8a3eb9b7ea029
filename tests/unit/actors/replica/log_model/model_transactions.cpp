// Transactions: what their producers and the coordinator write, and what readers of committed records see.

#include "protocol/batch/validate.hpp"
#include "tests/unit/actors/replica/log_model/log_model.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <algorithm>

namespace barnabas::replica::model {

namespace {

constexpr std::uint32_t transactional_producers = 2;

producer_id transactional_id(std::uint32_t choice) {
    return producer_id(transactional_ids + static_cast<std::int64_t>(choice % transactional_producers));
}

bool is_abort(const known_batch& marker) {
    return kind_of_marker({marker.bytes, marker.header}) == marker_kind::abort;
}

/// What a client does with an answer and the aborted transactions that came along (KIP-98).
class committed_reader {
public:
    explicit committed_reader(std::vector<aborted_transaction> aborted) : aborted_(std::move(aborted)) {
        std::sort(aborted_.begin(), aborted_.end(),
                  [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
    }

    /// Its records are handed out.
    bool shows(const batch::batch_view& batch) {
        const auto& header = batch.header;
        for (; next_ < aborted_.size() && aborted_[next_].first_offset <= header.last_offset(); ++next_)
            producers_.insert(aborted_[next_].producer);
        if (header.is_control()) {
            if (is_abort({batch.bytes, header}))
                producers_.erase(header.producer_id);
            return false;
        }
        return !header.is_transactional() || !producers_.contains(header.producer_id);
    }

private:
    std::vector<aborted_transaction> aborted_;
    std::size_t next_ = 0;
    std::set<producer_id> producers_;
};

} // namespace

log_model::transaction_state log_model::state_of(producer_id id) const {
    transaction_state state;
    for (const auto& batch : batches_of(id)) {
        const auto& header = batch.header;
        const bool new_epoch = header.producer_epoch.get() != state.epoch;
        state.known = true;
        state.open = !header.is_control();
        state.epoch = header.producer_epoch.get();
        if (!header.is_control())
            state.next_sequence = header.last_sequence() + 1;
        else if (new_epoch)
            state.next_sequence = 0;
    }
    return state;
}

std::set<log_offset> log_model::aborted() const {
    std::set<log_offset> all;
    std::map<producer_id, std::vector<log_offset>> open;
    for (const auto& [base, batch] : expected_.batches) {
        if (!batch.header.is_transactional())
            continue;
        auto& begun = open[batch.header.producer_id];
        if (!batch.header.is_control()) {
            begun.push_back(base);
            continue;
        }
        if (is_abort(batch))
            all.insert(begun.begin(), begun.end());
        begun.clear();
    }
    return all;
}

void log_model::send_in_transaction(const operation& one) {
    const auto id = transactional_id(one.b);
    const auto state = state_of(id);
    auto shape = shape_of(one, keys_);
    shape.producer = id.get();
    shape.epoch = state.epoch;
    shape.sequence = state.next_sequence;
    shape.transactional = true;
    append(shape);
}

/// Sometimes one that ends nothing: the coordinator sends it again when an answer was lost.
void log_model::end_transaction(const operation& one) {
    const auto id = transactional_id(one.a);
    const auto state = state_of(id);
    if (!state.known || (!state.open && one.b % 8 != 0) || host_.log->failure())
        return;
    const auto epoch = static_cast<std::int16_t>(state.epoch + (one.b % 5 == 0 ? 1 : 0));
    const auto before = host_.writes.size();
    const auto end = host_.log->log_end_offset();
    const auto appended =
        host_.queue_batch(make_marker(id.get(), one.b % 2 == 0, 4, epoch),
                          {leader_epoch(leader_epoch_), timestamp_ms(5000), host_.monotonic, false});
    if (!appended)
        return wrong("a marker was refused: " + to_string(appended.failure()));
    note_appended(*appended, before, end);
}

/// Up to where nothing is undecided, or decided by a marker that may yet be lost.
void log_model::compare_unstable(log_offset high_watermark) {
    const auto& log = *host_.log;
    if (log.failure())
        return;
    auto due = log.log_end_offset();
    std::map<producer_id, log_offset> open;
    for (const auto& [base, batch] : expected_.batches) {
        if (!batch.header.is_transactional())
            continue;
        const auto begun = open.emplace(batch.header.producer_id, base).first;
        if (!batch.header.is_control())
            continue;
        if (base >= high_watermark && begun->second < base)
            due = std::min(due, begun->second);
        open.erase(begun);
    }
    for (const auto& [id, first] : open)
        due = std::min(due, first);
    due = std::max(due, log.log_start_offset());
    const auto found = log.first_unstable_offset(high_watermark);
    if (found != due)
        wrong("the first unstable offset is " + std::to_string(found.get()) + ", not " +
              std::to_string(due.get()));
}

void log_model::read_committed(const operation& one) {
    const auto& log = *host_.log;
    const auto high_watermark = log.stable_offset();
    compare_unstable(high_watermark);
    const auto upto = std::min(high_watermark, log.first_unstable_offset(high_watermark));
    const auto start = log.log_start_offset();
    if (start >= upto || log.failure())
        return;
    const auto from = start + static_cast<std::int64_t>(one.a % static_cast<std::uint64_t>(upto - start));
    static_cast<void>(read_committed_from(from, upto, one.b % 1000));
}

void log_model::compare_committed() {
    const auto& log = *host_.log;
    const auto upto = log.first_unstable_offset(log.log_end_offset());
    int failures = 0;
    for (auto next = log.log_start_offset(); next < upto && problem_.empty() && !disk_.cut_off();) {
        const auto behind = read_committed_from(next, upto, 1000);
        if (behind == next && ++failures == 3)
            return wrong("committed records cannot be read from offset " + std::to_string(next.get()));
        next = behind;
    }
}

log_offset log_model::read_committed_from(log_offset from, log_offset upto, std::size_t bytes) {
    auto job = host_.log->read(from, bytes, upto, true, true);
    if (!job) {
        wrong("a read of committed records was refused");
        return from;
    }
    job->run(disk_.files());
    host_.log->on_read(*job);
    if (!job->records && mends_transactions(*job))
        return read_committed_from(from, upto, bytes);
    if (!job->records || !job->aborted) {
        if (job->records || !excused(job->records.failure()))
            wrong("a read of committed records failed: " +
                  (job->records ? "nothing was said of what is aborted" : to_string(job->records.failure())));
        return from;
    }
    const auto batches = batch::split_batches(*job->records);
    if (!batches || batches->empty()) {
        // Compaction may have left nothing below the bound.
        if (from >= expected_.cleaned_below)
            wrong("a read of committed records gave nothing at offset " + std::to_string(from.get()));
        return upto;
    }
    committed_reader reader(*job->aborted);
    const auto gone = aborted();
    for (const auto& batch : *batches) {
        const auto base = batch.header.base_offset;
        const bool shown = reader.shows(batch);
        if (!batch.header.is_control() && batch.header.record_count > 0 && shown == gone.contains(base))
            wrong(std::string(shown ? "aborted" : "committed") + " records at offset " +
                  std::to_string(base.get()) + (shown ? " are shown" : " are hidden"));
    }
    return batches->back().header.next_offset();
}

} // namespace barnabas::replica::model
