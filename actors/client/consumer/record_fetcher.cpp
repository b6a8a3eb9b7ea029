#include "actors/client/consumer/record_fetcher.hpp"

#include "actors/client/consumer/limits.hpp"
#include "actors/client/drawn_pause.hpp"
#include "actors/client/retry_rules.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

using kafka::error_code;

namespace {

/// Later versions name topics by id only.
constexpr std::int16_t last_fetch_by_name = 12;
constexpr std::int16_t first_with_batches = 4;
constexpr std::int32_t without_session = -1;

/// The entry of the answer's topic under its name: answers by id have none.
const std::string* name_of(const kafka::fetch_response::fetchable_topic_response& topic,
                           const std::map<std::string, topic_id>& ids) {
    for (const auto& [name, id] : ids)
        if (topic.topic.empty() ? id == topic.topic_id : name == topic.topic)
            return &name;
    return nullptr;
}

using partition_answers = std::map<partition_name, kafka::fetch_response::partition_data*>;

partition_answers answers_in(kafka::fetch_response& said, const std::map<std::string, topic_id>& ids) {
    partition_answers heard;
    for (auto& topic : said.responses) {
        const auto* name = name_of(topic, ids);
        for (auto& partition : topic.partitions)
            if (name != nullptr)
                heard[{*name, partition.partition_index}] = &partition;
    }
    return heard;
}

} // namespace

void record_fetcher::add(const partition_name& name) {
    const auto [at, is_new] = partitions_.try_emplace(name, name);
    // Answers to questions about an earlier partition of that name are void.
    constexpr std::uint64_t apart = std::uint64_t{1} << 32;
    if (!is_new)
        return;
    at->second.turn = ++added_ * apart;
    follow_topic(at->second);
}

/// Offsets of one topic say nothing of the next one of its name: it would be read from somewhere within.
void record_fetcher::follow_topic(read_partition& one) {
    const auto* topic = view_.find_topic(one.name->topic);
    if (topic == nullptr || topic->id.is_zero() || topic->id == one.topic)
        return;
    if (std::exchange(one.topic, topic->id).is_zero())
        return;
    ++one.topics_before;
    one.high_watermark = one.last_stable = one.log_start = -1;
    one.lose_position();
    if (settings_.reset != reset_policy::none)
        return begin_at_reset(*one.name);
    complain(one, {errc::offset_out_of_range,
                   to_string(*one.name) + ": its topic was made again, and auto.offset.reset is none"});
}

std::set<partition_name> record_fetcher::partitions() const {
    std::set<partition_name> names;
    for (const auto& [name, one] : partitions_)
        names.insert(name);
    return names;
}

bool record_fetcher::seek(const partition_name& name, std::int64_t offset) {
    const auto found = partitions_.find(name);
    if (found == partitions_.end())
        return false;
    found->second.move_to(offset);
    return true;
}

bool record_fetcher::seek_to_time(const partition_name& name, std::int64_t time) {
    const auto found = partitions_.find(name);
    if (found == partitions_.end())
        return false;
    found->second.move_to_time(time);
    return true;
}

bool record_fetcher::pause(const partition_name& name, bool paused) {
    const auto found = partitions_.find(name);
    if (found == partitions_.end())
        return false;
    found->second.paused = paused;
    return true;
}

std::size_t record_fetcher::buffered() const {
    // What is paused nobody takes: it must not hold up the others, and has bounds of its own.
    std::size_t bytes = 0;
    for (const auto& [name, one] : partitions_)
        bytes += one.paused ? 0 : one.buffered;
    return bytes;
}

std::optional<record_fetcher::leader_found> record_fetcher::leader_of(const partition_name& name) const {
    const auto* topic = view_.find_topic(name.topic);
    if (topic == nullptr || topic->code != error_code::none)
        return std::nullopt;
    const auto found = topic->partitions.find(name.partition);
    if (found == topic->partitions.end() || found->second.leader < 0)
        return std::nullopt;
    return leader_found{found->second.leader, found->second.leader_epoch};
}

