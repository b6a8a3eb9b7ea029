#include "actors/broker/lag/consumer_lag.hpp"

#include "actors/broker/lag/unread_record.hpp"
#include "actors/broker/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas {

namespace {

constexpr timestamp_ms latest{-1};
/// The lower half of a token numbers the question within its round and step.
constexpr int number_bits = 32;
constexpr std::uint64_t number_mask = 0xffff'ffff;

} // namespace

void consumer_lag::begin(std::vector<partition_index> coordinators, monotonic_ns now) {
    BARNABAS_ASSERT(step_ == step::idle);
    ++round_;
    now_ = now;
    coordinators_.assign(coordinators.begin(), coordinators.end());
    told_ = open_ = next_lookup_ = bytes_read_ = 0;
    partitions_.clear();
    numbers_.clear();
    lookups_.clear();
    read_all_.clear();
    rows_.clear();
    report_ = {};
    step_ = step::commits;
    ask_next_coordinator();
}

std::uint64_t consumer_lag::token(std::size_t number) const {
    return round_ << number_bits | number;
}

std::optional<std::size_t> consumer_lag::number_of(std::uint64_t token, step asked_in) const {
    if (step_ != asked_in || token >> number_bits != (round_ & number_mask))
        return std::nullopt;
    return static_cast<std::size_t>(token & number_mask);
}

// ---- what was committed

void consumer_lag::ask_next_coordinator() {
    if (coordinators_.empty())
        return ask_ends();
    const auto next = coordinators_.front();
    coordinators_.pop_front();
    port_.ask_commits(next, {token(coordinators_.size()), partitions_max_ - told_});
}

void consumer_lag::on_commits(const group::commits_response& response) {
    if (number_of(response.token, step::commits) != coordinators_.size())
        return;
    told_ += std::min(response.told, partitions_max_ - told_);
    report_.left_out += response.left_out;
    for (const auto& group : response.groups)
        add_rows(group);
    ask_next_coordinator();
}

void consumer_lag::add_rows(const group::group_commits& group) {
    auto& added = report_.groups.emplace_back();
    added.name = group.name;
    added.members = group.members;
    for (const auto& topic : group.topics) {
        auto& rows = added.topics.emplace_back(topic_lag{topic.topic, {}}).partitions;
        for (const auto& commit : topic.partitions) {
            rows.push_back({commit.index, commit.offset, std::nullopt, false, std::nullopt});
            rows_.push_back(watch(topic.topic, commit.index));
        }
    }
}

std::optional<std::size_t> consumer_lag::watch(std::string_view topic, partition_index index) {
    const auto id = port_.led_here(topic, index);
    if (!id)
        return std::nullopt;
    const auto [at, is_new] = numbers_.try_emplace(*id, partitions_.size());
    if (is_new)
        partitions_.push_back({*id});
    return at->second;
}

// ---- where partitions end

void consumer_lag::ask_ends() {
    step_ = step::ends;
    open_ = partitions_.size();
    if (open_ == 0)
        return finish();
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
        offset_query query;
        query.token = token(i);
        query.timestamp = latest;
        port_.ask_end(partitions_[i].id, query);
    }
}

void consumer_lag::on_end(const offset_query_response& response) {
    const auto number = number_of(response.token, step::ends);
    if (!number)
        return;
    auto& one = partitions_.at(*number);
    one.answered = response.code == errc::ok;
    one.start = response.log_start_offset;
    one.end = response.high_watermark;
    if (--open_ == 0)
        look_up_records();
}

template <class Visit>
void consumer_lag::for_each_known_row(const Visit& visit) {
    auto number = rows_.begin();
    for_each_topic(report_, [&](group_lag&, topic_lag& topic) {
        for (auto& row : topic.partitions) {
            const auto partition = *number++;
            if (partition && partitions_[*partition].answered)
                visit(row, partitions_[*partition]);
        }
    });
    BARNABAS_ASSERT(number == rows_.end());
}

// ---- the first unread records

