#include "actors/client/producer/batch_sender.hpp"

#include "actors/client/client_session.hpp"
#include "actors/client/limits.hpp"

#include <algorithm>
#include <iterator>

// What is sent: topics are learned, batches taken, requests made.
namespace barnabas::client {

namespace {

/// Sequences wrap from the largest int32 to 0.
std::int32_t advance_sequence(std::int32_t from, std::int32_t by) {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(from) + static_cast<std::uint32_t>(by)) &
                                     INT32_MAX);
}

std::size_t in_flight(const std::deque<std::unique_ptr<producer_batch>>& batches) {
    return static_cast<std::size_t>(
        std::count_if(batches.begin(), batches.end(), [](const auto& each) { return each->in_flight; }));
}

bool waits(const producer_batch& batch) {
    return !batch.in_flight && !batch.fate;
}

} // namespace

batch_sender::batch_sender(producer_settings settings, const runtime::random& draws)
    : settings_(std::move(settings)), draws_(draws) {}

void batch_sender::take(record_accumulator& from, monotonic_ns now, sender_effects& out) {
    const auto dropped = out.dropped.size();
    take_topics(from, now, out);
    std::vector<std::unique_ptr<producer_batch>> late_ones;
    from.expire(
        now, [this](const std::string& topic) { return topic_reason(topic); }, late_ones, out.dropped);
    metrics_.record_errors += out.dropped.size() - dropped;
    for (auto& batch : late_ones) {
        fail(*batch, late({batch->topic, batch->partition}, *batch, now));
        put_into_line(std::move(batch));
    }
    auto ready = from.take(
        [this](const std::string& topic, std::int32_t partition) {
            return room({topic, partition});
        },
        now);
    for (auto& batch : ready)
        put_into_line(std::move(batch));
    release(out);
}

void batch_sender::put_into_line(std::unique_ptr<producer_batch> batch) {
    const place_view where{batch->topic, batch->partition};
    auto found = lines_.find(where);
    if (found == lines_.end())
        found = lines_.try_emplace(place(where)).first;
    found->second.batches.push_back(std::move(batch));
    busy_.try_emplace(found->first, &*found);
}

/// Tells the accumulator of new facts, and asks for the topics that it waits for.
void batch_sender::take_topics(record_accumulator& from, monotonic_ns now, sender_effects& out) {
    for (auto& [name, topic] : topics_)
        if (std::exchange(topic.refused, false))
            from.on_refused(name, *topic.last, out.dropped);
    const auto wanted = from.topics_wanted();
    for (const auto& name : wanted) {
        auto& topic = topics_[name];
        topic.fresh = topic.facts.has_value();
        topic.wanted = topic.wanted || !topic.facts;
    }
    for (auto& [name, topic] : topics_) {
        if (!std::exchange(topic.fresh, false))
            continue;
        std::vector<bool> leaders;
        for (const auto leader : topic.facts->leaders)
            leaders.push_back(leader >= 0);
        from.on_topic(name, leaders, out.dropped);
    }
    forget_idle(from, now);
    // Nobody waits for it any more.
    std::erase_if(topics_, [&](const auto& one) {
        return !one.second.facts && !one.second.asking &&
               std::find(wanted.begin(), wanted.end(), one.first) == wanted.end();
    });
    ask_topics(now, out);
}

/// So that a producer whose topics change does not grow. It is no matter when exactly.
void batch_sender::forget_idle(record_accumulator& from, monotonic_ns now) {
    constexpr std::int64_t looks = 4;
    if (tidied_at_ + settings_.topic_idle_ns / looks > now)
        return;
    tidied_at_ = now;
    from.forget_idle(now);
    std::erase_if(topics_, [&](const auto& one) {
        return !one.second.asking && !from.knows(one.first) && !has_batches_of(one.first);
    });
    forget_lines();
}

bool batch_sender::has_batches_of(const std::string& topic) const {
    const auto first = busy_.lower_bound(place_view(topic, 0));
    return first != busy_.end() && first->first.first == topic;
}

/// A broker that remembers a count would take the first batches of a new one for repetitions, so counts stay.
/// When there are too many all begin anew, under the next epoch.
void batch_sender::forget_lines() {
    std::size_t kept = 0;
    for (auto next = lines_.begin(); next != lines_.end();) {
        const auto& [where, of] = *next;
        const bool idle = of.batches.empty() && !topics_.contains(where.first);
        const bool counted = settings_.idempotent && (of.opened || of.moved || of.next_sequence != 0);
        kept += idle && counted ? 1 : 0;
        next = idle && !counted ? lines_.erase(next) : std::next(next);
    }
    if (kept > limits::idle_lines_max && !would_leave_open())
        want_new_epoch("the counts of idle partitions were dropped");
}

/// Under the next epoch what may be written already could not be repeated: its answer comes first, but for
/// what is lost to another topic anyway.
bool batch_sender::would_leave_open() const {
    return std::any_of(busy_.begin(), busy_.end(), [this](const auto& one) {
        const auto& batches = one.second->second.batches;
        const bool open = std::any_of(batches.begin(), batches.end(),
                                      [](const auto& each) { return each->ambiguous && !each->fate; });
        return open && !moves(*one.second);
    });
}