void record_fetcher::step(monotonic_ns now) {
    wake_ = {};
    watch_flights(now);
    list_offsets(now);
    if (buffered() >= static_cast<std::size_t>(std::max(settings_.fetch_bytes_max, 1)))
        return;
    std::map<std::int32_t, std::vector<read_partition*>> wanted;
    for (auto& [name, one] : partitions_) {
        if (!may_fetch(one, now))
            continue;
        const auto leader = leader_of(name);
        if (!leader)
            wants_view_ = true;
        else if (!flights_.contains(leader->broker))
            wanted[leader->broker].push_back(&one);
    }
    for (auto& [broker, some] : wanted)
        fetch_at(broker, std::move(some), now);
}

bool record_fetcher::may_fetch(const read_partition& one, monotonic_ns now) {
    const auto enough = static_cast<std::size_t>(std::max(settings_.partition_bytes_max, 1));
    const bool stands = one.paused || one.asked || one.trouble || one.needs_view;
    if (one.fetch_from < 0 || stands || one.buffered >= enough)
        return false;
    if (one.not_before > now)
        wake_at(one.not_before);
    return one.not_before <= now;
}

void record_fetcher::fetch_at(std::int32_t broker, std::vector<read_partition*> wanted, monotonic_ns now) {
    auto asked = std::make_shared<flight>();
    asked->watched_since = now;
    for (auto* one : wanted) {
        one->asked = true;
        asked->parts[*one->name] = {one->turn, one->fetch_from, leader_of(*one->name)->epoch};
        asked->ids[one->name->topic] = view_.find_topic(one->name->topic)->id;
        asked->order.push_back({one->served, *one->name});
    }
    std::sort(asked->order.begin(), asked->order.end());
    flights_[broker] = *asked;
    question_rules rules;
    rules.target = call_target::broker(broker);
    rules.lowest_version = first_with_batches;
    const bool by_id = std::none_of(asked->ids.begin(), asked->ids.end(),
                                    [](const auto& topic) { return topic.second.is_zero(); });
    if (!by_id)
        rules.highest_version = last_fetch_by_name;
    rules.extra_wait_ns = settings_.fetch_wait_ms_max * limits::millisecond;
    ports_.ask<kafka::fetch_request, kafka::fetch_response>(
        consumer_ports::lane::fetches, std::move(rules),
        settings_.client.request_timeout_ns + settings_.fetch_wait_ms_max * limits::millisecond,
        [this, asked](std::int16_t) { return request_for(*asked); },
        [this, broker](result<kafka::fetch_response> said, monotonic_ns then) {
            hear_fetch(broker, std::move(said), then);
        });
    wake_at(now + (settings_.fetch_wait_ms_max * limits::millisecond + limits::fetch_patience_ns));
}

kafka::fetch_request record_fetcher::request_for(const flight& one) const {
    kafka::fetch_request request;
    request.replica_id = -1;
    request.max_wait_ms = settings_.fetch_wait_ms_max;
    request.min_bytes = settings_.fetch_bytes_min;
    request.max_bytes = settings_.fetch_bytes_max;
    request.isolation_level = settings_.read_committed ? 1 : 0;
    request.session_epoch = without_session;
    for (const auto& [served, name] : one.order) {
        const auto same = std::find_if(request.topics.begin(), request.topics.end(),
                                       [&](const auto& topic) { return topic.topic.text() == name.topic; });
        auto& topic = same == request.topics.end() ? request.topics.emplace_back() : *same;
        topic.topic = slice::copy_of(name.topic);
        topic.topic_id = one.ids.at(name.topic);
        const auto& asked = one.parts.at(name);
        auto& partition = topic.partitions.emplace_back();
        partition.partition = name.partition;
        partition.current_leader_epoch = asked.epoch;
        partition.fetch_offset = asked.from;
        partition.partition_max_bytes = settings_.partition_bytes_max;
    }
    return request;
}

void record_fetcher::hear_fetch(std::int32_t broker, result<kafka::fetch_response> said, monotonic_ns now) {
    const auto found = flights_.extract(broker);
    if (found.empty())
        return;
    const auto& asked = found.mapped();
    const bool refused = !said || said->error_code != 0;
    const bool never_works =
        !said && (said.code() == errc::unsupported_version || said.code() == errc::malformed);
    const auto heard = refused ? partition_answers{} : answers_in(*said, asked.ids);
    wants_view_ = wants_view_ || refused;
    for (const auto& [name, part] : asked.parts) {
        const auto at = partitions_.find(name);
        if (at == partitions_.end() ||
            (at->second.turn != part.turn && !settings_.planted.fetch_before_seek_taken))
            continue;
        auto& one = at->second;
        one.asked = false;
        const auto answer = heard.find(name);
        if (answer != heard.end())
            hear_partition(one, part, *answer->second, now);
        else if (never_works)
            refuse(one, said.failure(), now);
        else
            put_off(one, now);
    }
}

void record_fetcher::hear_partition(read_partition& one, const asked_partition& asked,
                                    kafka::fetch_response::partition_data& said, monotonic_ns now) {
    if (said.error_code != 0)
        return hear_error(one, error_code{said.error_code}, now);
    one.failures = 0;
    one.high_watermark = said.high_watermark;
    one.last_stable = said.last_stable_offset;
    one.log_start = said.log_start_offset;
    if (!said.records || said.records->empty() ||
        (one.fetch_from != asked.from && !settings_.planted.fetch_before_seek_taken))
        return;
    one.served = ++served_;
    keep(one, said);
}

void record_fetcher::keep(read_partition& one, kafka::fetch_response::partition_data& said) {
    std::vector<aborted_span> aborted;
    if (said.aborted_transactions)
        for (const auto& span : *said.aborted_transactions)
            aborted.push_back({span.producer_id, span.first_offset});
    auto run = fetched_run::open(*said.records, std::move(aborted), one.fetch_from,
                                 {settings_.check_crcs, settings_.read_committed});
    if (!run)
        return complain(one, {run.code(), to_string(*one.name) + " at offset " +
                                              std::to_string(one.fetch_from) + ": " + run.failure().detail});
    one.fetch_from = run->end();
    one.buffered += run->bytes();
    one.runs.push_back(std::move(*run));
}

void record_fetcher::hear_error(read_partition& one, error_code code, monotonic_ns now) {
    if (code == error_code::offset_out_of_range) {
        // What was fetched before is good; only behind it there is nothing.
        if (!one.runs.empty())
            return put_off(one, now);
        if (settings_.reset == reset_policy::none)
            return complain(one, {errc::offset_out_of_range, to_string(*one.name) + " has no offset " +
                                                                 std::to_string(one.fetch_from) +
                                                                 ", and auto.offset.reset is none"});
        return begin_at_reset(*one.name);
    }
    if (!may_pass(code))
        return refuse(one,
                      {errc_of(code),
                       to_string(*one.name) + ": the broker answered " + std::string(kafka::name_of(code))},
                      now);
    one.needs_view = code != error_code::offset_not_available;
    wants_view_ = wants_view_ || one.needs_view;
    put_off(one, now);
}

void record_fetcher::put_off(read_partition& one, monotonic_ns now) {
    const auto& of = settings_.client;
    one.not_before = now + drawn_pause(of.retry_backoff_ns, of.retry_backoff_max_ns, ++one.failures, draws_);
}

void record_fetcher::complain(read_partition& one, error why) {
    one.trouble = std::move(why);
    one.trouble_told = false;
    one.trouble_stands = true;
}

/// Somebody may mend what a broker refuses: it is asked again when the program has been told.
void record_fetcher::refuse(read_partition& one, error why, monotonic_ns now) {
    put_off(one, now);
    complain(one, std::move(why));
    one.trouble_stands = false;
}

