#include "sim/checkers/tap_recorder.hpp"

#include "protocol/batch/record_batch.hpp"

#include <utility>

namespace barnabas::sim {

namespace {

/// What a trace event of a tap is about; part of the hash, so append only.
enum class tapped : std::uint64_t {
    opened = 0x7461'7001,
    appended,
    moved,
    append_answered,
    read_answered,
    end_told,
    closed,
    deletion_answered,
    repaired,
    cleaning_begun,
    cleaning_ended
};

std::uint64_t as_word(log_offset offset) {
    return static_cast<std::uint64_t>(offset.get());
}

logged_batch logged(const batch::batch_header& header) {
    return {header.base_offset, header.last_offset(),  header.leader_epoch, header.crc,
            header.producer_id, header.producer_epoch, header.base_sequence};
}

/// Reads the headers of whole batches; false when something else is there.
bool read_headers(std::span<const std::byte> bytes, std::vector<batch::batch_header>& out) {
    while (!bytes.empty()) {
        const auto header = batch::parse_header(bytes);
        if (!header || header->total_size() > bytes.size())
            return false;
        out.push_back(*header);
        bytes = bytes.subspan(header->total_size());
    }
    return true;
}

} // namespace

class tap_recorder::log_recorder final : public partition_tap {
public:
    log_recorder(tap_recorder& parent, const place& where, std::uint64_t life, const std::string& directory)
        : parent_(parent), history_(*parent.with_.history), where_(where), life_(life),
          data_directory_(directory.substr(0, directory.rfind('/'))) {}

    void opened(const log_marks& now, const replica::recovery_report& report, bool write_caching) override {
        record(tapped::opened, now.log_end_offset, now.log_start_offset);
        history_.on_log_opened({where_, life_, now, report.clean, report.created, write_caching,
                                report.lost_from < report.lost_upto || !report.damage.empty(),
                                parent_.host_->clock().wall_now(), data_directory_});
        parent_.look();
    }

    void appended(const std::vector<slice>& batches, const log_marks& now) override {
        std::vector<batch::batch_header> told;
        for (const auto& each : batches)
            read_headers(each.bytes(), told);
        const auto wall = parent_.host_->clock().wall_now();
        for (const auto& each : told)
            history_.on_log_appended(
                {where_, life_, logged(each), each.total_size(), each.max_timestamp, wall});
        record(tapped::appended, now.log_end_offset, log_offset(told.empty() ? 0 : told.front().crc));
        parent_.look();
    }

    void sync_begun(log_offset upto) override { history_.on_log_sync_begun({where_, upto}); }

    void moved(const log_marks& now) override {
        record(tapped::moved, now.stable_offset, now.high_watermark);
        history_.on_log_moved({where_, now});
        parent_.look();
    }

    void answered_append(const append_outcome& outcome, const log_marks& now) override {
        record(tapped::append_answered, outcome.answer.base_offset, outcome.next_offset);
        history_.on_append_answered({where_, outcome.acks, outcome.answer.code == errc::ok,
                                     outcome.answer.base_offset, outcome.next_offset, now});
        parent_.look();
    }

    void repaired() override {
        record(tapped::repaired, log_offset(0), log_offset(0));
        history_.on_log_repaired({where_});
    }

    void retention_begun(timestamp_ms now) override {
        history_.on_retention_begun({where_, now, parent_.with_.time->now()});
        parent_.look();
    }

    void cleaning_begun(const cleaning_pass& pass) override {
        record(tapped::cleaning_begun, pass.dirty_from, pass.upto);
        history_.on_cleaning_begun({where_, life_, pass, parent_.with_.time->now()});
        parent_.look();
    }

    void cleaning_ended(const result<void>& outcome, log_offset cleaned_upto) override {
        record(tapped::cleaning_ended, cleaned_upto, log_offset(outcome ? 1 : 0));
        history_.on_cleaning_ended({where_, life_, outcome.has_value(), cleaned_upto});
        parent_.look();
    }

    void answered_read(log_offset from, const slice& records, const log_marks& now) override {
        read_answered event{where_, from, {}, false, now};
        std::vector<batch::batch_header> headers;
        event.torn = !read_headers(records.bytes(), headers);
        for (const auto& each : headers)
            event.batches.push_back(logged(each));
        record(tapped::read_answered, now.high_watermark, log_offset(std::ssize(event.batches)));
        history_.on_read_answered(event);
        parent_.look();
    }

    void told_end(log_offset end) override {
        record(tapped::end_told, end, end);
        history_.on_end_told({where_, end});
        parent_.look();
    }

    void deletion_begun(log_offset upto) override { history_.on_deletion_begun({where_, upto}); }

    void answered_deletion(log_offset upto) override {
        record(tapped::deletion_answered, upto, upto);
        history_.on_deletion_answered({where_, upto});
        parent_.look();
    }

    void closed(const result<void>& outcome, std::size_t waiting_appends,
                std::size_t waiting_reads) override {
        record(tapped::closed, log_offset(0), log_offset(0));
        history_.on_log_closed({where_, life_, outcome.has_value(), waiting_appends, waiting_reads});
        parent_.look();
    }

private:
    void record(tapped what, log_offset a, log_offset b) {
        const auto partition = (std::uint64_t{where_.incarnation} << 24) +
                               (std::uint64_t{where_.topic} << 16) +
                               static_cast<std::uint64_t>(where_.partition);
        parent_.with_.time->record(parent_.host_->number(), trace_kind::note,
                                   (static_cast<std::uint64_t>(what) << 32) | partition, as_word(a),
                                   as_word(b));
    }

    tap_recorder& parent_;
    history& history_;
    place where_;
    std::uint64_t life_;
    std::string data_directory_;
};

std::unique_ptr<partition_tap> tap_recorder::open(const std::string& topic, const topic_partition& id,
                                                  const std::string& directory) {
    return std::make_unique<log_recorder>(*this, with_.place_of(topic, id), life(), directory);
}

/// Nobody is told that a process was killed; the next event is of a new life.
std::uint64_t tap_recorder::life() {
    const auto current = host_->incarnations();
    if (current != last_life_ && last_life_ != 0)
        with_.history->on_life_ended(last_life_);
    last_life_ = current;
    return current;
}

host_time tap_recorder::now() const {
    return {host_->worked_ns()};
}

void tap_recorder::look() {
    if (with_.history->broken())
        with_.on_broken();
}

void tap_recorder::connection_opened(std::uint64_t connection) {
    with_.history->on_connection_opened({life(), connection});
    look();
}

void tap_recorder::request_begun(const request& which, kafka::api_key key, std::size_t unsent_bytes) {
    with_.history->on_request_begun({{life(), which.connection}, which.number, key, unsent_bytes, now()});
    look();
}

void tap_recorder::request_may_wait(const request& which, std::chrono::milliseconds at_most) {
    with_.history->on_request_may_wait(
        {{life(), which.connection}, which.number, std::chrono::nanoseconds(at_most).count()});
}

void tap_recorder::request_answered(const request& which, std::size_t answer_bytes,
                                    std::size_t unsent_bytes) {
    with_.history->on_request_answered(
        {{life(), which.connection}, which.number, answer_bytes, unsent_bytes, now()});
    look();
}

void tap_recorder::connection_closed(std::uint64_t connection) {
    with_.history->on_connection_closed({life(), connection});
    look();
}

void tap_recorder::reading(const node_reading& what) {
    life();
    with_.history->on_reading(what);
    look();
}

} // namespace barnabas::sim