void batch_sender::ask_topics(monotonic_ns now, sender_effects& out) {
    for (auto& [name, topic] : topics_) {
        const bool old = topic.facts && topic.asked_at + settings_.cluster.metadata_age_ns <= now;
        if (topic.asking || !(topic.wanted || old) || topic.not_before > now)
            continue;
        topic.asking = true;
        topic.asked_at = now;
        out.topics_asked.push_back(name);
    }
}

/// How many more batches of the partition can be sent now. What cannot is better off where more records may
/// join it.
std::size_t batch_sender::room(const place_view& where) {
    const auto leader = leader_of(where);
    if (leader < 0)
        want_leader(where);
    if (leader < 0 || !new_epoch_because_.empty() || !may_ask(leader))
        return 0;
    const auto found = lines_.find(where);
    if (found == lines_.end())
        return in_flight_max({});
    const auto& batches = found->second.batches;
    if (std::any_of(batches.begin(), batches.end(), [](const auto& each) { return waits(*each); }))
        return 0;
    const auto under_way = in_flight(batches);
    const auto most = in_flight_max(found->second);
    return under_way >= most ? 0 : most - under_way;
}

/// A batch may overtake one whose connection is lost, which is not known here yet. A broker that knows the
/// sequences refuses it then; one that does not takes any for the first.
std::size_t batch_sender::in_flight_max(const line& of) const {
    return settings_.idempotent && !of.opened ? 1 : settings_.in_flight_max;
}

std::int32_t batch_sender::leader_of(const place_view& where) const {
    const auto found = topics_.find(where.first);
    if (found == topics_.end() || !found->second.facts)
        return -1;
    const auto& leaders = found->second.facts->leaders;
    const auto index = static_cast<std::size_t>(where.second);
    return index < leaders.size() ? leaders[index] : -1;
}

bool batch_sender::may_ask(std::int32_t leader) const {
    const auto found = asked_of_.find(leader);
    return found == asked_of_.end() || found->second < settings_.in_flight_max;
}

void batch_sender::work(monotonic_ns now, sender_effects& out) {
    expire(now);
    if (!new_epoch_because_.empty() && flights_.empty())
        take_new_epoch();
    send_requests(now, out);
    // A topic that may have come back needs one.
    if (!new_epoch_because_.empty() && flights_.empty()) {
        take_new_epoch();
        send_requests(now, out);
    }
    ask_topics(now, out);
    release(out);
}

void batch_sender::send_requests(monotonic_ns now, sender_effects& out) {
    if (!new_epoch_because_.empty() || !has_identity(now, out))
        return;
    while (new_epoch_because_.empty() && send_one_request(now, out)) {
    }
}

bool batch_sender::has_identity(monotonic_ns now, sender_effects& out) {
    if (!settings_.idempotent || identity_.id != no_producer_id)
        return true;
    if (id_asking_ || id_not_before_ > now || (empty() && topics_.empty()))
        return false;
    id_asking_ = true;
    out.producer_id_asked = true;
    return false;
}

/// The lines behind the one that was served last come first: when requests are full, all get their turn.
std::vector<batch_sender::placed_line*> batch_sender::lines_in_turn() const {
    std::vector<placed_line*> turn;
    const auto add = [&turn](auto from, auto to) {
        for (; from != to; ++from) {
            const auto& batches = from->second->second.batches;
            if (std::any_of(batches.begin(), batches.end(), [](const auto& each) { return waits(*each); }))
                turn.push_back(from->second);
        }
    };
    const auto first = served_ ? busy_.upper_bound(*served_) : busy_.begin();
    add(first, busy_.end());
    add(busy_.begin(), first);
    return turn;
}

bool batch_sender::send_one_request(monotonic_ns now, sender_effects& out) {
    produce_order order;
    flight sent;
    std::size_t bytes = 0;
    for (auto* at : lines_in_turn()) {
        const auto leader = leader_of(at->first);
        auto* batch = next_of(*at, now);
        const bool another = !order.parts.empty();
        if (batch == nullptr || (another ? leader != sent.leader : !may_ask(leader)))
            continue;
        stamp(at->second, *batch);
        if (another && bytes + batch->bytes.size() > settings_.request_bytes_max)
            break;
        bytes += batch->bytes.size();
        sent.leader = leader;
        sent.parts.emplace_back(at, batch->number);
        add_part(*at, *batch, now, order);
    }
    if (order.parts.empty())
        return false;
    served_ = sent.parts.back().first->first;
    order.number = next_request_++;
    order.leader = sent.leader;
    order.acks = settings_.acks;
    ++asked_of_[sent.leader];
    flights_.emplace(order.number, std::move(sent));
    ++metrics_.requests;
    out.requests.push_back(std::move(order));
    return true;
}

