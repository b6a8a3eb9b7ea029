#pragma once

#include "sim/checkers/checkers.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// Histories by hand, for tests of checkers.
namespace barnabas::sim {

using client::delivery;

inline constexpr place here{0, 0};
inline constexpr std::uint32_t auditor = 9;

/// A history by hand. Record n of a batch has content 1000 + n.
class story {
public:
    using factory = std::function<std::unique_ptr<checker>(const history&)>;
    explicit story(const factory& make) { history_.add(make(history_)); }

    std::uint64_t send(std::size_t records, std::int16_t acks = -1, bool idempotent = true,
                       std::uint32_t producer = 0) {
        sent_batch batch;
        batch.token = history_.batches().size();
        batch.producer = producer;
        batch.where = here;
        batch.first_record = history_.records();
        for (std::size_t i = 0; i < records; ++i)
            batch.contents.push_back(1'000 + batch.first_record + i);
        batch.acks = acks;
        batch.idempotent = idempotent;
        batch.next_epoch = next_epoch;
        batch.at = now_;
        history_.on_sent(batch);
        return batch.token;
    }
    /// Of batches sent from now on.
    bool next_epoch = true;

    void result(std::uint64_t token, delivery what, std::int64_t base = -1) {
        history_.on_result({token, what, log_offset(base), now_});
    }
    void read(std::int64_t offset, std::uint64_t record, std::uint32_t reader = 0) {
        history_.on_read({reader, reader == auditor, here, log_offset(offset), record, 1'000 + record, now_});
    }
    void read_raw(const read_record& read) { history_.on_read(read); }
    void audit(std::int64_t offset, std::uint64_t record) { read(offset, record, auditor); }
    void watermark(std::int64_t at, std::uint32_t reader = 0) {
        history_.on_watermark({reader, here, log_offset(at), log_offset(0), now_});
    }
    void out_of_range(std::int64_t position, std::int64_t log_start, std::int64_t high_watermark) {
        history_.on_out_of_range(
            {0, here, log_offset(position), log_offset(log_start), log_offset(high_watermark)});
    }
    void sequence_lost(std::int16_t acks) { history_.on_sequence_lost(0, acks, here); }
    void pass(std::int64_t seconds) { now_ = now_ + seconds * second; }
    void healed() { history_.on_healed(now_); }
    void progress_due(std::uint32_t producers, std::uint32_t readers) {
        history_.on_progress_due(now_, producers, readers);
    }
    void end(const end_facts& facts = {}) { history_.on_end(facts); }
    bool broken() const { return history_.broken().has_value(); }

    /// An acknowledgement of one record of acks=all at `offset`, and its token.
    std::uint64_t acked(std::int64_t offset, std::int16_t acks = -1) {
        const auto token = send(1, acks);
        result(token, delivery::acked, offset);
        return token;
    }
    void start(std::int64_t log_start, std::int64_t high_watermark, std::uint32_t reader = 0) {
        history_.on_watermark({reader, here, log_offset(high_watermark), log_offset(log_start), now_});
    }

    history& told() noexcept { return history_; }
    virtual_time now() const noexcept { return now_; }
    const std::string& what() const { return history_.broken()->what; }

private:
    history history_;
    virtual_time now_{0};
};

} // namespace barnabas::sim
