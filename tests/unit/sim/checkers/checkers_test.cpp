#include "sim/checkers/checkers.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

/// Each checker has a history that it must refuse and a near miss that it must accept.
namespace barnabas::sim {
namespace {

using client::delivery;

constexpr place here{0, 0};
constexpr std::uint32_t auditor = 9;

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
        batch.at = now_;
        history_.on_sent(batch);
        return batch.token;
    }
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
    void sequence_lost(std::int16_t acks) { history_.on_sequence_lost(0, acks, here); }
    void pass(std::int64_t seconds) { now_ = now_ + seconds * second; }
    void healed() { history_.on_healed(now_); }
    void progress_due(std::uint32_t producers, std::uint32_t readers) {
        history_.on_progress_due(now_, producers, readers);
    }
    void end(const end_facts& facts = {}) { history_.on_end(facts); }
    bool broken() const { return history_.broken().has_value(); }

private:
    history history_;
    virtual_time now_{0};
};

std::unique_ptr<checker> liveness(const history& of) {
    return make_liveness_after_healing(of, {20 * second, 5 * second});
}

TEST(acked_records_survive, refuses_a_record_that_is_gone) {
    story told(&make_acked_records_survive);
    told.result(told.send(2), delivery::acked, 0);
    told.audit(0, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_another_offset) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, 3);
    told.audit(4, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_a_record_that_came_twice) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, 0);
    told.audit(0, 0);
    told.audit(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_the_loss_of_acks_1_without_a_power_cut) {
    story told(&make_acked_records_survive);
    told.result(told.send(1, 1), delivery::acked, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, accepts_the_loss_of_what_was_not_promised) {
    story told(&make_acked_records_survive);
    told.result(told.send(1, 1), delivery::acked, 0);
    told.result(told.send(1), delivery::unknown);
    told.result(told.send(1), delivery::acked, 0);
    told.audit(0, 2);
    end_facts facts;
    facts.power_was_cut = true;
    told.end(facts);
    EXPECT_FALSE(told.broken());
}
TEST(acked_records_survive, accepts_a_repetition_without_known_offset) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, -1);
    told.audit(5, 0);
    told.end();
    EXPECT_FALSE(told.broken());
}

TEST(nothing_invented, refuses_a_record_that_nobody_sent) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read(0, 1);
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_a_key_that_is_none_of_ours) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, here, log_offset(0), std::nullopt, 1'000, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_another_content) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, here, log_offset(0), 0, 1'001, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_another_partition) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, {0, 1}, log_offset(0), 0, 1'000, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_a_record_that_was_refused) {
    story told(&make_nothing_invented);
    told.result(told.send(1), delivery::failed);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, accepts_a_record_whose_fate_was_unknown) {
    story told(&make_nothing_invented);
    told.result(told.send(1), delivery::unknown);
    told.read(0, 0);
    EXPECT_FALSE(told.broken());
}

TEST(offsets_contiguous, refuses_a_gap) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read(2, 1);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, refuses_an_offset_read_again) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, refuses_another_record_at_an_offset) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0, 0);
    told.read(0, 1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, refuses_two_acknowledgements_of_an_offset) {
    story told(&make_offsets_contiguous);
    told.result(told.send(2), delivery::acked, 0);
    told.result(told.send(1), delivery::acked, 1);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, accepts_two_readers_of_the_same) {
    story told(&make_offsets_contiguous);
    told.result(told.send(2), delivery::acked, 0);
    told.result(told.send(1), delivery::acked, 2);
    for (const std::uint32_t reader : {0U, 1U}) {
        for (const std::int64_t offset : {0, 1, 2})
            told.read(offset, static_cast<std::uint64_t>(offset), reader);
    }
    EXPECT_FALSE(told.broken());
}

TEST(producer_order, refuses_records_that_changed_places) {
    story told(&make_producer_order);
    told.send(2);
    told.read(0, 1);
    told.read(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, refuses_a_record_twice) {
    story told(&make_producer_order);
    told.send(1);
    told.read(0, 0);
    told.read(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, refuses_a_forgotten_sequence_under_acks_all) {
    story told(&make_producer_order);
    told.sequence_lost(-1);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, accepts_any_order_between_producers_and_without_idempotence) {
    story told(&make_producer_order);
    told.send(1, -1, true, 0);
    told.send(1, -1, true, 1);
    told.send(2, -1, false, 2);
    told.sequence_lost(1);
    for (const std::uint64_t record : {3, 1, 2, 0})
        told.read(0, record);
    EXPECT_FALSE(told.broken());
}

TEST(high_watermark_never_back, refuses_a_step_back) {
    story told(&make_high_watermark_never_back);
    told.watermark(5);
    told.watermark(4);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, refuses_a_record_above_it) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(0);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, refuses_an_end_below_what_was_read) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(1);
    told.read(0, 0);
    end_facts facts;
    facts.audit_ends[here] = log_offset(0);
    told.end(facts);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, accepts_a_reader_that_is_behind_another) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(5, 0);
    told.watermark(4, 1);
    told.watermark(5, 1);
    told.read(0, 0);
    end_facts facts;
    facts.audit_ends[here] = log_offset(1);
    told.end(facts);
    EXPECT_FALSE(told.broken());
}

TEST(liveness_after_healing, refuses_a_producer_without_acknowledgement) {
    story told(&liveness);
    told.result(told.send(1), delivery::acked, 0);
    told.healed();
    told.pass(10);
    told.progress_due(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(liveness_after_healing, refuses_a_reader_that_stands_still) {
    story told(&liveness);
    told.healed();
    told.result(told.send(2), delivery::acked, 0);
    told.read(0, 0);
    told.pass(10);
    told.progress_due(1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(liveness_after_healing, refuses_a_late_result) {
    story told(&liveness);
    const auto token = told.send(1);
    told.pass(21);
    told.result(token, delivery::unknown);
    EXPECT_TRUE(told.broken());
}
TEST(liveness_after_healing, accepts_progress_with_the_last_moments_unread) {
    story told(&liveness);
    told.healed();
    told.result(told.send(1), delivery::acked, 0);
    told.read(0, 0);
    told.pass(10);
    told.result(told.send(1), delivery::acked, 1);
    told.progress_due(1, 1);
    EXPECT_FALSE(told.broken());
}

TEST(no_leak, refuses_dropped_replies_leaked_actors_and_silence) {
    end_facts dropped;
    dropped.replies_dropped = 1;
    end_facts leaked;
    leaked.leaked_actors = 1;
    for (const auto& facts : {dropped, leaked}) {
        story told(&make_no_leak);
        told.end(facts);
        EXPECT_TRUE(told.broken());
    }
    story silent(&make_no_leak);
    silent.send(1);
    silent.end();
    EXPECT_TRUE(silent.broken());
}
TEST(no_leak, accepts_an_end_in_good_order) {
    story told(&make_no_leak);
    told.result(told.send(1), delivery::unknown);
    told.end();
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim
