#include "actors/client/producer/batch_sender.hpp"

#include "actors/client/cluster/call.hpp"
#include "actors/client/drawn_pause.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

// What came back, and what ends.
namespace barnabas::client {

using kafka::error_code;

namespace {

/// The same batch may fare better at another time or broker.
bool passes(errc code) {
    switch (code) {
    case errc::network_exception:
    case errc::request_timed_out:
    case errc::broker_not_available:
    case errc::unknown_topic_or_partition:
    case errc::leader_not_available:
    case errc::throttled: return true;
    default: return false;
    }
}

/// No patience helps.
bool refuses_topic(errc code) {
    return code == errc::invalid_topic || code == errc::topic_authorization_failed;
}

/// Somebody else leads, or the topic is another one.
bool is_about_the_topic(error_code code) {
    switch (code) {
    case error_code::unknown_topic_or_partition:
    case error_code::unknown_topic_id:
    case error_code::inconsistent_topic_id:
    case error_code::not_leader_or_follower:
    case error_code::leader_not_available:
    case error_code::fenced_leader_epoch:
    case error_code::kafka_storage_error:
    case error_code::new_leader_elected: return true;
    default: return false;
    }
}

using refused_records = std::vector<batch::refused_record>;

/// Whoever is not named may be sent again, so a broker that names nobody that there is has named nobody.
refused_records to_blame(refused_records said, std::int32_t records) {
    std::erase_if(said, [records](const auto& one) { return one.index < 0 || one.index >= records; });
    return said;
}

} // namespace

void batch_sender::want_topic(const std::string& name) {
    topics_[name].wanted = true;
}

void batch_sender::want_leader(const place_view& where) {
    auto& topic = topics_[std::string(where.first)];
    topic.wanted = true;
    topic.needed = std::max(topic.needed, where.second + 1);
}

void batch_sender::on_topic(const std::string& name, const result<topic_facts>& said, monotonic_ns now) {
    auto& topic = topics_[name];
    topic.asking = false;
    topic.refused = !said && refuses_topic(said.code());
    if (said && !said->leaders.empty()) {
        const auto& leaders = said->leaders;
        const bool all_led = std::none_of(leaders.begin(), leaders.end(), [](auto one) { return one < 0; });
        // Made anew with fewer partitions, it will not have those that batches wait for by the next answer.
        const bool whole = all_led && leaders.size() >= static_cast<std::size_t>(topic.needed);
        topic.attempts = whole ? 0 : topic.attempts + 1;
        topic.facts = *said;
        topic.fresh = true;
        topic.not_before = whole ? now : now + pause_after(topic.attempts);
    } else {
        topic.last = said ? error{errc::leader_not_available, "it has no partitions yet"} : said.failure();
        topic.not_before = now + pause_after(++topic.attempts);
    }
    // Whoever still lacks something says so again.
    topic.wanted = false;
    topic.needed = 0;
    for (auto at = lines_.lower_bound(place_view(name, 0)); at != lines_.end() && at->first.first == name;
         ++at)
        at->second.awaits_topic = false;
}

void batch_sender::on_producer_id(const result<producer_id_facts>& said, monotonic_ns now) {
    id_asking_ = false;
    if (said) {
        identity_ = *said;
        id_attempts_ = 0;
        id_last_.reset();
        return;
    }
    id_last_ = said.failure();
    id_not_before_ = now + pause_after(++id_attempts_);
}

void batch_sender::on_produced(std::uint64_t request, const std::vector<produced_part>& parts,
                               monotonic_ns now, sender_effects& out) {
    const auto found = flights_.extract(request);
    if (found.empty())
        return;
    const auto& sent = found.mapped();
    --asked_of_[sent.leader];
    for (std::size_t i = 0; i < sent.parts.size(); ++i)
        hear(*sent.parts[i].first, sent.parts[i].second, parts.at(i), now, out);
}

void batch_sender::hear(placed_line& at, std::uint64_t number, const produced_part& said, monotonic_ns now,
                        sender_effects& out) {
    auto& [where, of] = at;
    const auto found = std::find_if(of.batches.begin(), of.batches.end(),
                                    [&](const auto& each) { return each->number == number; });
    if (found == of.batches.end() || !(*found)->in_flight)
        return;
    auto& batch = **found;
    batch.in_flight = false;
    if (said.lost) {
        batch.ambiguous = batch.ambiguous || (said.was_sent && !settings_.planted.cut_off_called_failed);
        if (settings_.planted.repetition_renumbered)
            batch.sequence = -1;
        of.awaits_topic = true;
        want_topic(where.first);
        if (passes(said.lost->code))
            return repeat_or_fail(of, batch, *said.lost, now);
        return fail(batch, *said.lost);
    }
    of.opened = of.opened || said.code == error_code::none;
    if (said.code == error_code::none)
        return end(batch, {settings_.acks == 0 ? delivery_fate::sent : delivery_fate::written,
                           said.base_offset,
                           said.append_time_ms,
                           {errc::ok, {}}});
    // An earlier attempt was written, too long ago for the broker to know where.
    if (said.code == error_code::duplicate_sequence_number)
        return end(batch, {delivery_fate::written, -1, -1, {errc::ok, {}}});
    hear_refusal(of, batch, said, now, out);
}

void batch_sender::hear_refusal(line& of, producer_batch& batch, const produced_part& said, monotonic_ns now,
                                sender_effects& out) {
    batch.ambiguous = batch.ambiguous || may_be_written(said.code);
    if (is_about_the_topic(said.code)) {
        of.awaits_topic = true;
        want_topic(batch.topic);
    }
    auto why = error_of(said.code, said.message);
    if (settings_.idempotent && is_sequence_error(said.code)) {
        const auto first =
            std::find_if(of.batches.begin(), of.batches.end(), [](const auto& each) { return !each->fate; });
        // Behind a batch that must be repeated this is to be expected. At the front it proves that no attempt
        // of this batch was written: a repetition would have been recognised.
        if (first->get() == &batch) {
            batch.ambiguous = false;
            want_new_epoch("the broker did not know the sequences of another batch");
            out.sequences_lost.push_back({batch.topic, batch.partition, said.code});
        }
        return repeat_or_fail(of, batch, std::move(why), now);
    }
    if (may_pass(said.code))
        return repeat_or_fail(of, batch, std::move(why), now);
    fail(batch, std::move(why),
         batch.ambiguous ? refused_records{} : to_blame(said.refused, batch.content.count()));
}

void batch_sender::repeat_or_fail(line& of, producer_batch& batch, error why, monotonic_ns now) {
    batch.last = why;
    const bool open = batch.ambiguous && !settings_.idempotent && !settings_.repeats_open;
    if (++batch.attempts > settings_.retries || open)
        return fail(batch, std::move(why));
    of.not_before = now + pause_after(batch.attempts);
}

void batch_sender::fail(producer_batch& batch, error why, std::vector<batch::refused_record> refused) {
    // A hole in the sequences: the batches behind it would be refused for ever.
    if (batch.sequence >= 0)
        want_new_epoch("an earlier batch failed");
    end(batch, {batch.ambiguous ? delivery_fate::unknown : delivery_fate::failed, -1, -1, std::move(why),
                std::move(refused)});
}

void batch_sender::end(producer_batch& batch, batch_fate fate) {
    const auto records = static_cast<std::uint64_t>(batch.content.count());
    const bool good = fate.what == delivery_fate::written || fate.what == delivery_fate::sent;
    (good ? metrics_.records_sent : metrics_.record_errors) += records;
    batch.fate = std::move(fate);
    batch.bytes = {};
}

/// Fates are told in order: one waits for those before it.
void batch_sender::release(sender_effects& out) {
    for (auto next = busy_.begin(); next != busy_.end();) {
        auto& of = next->second->second;
        while (!of.batches.empty() && of.batches.front()->fate) {
            auto& done = *of.batches.front();
            if (settings_.planted.late_report_forgotten && done.fate->why.code == errc::request_timed_out)
                done.waiters.clear();
            for (auto& waiter : done.waiters)
                waiter.index = settings_.planted.reports_share_an_offset ? 0 : waiter.index;
            out.finished.push_back(std::move(of.batches.front()));
            of.batches.pop_front();
        }
        next = of.batches.empty() ? busy_.erase(next) : std::next(next);
    }
}

void batch_sender::expire(monotonic_ns now) {
    for (auto& [where, at] : busy_)
        for (auto& each : at->second.batches)
            if (!each->fate && !each->in_flight && each->deadline <= now)
                fail(*each, late(where, *each, now));
}

/// Sequences begin at zero. Under other ones the broker could not tell a repetition from a new batch, so what
/// may be written already stays open.
void batch_sender::count_anew(line& of, std::string_view because) {
    for (auto& each : of.batches) {
        if (each->fate)
            continue;
        const bool stays_open = each->ambiguous && !settings_.planted.open_batch_under_next_epoch;
        if (settings_.idempotent && stays_open)
            end(*each, {delivery_fate::unknown,
                        -1,
                        -1,
                        {errc::network_exception,
                         "it was sent, and may be written; then " + std::string(because) +
                             ", so that it cannot be repeated" +
                             (each->last ? "; its last error: " + each->last->detail : "")}});
        each->sequence = -1;
    }
    of.next_sequence = 0;
    of.opened = false;
}

/// The first reason counts.
void batch_sender::want_new_epoch(std::string_view because) {
    if (new_epoch_because_.empty())
        new_epoch_because_ = because;
}

void batch_sender::take_new_epoch() {
    for (auto& [where, of] : lines_) {
        count_anew(of, new_epoch_because_);
        of.moved = false;
    }
    // Behind the last epoch there is only another id.
    if (identity_.epoch.get() < std::numeric_limits<std::int16_t>::max())
        identity_.epoch = producer_epoch(static_cast<std::int16_t>(identity_.epoch.get() + 1));
    else
        identity_ = {};
    ++metrics_.epochs;
    new_epoch_because_ = {};
}

void batch_sender::on_close(record_accumulator& from, const error& why, sender_effects& out) {
    for (auto& [where, at] : busy_)
        for (auto& each : at->second.batches) {
            if (each->fate)
                continue;
            each->ambiguous = each->ambiguous || each->in_flight;
            each->in_flight = false;
            fail(*each, why);
        }
    flights_.clear();
    asked_of_.clear();
    release(out);
    std::vector<std::unique_ptr<producer_batch>> left;
    const auto dropped = out.dropped.size();
    from.clear(why, left, out.dropped);
    metrics_.record_errors += out.dropped.size() - dropped;
    for (auto& batch : left) {
        fail(*batch, why);
        out.finished.push_back(std::move(batch));
    }
    for (const auto& batch : out.finished)
        from.release(std::exchange(batch->charged, 0));
}

error batch_sender::late(const place_view& where, const producer_batch& batch, monotonic_ns now) const {
    std::string text = "not delivered after " + std::to_string((now - batch.made_at) / ns_per_ms) + " ms: ";
    // Later attempts that come less far do not take it back.
    if (batch.ambiguous)
        text += "it got as far as: ack (it was sent, and may be written); ";
    if (batch.last)
        text += (batch.ambiguous ? "the last attempt: " : "") + batch.last->detail;
    else if (leader_of(where) < 0)
        text += "it got as far as: leader (" + leader_reason(where) + ")";
    else if (settings_.idempotent && identity_.id == no_producer_id)
        text += "it got as far as: producer id" + (id_last_ ? " (" + id_last_->detail + ")" : "");
    else
        text += "it waited behind earlier batches";
    return {errc::request_timed_out, std::move(text)};
}

std::string batch_sender::leader_reason(const place_view& where) const {
    const auto name = std::string(where.first) + "-" + std::to_string(where.second);
    const auto found = topics_.find(where.first);
    const bool gone = found != topics_.end() && found->second.facts &&
                      found->second.facts->leaders.size() <= static_cast<std::size_t>(where.second);
    return gone ? name + " is not there any more: the topic has " +
                      std::to_string(found->second.facts->leaders.size()) + " partitions"
                : "none is known for " + name;
}

std::string batch_sender::topic_reason(const std::string& name) const {
    const auto found = topics_.find(name);
    std::string text = "topic '" + name + "' is not known after " +
                       std::to_string(settings_.max_block_ns / ns_per_ms) + " ms (max.block.ms)";
    if (found != topics_.end() && found->second.last)
        text += "; the last question about it: " + found->second.last->detail;
    return text;
}

std::int64_t batch_sender::pause_after(std::int64_t attempts) {
    const auto& of = settings_.cluster;
    return drawn_pause(of.retry_backoff_ns, of.retry_backoff_max_ns, attempts, draws_);
}

bool batch_sender::has_batches_below(std::uint64_t number) const {
    return std::any_of(busy_.begin(), busy_.end(), [number](const auto& one) {
        return one.second->second.batches.front()->number < number;
    });
}

bool batch_sender::empty() const {
    return busy_.empty();
}

} // namespace barnabas::client
