#pragma once

#include "sim/checkers/checkers.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// What the taps of one partition say, by hand.
namespace barnabas::sim {

class log_story {
public:
    using factory = std::function<std::unique_ptr<checker>(const history&)>;
    explicit log_story(const factory& make) { history_.add(make(history_)); }

    void disks_lie() { history_.begin_lying_disks(); }

    struct opening {
        std::int64_t start = 0;
        bool clean = false;
        bool write_caching = false;
        bool stable_records_lost = false;
    };
    /// A new life of the broker finds the log with this end.
    void open(std::int64_t end, const opening& how) {
        ++life_;
        marks_ = {log_offset(how.start), log_offset(end), log_offset(end), log_offset(end), log_offset(end)};
        history_.on_log_opened(
            {where, life_, marks_, how.clean, false, how.write_caching, how.stable_records_lost});
    }
    void open(std::int64_t end) { open(end, {}); }
    void end_life() { history_.on_life_ended(life_); }
    /// A life that ended before it told of the log.
    void short_life() { ++life_; }

    static logged_batch batch(std::int64_t base, std::int64_t records, std::uint32_t crc = 0) {
        return {log_offset(base),
                log_offset(base + records - 1),
                leader_epoch(0),
                crc,
                producer_id(-1),
                producer_epoch(-1),
                -1};
    }
    static logged_batch batch_of(std::int64_t producer, std::int16_t epoch, std::int32_t sequence,
                                 std::int64_t base, std::int64_t records = 1) {
        return {log_offset(base),      log_offset(base + records - 1), leader_epoch(0), 0,
                producer_id(producer), producer_epoch(epoch),          sequence};
    }
    void append(const logged_batch& batch) {
        marks_.log_end_offset = batch.last_offset + 1;
        history_.on_log_appended({where, life_, batch});
    }
    void append(std::int64_t base, std::int64_t records, std::uint32_t crc = 0) {
        append(batch(base, records, crc));
    }
    /// One record, of so many bytes in the log.
    void append_timed(std::int64_t base, std::uint64_t bytes, std::int64_t stamp, std::int64_t now) {
        marks_.log_end_offset = log_offset(base + 1);
        history_.on_log_appended(
            {where, life_, batch(base, 1), bytes, timestamp_ms(stamp), timestamp_ms(now)});
    }
    void retains(const retention_policy& policy) { history_.begin_retention(where.topic, policy); }
    void retention_begun(std::int64_t now, std::int64_t at) {
        history_.on_retention_begun({where, timestamp_ms(now), virtual_time(at)});
    }
    void healed() { history_.on_healed(virtual_time(0)); }
    void written(std::int64_t upto) {
        marks_.written_offset = log_offset(upto);
        moved();
    }
    void sync_begun(std::int64_t upto) { history_.on_log_sync_begun({where, log_offset(upto)}); }
    void synced(std::int64_t upto) {
        marks_.stable_offset = log_offset(upto);
        moved();
    }
    void shown(std::int64_t upto) {
        marks_.high_watermark = log_offset(upto);
        moved();
    }
    /// Appended, written, synced and shown.
    void store(std::int64_t base, std::int64_t records) {
        append(base, records);
        written(base + records);
        sync_begun(base + records);
        synced(base + records);
        shown(base + records);
    }
    /// DeleteRecords: begun, in effect, answered.
    void deletion_begun(std::int64_t upto) { history_.on_deletion_begun({where, log_offset(upto)}); }
    void begins_at(std::int64_t start) {
        marks_.log_start_offset = log_offset(start);
        moved();
    }
    void deletion_answered(std::int64_t upto) { history_.on_deletion_answered({where, log_offset(upto)}); }
    void cut_back(std::int64_t end) {
        marks_.log_end_offset = log_offset(end);
        moved();
    }
    void move_to(const log_marks& marks) {
        marks_ = marks;
        moved();
    }
    void answer(std::int16_t acks, std::int64_t base, std::int64_t next) {
        history_.on_append_answered({where, acks, true, log_offset(base), log_offset(next), marks_});
    }
    void refuse(std::int16_t acks, std::int64_t next) {
        history_.on_append_answered({where, acks, false, log_offset(-1), log_offset(next), marks_});
    }
    void read(std::vector<logged_batch> batches) {
        history_.on_read_answered({where, log_offset(-1), std::move(batches), false, marks_});
    }
    void read_from(std::int64_t from, std::vector<logged_batch> batches) {
        history_.on_read_answered({where, log_offset(from), std::move(batches), false, marks_});
    }
    void read_torn() { history_.on_read_answered({where, log_offset(-1), {}, true, marks_}); }
    void repaired() { history_.on_log_repaired({where}); }
    void clean(const cleaning_pass& pass) { history_.on_cleaning_begun({where, life_, pass}); }
    void cleaned(std::int64_t upto, bool ok = true) {
        history_.on_cleaning_ended({where, life_, ok, log_offset(upto)});
    }
    void tell_end(std::int64_t end) { history_.on_end_told({where, log_offset(end)}); }
    void close(std::size_t waiting_appends = 0, std::size_t waiting_reads = 0) {
        history_.on_log_closed({where, life_, true, waiting_appends, waiting_reads});
    }

    bool broken() const { return history_.broken().has_value(); }

    static constexpr place where{0, 0};

private:
    void moved() { history_.on_log_moved({where, marks_}); }

    history history_;
    std::uint64_t life_ = 0;
    log_marks marks_;
};

} // namespace barnabas::sim
