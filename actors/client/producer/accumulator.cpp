#include "actors/client/producer/accumulator.hpp"

#include "actors/client/client_session.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "protocol/model/topic_name.hpp"

#include <algorithm>
#include <iterator>

namespace barnabas::client {

namespace {

std::optional<std::string> owned(const std::optional<std::string_view>& text) {
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

error no_partition(std::string_view topic, std::int32_t partition, std::size_t count) {
    return {errc::unknown_topic_or_partition, "topic '" + std::string(topic) + "' has no partition " +
                                                  std::to_string(partition) + ": there are " +
                                                  std::to_string(count)};
}

} // namespace

record_accumulator::record_accumulator(const producer_settings& settings, const runtime::random& draws)
    : settings_(settings), draws_(draws) {}

record_accumulator::appended record_accumulator::append(const producer_record& record,
                                                        delivery_callback& call, monotonic_ns now,
                                                        timestamp_ms wall) {
    const auto bytes = batch_bytes_of(record);
    if (auto fault = find_fault(record, bytes))
        return {verdict::refused, false, std::move(*fault)};
    // One that is known has a good name.
    const auto known = topics_.find(record.topic);
    if (known == topics_.end())
        if (auto fault = topic_name_fault(record.topic))
            return {verdict::refused, false, std::move(*fault)};
    auto& topic = known == topics_.end() ? topic_of(record.topic) : *known;
    topic.second.used_at = now;
    if (topic.second.count == 0)
        return put_aside(topic, record, call, {now, wall, bytes, 0});
    return put(topic, record, call, {now, wall, bytes, 0});
}

std::optional<error> record_accumulator::find_fault(const producer_record& record, std::size_t bytes) const {
    if (closed_)
        return error{errc::closed, "the producer is closed"};
    if (bytes > settings_.request_bytes_max)
        return error{errc::message_too_large, "the record takes " + std::to_string(bytes) +
                                                  " bytes, more than max.request.size (" +
                                                  std::to_string(settings_.request_bytes_max) + ")"};
    if (bytes > settings_.buffer_bytes)
        return error{errc::message_too_large, "the record takes " + std::to_string(bytes) +
                                                  " bytes, more than buffer.memory (" +
                                                  std::to_string(settings_.buffer_bytes) + ")"};
    if (record.partition && *record.partition < 0)
        return error{errc::invalid_request, "partition " + std::to_string(*record.partition) + " is below 0"};
    if (record.timestamp_ms && *record.timestamp_ms < 0)
        return error{errc::invalid_request,
                     "timestamp " + std::to_string(*record.timestamp_ms) + " is below 0"};
    return std::nullopt;
}

record_accumulator::topics_map::value_type& record_accumulator::topic_of(std::string_view name) {
    if (const auto found = topics_.find(name); found != topics_.end())
        return *found;
    return *topics_.try_emplace(std::string(name), settings_.batch_bytes).first;
}

/// A single batch always fits.
bool record_accumulator::may_charge(std::size_t bytes) const {
    return charged_ == 0 || charged_ + bytes <= settings_.buffer_bytes;
}

record_accumulator::appended record_accumulator::put_aside(topics_map::value_type& topic,
                                                           const producer_record& record,
                                                           delivery_callback& call, const arrival& at) {
    if (!may_charge(at.bytes)) {
        starved_ = true;
        return {verdict::full, true, {errc::throttled, "the buffer is full"}};
    }
    const bool first = unknown_.try_emplace(topic.first, &topic).second;
    waiting_record kept{owned(record.key), owned(record.value), {}, record.partition, at, std::move(call)};
    if (record.timestamp_ms)
        kept.at.wall = timestamp_ms(*record.timestamp_ms);
    kept.at.number = next_number_++;
    for (const auto& header : record.headers)
        kept.headers.push_back({std::string(header.key), owned(header.value)});
    topic.second.waiting.push_back(std::move(kept));
    charged_ += at.bytes;
    return {verdict::taken, first, {errc::ok, {}}};
}

record_accumulator::appended record_accumulator::put(topics_map::value_type& topic,
                                                     const producer_record& record, delivery_callback& call,
                                                     const arrival& at) {
    const bool sticks = !settings_.round_robin && !record.partition && (!record.key || settings_.ignore_keys);
    auto where = choose(topic.second, record);
    const auto count = topic.second.count;
    if (where >= static_cast<std::int32_t>(count))
        return {verdict::refused, false, no_partition(topic.first, where, count)};
    bool filled = false;
    auto* batch = append_to_open(topic.second, where, record, at.wall, filled);
    if (batch == nullptr && filled && sticks) {
        topic.second.sticky.on_full();
        where = choose(topic.second, record);
        batch = append_to_open(topic.second, where, record, at.wall, filled);
    }
    const bool is_new = batch == nullptr;
    if (is_new)
        batch = open(topic, where, record, at);
    if (batch == nullptr) {
        starved_ = true;
        return {verdict::full, true, {errc::throttled, "the buffer is full"}};
    }
    if (call)
        batch->waiters.push_back(
            {batch->content.count() - 1, record.timestamp_ms.value_or(at.wall.get()), std::move(call)});
    batch->full = batch->content.size() >= settings_.batch_bytes;
    if (is_new || batch->full)
        list(topic.second.partitions[static_cast<std::size_t>(where)]);
    // A record that the buffer refuses comes again and takes no turn.
    if (settings_.round_robin && !record.partition)
        ++topic.second.turns;
    if (sticks)
        topic.second.sticky.on_appended(at.bytes - batch::batch_header_size, batch->full);
    return {verdict::taken, is_new || filled || batch->full, {errc::ok, {}}};
}

/// Null: there is no open batch, or it has no room, and is `filled`.
producer_batch* record_accumulator::append_to_open(topic_records& topic, std::int32_t where,
                                                   const producer_record& record, timestamp_ms wall,
                                                   bool& filled) {
    auto& partition = topic.partitions[static_cast<std::size_t>(where)];
    auto& line = partition.batches;
    if (line.empty() || line.back()->full)
        return nullptr;
    if (line.back()->content.append(record, wall))
        return line.back().get();
    line.back()->full = filled = true;
    list(partition);
    return nullptr;
}

/// A new batch with this record; null when the buffer has no room.
producer_batch* record_accumulator::open(topics_map::value_type& topic, std::int32_t where,
                                         const producer_record& record, const arrival& at) {
    const auto bytes = std::max(settings_.batch_bytes, at.bytes);
    auto& line = topic.second.partitions[static_cast<std::size_t>(where)].batches;
    // A record that waited was taken: it has a batch in any case, and the one before gives back what it does
    // not need.
    const bool waited = at.number != 0;
    if (!waited && !may_charge(bytes))
        return nullptr;
    if (waited && !may_charge(bytes) && !line.empty())
        trim(*line.back());
    auto made =
        std::make_unique<producer_batch>(topic.first, where, open_batch(settings_.batch_bytes, record));
    made->content.append(record, at.wall);
    made->number = at.number != 0 ? at.number : next_number_++;
    made->charged = bytes;
    made->made_at = at.now;
    made->deadline = at.now + settings_.delivery_timeout_ns;
    charged_ += bytes;
    line.push_back(std::move(made));
    return line.back().get();
}

/// Gives back what the batch was charged beyond its records; it takes no more of them.
void record_accumulator::trim(producer_batch& batch) {
    batch.content.trim();
    give_back(batch.charged - batch.content.size());
    batch.charged = batch.content.size();
    batch.full = true;
}

/// Records that waited were charged as many bytes as they take in batches of their own, so trimmed batches
/// need no more.
void record_accumulator::trim_until_it_fits(topic_records& topic) {
    for (auto& partition : topic.partitions)
        for (auto& batch : partition.batches) {
            if (charged_ <= settings_.buffer_bytes)
                return;
            BARNABAS_MARK(producer_batch_trimmed);
            trim(*batch);
            list(partition);
        }
}

std::int32_t record_accumulator::choose(topic_records& topic, const producer_record& record) {
    if (record.partition)
        return *record.partition;
    if (settings_.round_robin)
        return next_in_turn(topic);
    if (record.key && !settings_.ignore_keys)
        return partition_of_key(*record.key, static_cast<std::int32_t>(topic.count));
    if (!topic.sticky.current())
        topic.sticky.settle(draw(topic));
    return *topic.sticky.current();
}

/// As Kafka's RoundRobinPartitioner: those without a leader are left out, unless none has one.
std::int32_t record_accumulator::next_in_turn(const topic_records& topic) {
    const auto leads = [](const partition_records& one) { return one.has_leader; };
    const auto end = topic.partitions.begin() + static_cast<std::ptrdiff_t>(topic.count);
    const auto led = static_cast<std::uint64_t>(std::count_if(topic.partitions.begin(), end, leads));
    if (led == 0)
        return static_cast<std::int32_t>(topic.turns % topic.count);
    auto at = std::find_if(topic.partitions.begin(), end, leads);
    for (auto left = topic.turns % led; left > 0; --left)
        at = std::find_if(at + 1, end, leads);
    return static_cast<std::int32_t>(at - topic.partitions.begin());
}

std::int32_t record_accumulator::draw(topic_records& topic) {
    std::vector<partition_load> loads;
    loads.reserve(topic.count);
    for (std::size_t i = 0; i < topic.count; ++i) {
        const auto& one = topic.partitions[i];
        loads.push_back({one.has_leader, static_cast<std::uint32_t>(one.batches.size())});
    }
    return drawn_partition(loads, settings_.adaptive, draws_);
}

std::vector<std::string> record_accumulator::topics_wanted() const {
    std::vector<std::string> names;
    for (const auto& [name, topic] : unknown_)
        names.emplace_back(name);
    return names;
}

void record_accumulator::on_topic(const std::string& name, const std::vector<bool>& leaders,
                                  std::vector<dropped_record>& dropped) {
    auto& topic = topic_of(name);
    auto& sticky = topic.second.sticky;
    if (sticky.current() && static_cast<std::size_t>(*sticky.current()) >= leaders.size())
        sticky.on_full();
    topic.second.count = leaders.size();
    if (topic.second.partitions.size() < leaders.size())
        topic.second.partitions.resize(leaders.size());
    for (std::size_t i = 0; i < leaders.size(); ++i)
        topic.second.partitions[i].has_leader = leaders[i];
    unknown_.erase(topic.first);
    auto& waiting = topic.second.waiting;
    for (; !waiting.empty(); waiting.pop_front()) {
        auto& one = waiting.front();
        std::vector<record_header> headers;
        for (const auto& header : one.headers)
            headers.push_back({header.key, header.value});
        const producer_record record{name, one.key, one.value, headers, one.partition, one.at.wall.get()};
        give_back(one.at.bytes);
        auto done = put(topic, record, one.call, one.at);
        BARNABAS_ASSERT(done.what != verdict::full);
        if (done.what == verdict::refused)
            dropped.push_back({name, std::move(one.call), std::move(done.why)});
    }
    trim_until_it_fits(topic.second);
}

void record_accumulator::on_refused(const std::string& name, const error& why,
                                    std::vector<dropped_record>& dropped) {
    const auto found = unknown_.find(name);
    if (found == unknown_.end())
        return;
    auto waiting = std::exchange(found->second->second.waiting, {});
    unknown_.erase(found);
    for (auto& one : waiting) {
        give_back(one.at.bytes);
        dropped.push_back({name, std::move(one.call), why});
    }
}

void record_accumulator::forget_idle(monotonic_ns now) {
    std::erase_if(topics_, [&](const auto& one) {
        const auto& topic = one.second;
        return topic.used_at + settings_.topic_idle_ns <= now && topic.waiting.empty() &&
               std::all_of(topic.partitions.begin(), topic.partitions.end(),
                           [](const auto& each) { return each.batches.empty(); });
    });
}

bool record_accumulator::is_ready(const producer_batch& batch, bool is_last, monotonic_ns now) const {
    return batch.full || !is_last || starved_ || closed_ || batch.number < flushed_below_ ||
           batch.made_at + settings_.linger_ns <= now;
}

/// Of a partition with batches.
bool record_accumulator::has_ready(const partition_records& partition, monotonic_ns now) const {
    return is_ready(*partition.batches.front(), partition.batches.size() == 1, now);
}

/// Brings the partition to where it belongs among those with batches.
void record_accumulator::list(partition_records& partition) {
    if (partition.listed_in != nullptr)
        partition.listed_in->erase(partition.listed_as);
    partition.listed_in = nullptr;
    if (partition.batches.empty())
        return;
    const auto& front = *partition.batches.front();
    partition.listed_in = front.full || partition.batches.size() > 1 ? &complete_ : &open_;
    partition.listed_as = {front.made_at, front.number};
    partition.listed_in->emplace(partition.listed_as, &partition);
}

/// To be followed by `list`.
std::unique_ptr<producer_batch> record_accumulator::take_first(partition_records& partition) {
    auto first = std::move(partition.batches.front());
    partition.batches.pop_front();
    return first;
}

std::vector<std::unique_ptr<producer_batch>> record_accumulator::take(const room_for& room,
                                                                      monotonic_ns now) {
    std::vector<partition_records*> ready;
    for (const auto& [age, partition] : complete_)
        ready.push_back(partition);
    for (auto at = open_.begin(); at != open_.end() && has_ready(*at->second, now); ++at)
        ready.push_back(at->second);
    std::vector<std::unique_ptr<producer_batch>> taken;
    for (auto* partition : ready) {
        const auto& first = *partition->batches.front();
        auto left = room(first.topic, first.partition);
        const auto before = taken.size();
        while (left-- > 0 && !partition->batches.empty() && has_ready(*partition, now))
            taken.push_back(take_first(*partition));
        if (taken.size() > before)
            list(*partition);
    }
    return taken;
}

void record_accumulator::expire(monotonic_ns now,
                                const std::function<std::string(const std::string&)>& reason,
                                std::vector<std::unique_ptr<producer_batch>>& batches,
                                std::vector<dropped_record>& dropped) {
    for (auto* listed : {&complete_, &open_})
        while (!listed->empty()) {
            auto& oldest = *listed->begin()->second;
            if (oldest.batches.front()->deadline > now)
                break;
            batches.push_back(take_first(oldest));
            list(oldest);
        }
    expire_waiting(now, reason, dropped);
}

void record_accumulator::expire_waiting(monotonic_ns now,
                                        const std::function<std::string(const std::string&)>& reason,
                                        std::vector<dropped_record>& dropped) {
    for (auto at = unknown_.begin(); at != unknown_.end();) {
        auto& [name, topic] = *at->second;
        while (!topic.waiting.empty() && topic.waiting.front().at.now + settings_.max_block_ns <= now) {
            auto& one = topic.waiting.front();
            give_back(one.at.bytes);
            dropped.push_back({name, std::move(one.call), {errc::request_timed_out, reason(name)}});
            topic.waiting.pop_front();
        }
        at = topic.waiting.empty() ? unknown_.erase(at) : std::next(at);
    }
}

monotonic_ns record_accumulator::deadline(monotonic_ns now) const {
    monotonic_ns due{};
    for (const auto& [name, topic] : unknown_)
        due = earlier(due, topic->second.waiting.front().at.now + settings_.max_block_ns);
    for (const auto* listed : {&complete_, &open_})
        if (!listed->empty())
            due = earlier(due, listed->begin()->second->batches.front()->deadline);
    // What is ready waits for the sender, not for time.
    const batch_age lingered{now - settings_.linger_ns, UINT64_MAX};
    for (auto at = open_.upper_bound(lingered); at != open_.end(); ++at)
        if (!has_ready(*at->second, now))
            return earlier(due, at->first.first + settings_.linger_ns);
    return due;
}

std::uint64_t record_accumulator::flush() {
    flushed_below_ = next_number_;
    return next_number_;
}

bool record_accumulator::has_batches_below(std::uint64_t number) const {
    const auto is_below = [number](const partitions_by_age& listed) {
        return !listed.empty() && listed.begin()->first.second < number;
    };
    return is_below(complete_) || is_below(open_) ||
           std::any_of(unknown_.begin(), unknown_.end(), [number](const auto& one) {
               return one.second->second.waiting.front().at.number < number;
           });
}

bool record_accumulator::empty() const {
    return complete_.empty() && open_.empty() && unknown_.empty();
}

void record_accumulator::clear(const error& why, std::vector<std::unique_ptr<producer_batch>>& batches,
                               std::vector<dropped_record>& dropped) {
    for (auto* listed : {&complete_, &open_})
        while (!listed->empty()) {
            auto& partition = *listed->begin()->second;
            while (!partition.batches.empty())
                batches.push_back(take_first(partition));
            list(partition);
        }
    for (const auto& [name, topic] : std::exchange(unknown_, {}))
        for (auto& one : std::exchange(topic->second.waiting, {})) {
            give_back(one.at.bytes);
            dropped.push_back({topic->first, std::move(one.call), why});
        }
}

} // namespace barnabas::client