std::optional<error> record_fetcher::standing_trouble() const {
    for (const auto& [name, one] : partitions_)
        if (!one.paused && one.trouble)
            return one.trouble;
    return std::nullopt;
}

/// A Fetch that is late may wait for a broker that is gone.
void record_fetcher::watch_flights(monotonic_ns now) {
    const auto patience = settings_.fetch_wait_ms_max * limits::millisecond + limits::fetch_patience_ns;
    for (const auto& [broker, one] : flights_) {
        if (one.watched_since + patience <= now)
            wants_view_ = true;
        else
            wake_at(one.watched_since + patience);
    }
}

/// Partitions that moved meanwhile are asked for at their new leaders, whatever becomes of the old Fetch.
void record_fetcher::on_view(monotonic_ns now) {
    wants_view_ = false;
    for (auto& [name, one] : partitions_) {
        one.needs_view = false;
        follow_topic(one);
    }
    for (auto& [broker, flight] : flights_) {
        flight.watched_since = now;
        for (const auto& [name, part] : flight.parts) {
            const auto at = partitions_.find(name);
            const auto leader = leader_of(name);
            if (at == partitions_.end() || at->second.turn != part.turn || !leader ||
                leader->broker == broker)
                continue;
            at->second.asked = false;
            ++at->second.turn;
        }
    }
}

bool record_fetcher::has_something() const {
    return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& entry) {
        const auto& one = entry.second;
        return !one.paused && (!one.runs.empty() || (one.trouble && !one.trouble_told));
    });
}

namespace {

using taking_order = std::vector<std::pair<std::uint64_t, read_partition*>>;

/// A set that grows record by record is moved again and again, and the memory of large ones is the system's.
std::size_t room_for(const taking_order& order, std::size_t most) {
    const std::uint64_t enough = std::min(most, limits::room_records_max);
    std::uint64_t announced = 0;
    for (const auto& [when, one] : order)
        for (const auto& run : one->runs)
            if (announced < enough)
                announced += run.records_announced();
    return static_cast<std::size_t>(std::min(announced, enough));
}

} // namespace

result<std::size_t> record_fetcher::take(std::size_t most, record_set& into) {
    taking_order order;
    for (auto& [name, one] : partitions_)
        if (!one.paused)
            order.emplace_back(one.runs.empty() ? 0 : one.taken, &one);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    into.make_room(room_for(order, most));
    std::size_t taken = 0;
    for (const auto& [when, one] : order) {
        if (taken == most)
            break;
        auto more = take_of(*one, most - taken, into);
        if (!more && taken == 0)
            return more.failure();
        if (!more) {
            // The records that are there come first; the error is told by the next poll.
            one->trouble_told = false;
            return taken;
        }
        taken += *more;
    }
    return taken;
}

result<std::size_t> record_fetcher::take_of(read_partition& one, std::size_t most, record_set& into) {
    std::size_t taken = 0;
    while (taken < most && !one.runs.empty()) {
        auto& run = one.runs.front();
        const auto more = run.take(most - taken, one.name, into);
        if (!more && taken != 0)
            return taken;
        if (!more) {
            one.runs.clear();
            one.buffered = 0;
            one.fetch_from = one.position;
            complain(one, {more.code(), to_string(*one.name) + ", behind offset " +
                                            std::to_string(one.position - 1) + ": " + more.failure().detail});
            break;
        }
        taken += *more;
        one.position = run.position();
        one.position_epoch = run.leader_epoch();
        if (!run.is_done())
            continue;
        one.buffered -= run.bytes();
        one.runs.pop_front();
    }
    if (taken != 0)
        one.taken = ++served_;
    if (taken == 0 && one.trouble && !std::exchange(one.trouble_told, true)) {
        auto why = *one.trouble;
        if (!one.trouble_stands)
            one.trouble.reset();
        return why;
    }
    return taken;
}

} // namespace barnabas::client