void batch_sender::add_part(placed_line& at, producer_batch& batch, monotonic_ns now, produce_order& order) {
    const auto& [topic, partition] = at.first;
    const auto left = batch.deadline - now;
    order.timeout_ns = order.parts.empty() ? left : std::min(order.timeout_ns, left);
    order.parts.push_back({topic, topics_.at(topic).facts->id, partition, batch.bytes});
    batch.in_flight = true;
    if (batch.attempts > 0) {
        metrics_.record_retries += static_cast<std::uint64_t>(batch.content.count());
        return;
    }
    const auto waited = now - batch.made_at;
    ++metrics_.batches;
    metrics_.record_bytes += batch.record_bytes;
    metrics_.batch_bytes += batch.bytes.size();
    metrics_.queue_time_ns += waited;
    metrics_.queue_time_ns_max = std::max(metrics_.queue_time_ns_max, waited);
}

/// The next batch to send, or null: none waits, enough are under way, or an earlier one must be repeated
/// first.
producer_batch* batch_sender::next_of(placed_line& at, monotonic_ns now) {
    auto& [where, of] = at;
    auto& batches = of.batches;
    const auto leader = leader_of(where);
    if (leader < 0)
        want_leader(where);
    if (leader < 0 || of.awaits_topic || of.not_before > now || in_flight(batches) >= in_flight_max(of))
        return nullptr;
    if (!follow(at))
        return nullptr;
    const auto next =
        std::find_if(batches.begin(), batches.end(), [](const auto& each) { return waits(*each); });
    // One that waits before one in flight is a repetition: it goes when what overtook it has come back.
    if (next == batches.end() ||
        std::any_of(next, batches.end(), [](const auto& each) { return each->in_flight; }))
        return nullptr;
    return next->get();
}

/// Its sequences are of another topic of that name. A broker without topic ids says nothing of which topic it
/// is: to begin anew in the same one would be refused, as if nothing had been written there.
bool batch_sender::moves(const placed_line& at) const {
    const auto topic = topics_.find(at.first.first);
    const auto& counted_in = at.second.counted_in;
    return topic != topics_.end() && topic->second.facts && !topic->second.facts->id.is_zero() &&
           !counted_in.is_zero() && topic->second.facts->id != counted_in;
}

/// In another topic of the same name sequences begin anew. False while answers of the one before are to come.
bool batch_sender::follow(placed_line& at) {
    auto& of = at.second;
    const auto& id = topics_.at(at.first.first).facts->id;
    if (!moves(at)) {
        of.counted_in = of.counted_in.is_zero() ? id : of.counted_in;
        return true;
    }
    // A broker that lags behind tells of the one before: there sequence 0 of this epoch was written already,
    // and what comes under it now would pass for that.
    const bool needs_epoch = settings_.idempotent && of.moved;
    if (in_flight(of.batches) > 0 || (needs_epoch && would_leave_open()))
        return false;
    count_anew(of, "the topic was made anew");
    of.counted_in = id;
    of.moved = settings_.idempotent;
    if (needs_epoch)
        want_new_epoch("another topic may have come back");
    return !needs_epoch;
}

void batch_sender::stamp(line& of, producer_batch& batch) {
    if (!batch.content.is_closed()) {
        batch.record_bytes = batch.content.size();
        batch.content.close(settings_.compression, settings_.compression_level, workspace_);
    }
    if (!settings_.idempotent) {
        if (batch.bytes.empty())
            batch.bytes = batch.content.stamp(no_producer_id, producer_epoch(-1), -1);
        return;
    }
    if (batch.sequence >= 0)
        return;
    batch.sequence = of.next_sequence;
    of.next_sequence = advance_sequence(of.next_sequence, batch.content.count());
    batch.bytes = batch.content.stamp(identity_.id, identity_.epoch, batch.sequence);
}

monotonic_ns batch_sender::deadline(monotonic_ns now) const {
    monotonic_ns due{};
    // What is due already waits for an answer, not for time.
    const auto add = [&](monotonic_ns at) {
        if (at > now)
            due = earlier(due, at);
    };
    bool waiting = false;
    for (const auto& [where, at] : busy_)
        for (const auto& each : at->second.batches) {
            if (!waits(*each))
                continue;
            waiting = true;
            add(each->deadline);
            add(at->second.not_before);
        }
    for (const auto& [name, topic] : topics_)
        if (topic.wanted && !topic.asking)
            add(topic.not_before);
    if ((waiting || !topics_.empty()) && !id_asking_ && identity_.id == no_producer_id)
        add(id_not_before_);
    return due;
}

std::uint64_t batch_sender::progress() const noexcept {
    if (settings_.planted.rest_of_refused_forgotten)
        return metrics_.requests;
    return metrics_.requests + metrics_.epochs + metrics_.records_sent + metrics_.record_errors;
}

void settle(record_accumulator& records, batch_sender& sender, const under_lock& locked, monotonic_ns now,
            sender_effects& out) {
    std::uint64_t before = 0;
    do {
        before = sender.progress();
        locked([&] { sender.take(records, now, out); });
        sender.work(now, out);
    } while (sender.progress() > before);
    locked([&] {
        for (const auto& batch : out.finished)
            records.release(std::exchange(batch->charged, 0));
    });
}

} // namespace barnabas::client