void consumer_lag::look_up_records() {
    step_ = step::records;
    std::map<place, log_offset> wanted;
    for_each_known_row([&](const partition_lag& row, const watched_partition& partition) {
        const auto from = std::max(row.committed, partition.start);
        if (from < partition.end)
            wanted.emplace(place{partition.id, from}, partition.end);
    });
    const auto is_fresh = [this](const known_record& known) {
        const std::chrono::nanoseconds age(now_ - known.seen_at);
        return age < broker_limits::lag_remembered_for;
    };
    // Those that a round did not come to are the first in the next.
    const auto first = wanted.lower_bound(turn_);
    const auto add = [&](const auto& entry) {
        const auto known = known_.find(entry.first);
        if (known == known_.end() || !is_fresh(known->second))
            lookups_.push_back({entry.first, entry.first.second, entry.second});
    };
    std::for_each(first, wanted.end(), add);
    std::for_each(wanted.begin(), first, add);
    std::erase_if(known_, [&](const auto& one) { return !wanted.contains(one.first); });
    ask_more_records();
}

void consumer_lag::ask_more_records() {
    while (open_ < broker_limits::lag_lookups_at_once && next_lookup_ < lookups_.size()) {
        if (next_lookup_ == broker_limits::lag_lookups_max ||
            bytes_read_ >= broker_limits::lag_lookup_bytes_max) {
            BARNABAS_MARK(lag_lookups_left_to_the_next_round);
            break;
        }
        ++open_;
        const auto number = next_lookup_++;
        read_on(number, lookups_[number].from);
    }
    if (open_ == 0)
        finish();
}

void consumer_lag::read_on(std::size_t number, log_offset from) {
    auto& one = lookups_[number];
    one.from = from;
    read_request read;
    read.token = token(number);
    read.fetch_offset = from;
    read.max_bytes = broker_limits::lag_read_bytes;
    read.at_least_one_batch = true;
    port_.ask_record(one.where.first, read);
}

void consumer_lag::on_record(const read_response& response) {
    const auto number = number_of(response.token, step::records);
    if (!number)
        return;
    bytes_read_ += response.records.size();
    note_record(*number, response);
}

/// Whatever is amiss: the timestamp stays unknown, and the next round tries again.
void consumer_lag::note_record(std::size_t number, const read_response& response) {
    const auto& one = lookups_.at(number);
    auto found = response.code == errc::ok ? find_unread(response.records, one.where.second)
                                           : result<unread_record>(unread_record{});
    const bool only_markers = found && !found->timestamp && found->next > one.from;
    if (only_markers && found->next < one.end && bytes_read_ < broker_limits::lag_lookup_bytes_max)
        return read_on(number, found->next);
    if (only_markers && found->next >= one.end)
        read_all_.insert(one.where);
    if (found && found->timestamp)
        known_.insert_or_assign(one.where, known_record{*found->timestamp, now_});
    --open_;
    ask_more_records();
}

// ---- the end

void consumer_lag::on_late() {
    if (step_ == step::idle)
        return;
    BARNABAS_MARK(lag_round_late);
    finish();
}

void consumer_lag::finish() {
    if (next_lookup_ < lookups_.size())
        turn_ = lookups_[next_lookup_].where;

    for_each_known_row(
        [this](partition_lag& row, const watched_partition& partition) { fill(row, partition); });
    step_ = step::idle;
    port_.done(std::move(report_));
}

void consumer_lag::fill(partition_lag& row, const watched_partition& partition) const {
    // An offset below 0 can be committed, but there are no records.
    row.records = std::max<std::int64_t>(partition.end - std::max(row.committed, log_offset(0)), 0);
    const auto from = std::max(row.committed, partition.start);
    const place where{partition.id, from};
    row.read_all = from >= partition.end || read_all_.contains(where);
    if (row.read_all)
        return;
    const auto known = known_.find(where);
    if (known != known_.end() && known->second.timestamp != no_timestamp)
        row.oldest = known->second.timestamp;
}

} // namespace barnabas
