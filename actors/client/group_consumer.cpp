#include "actors/client/group_consumer.hpp"

#include "actors/client/group_versions.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

namespace {

constexpr std::int16_t commit_version = 9;
constexpr std::int16_t fetch_version_of_epochs = 9;
constexpr std::int16_t heartbeat_version_of_own_ids = 1;

} // namespace

group_consumer::group_consumer(client_connection& connection, group_consumer_options options,
                               runtime::random draws, group_member_events events)
    : connection_(connection), options_(std::move(options)), draws_(draws), events_(std::move(events)) {
    wants_.topics = {options_.first_topic};
    draw_id();
}

void group_consumer::on_ready(monotonic_ns now) {
    // Timers go on while the connection is gone.
    if (!connection_.is_ready())
        return;
    if (rude_at_ == monotonic_ns{} && options_.rude_ns > 0)
        rude_at_ = now + around(options_.rude_ns);
    if (now < not_before_)
        return;
    not_before_ = {};
    switch (state_) {
    case state::finding: return asked_ == 0 ? find(now) : void();
    case state::naming: return learn_names(now);
    case state::in_group: return be_rude(now) ? void() : work(now);
    }
}

void group_consumer::work(monotonic_ns now) {
    if (let_go_at_ != monotonic_ns{} && let_go_at_ <= now)
        let_go(now);
    if (beating_ == 0 && beat_at_ <= now)
        beat(now);
    if (epoch_ == 0)
        return;
    if (fetching_ == 0 && fetch_at_ <= now && !unknown_positions().empty())
        fetch(now);
    if (committing_ == 0 && commit_at_ <= now && !known_positions().empty())
        commit(now);
}

void group_consumer::find(monotonic_ns now) {
    kafka::find_coordinator_request request;
    request.key = options_.group;
    asked_ = connection_.send(
        request, *connection_.version_for<kafka::find_coordinator_request>(find_version_max), now);
}

/// Assignments name topics by their ids.
void group_consumer::learn_names(monotonic_ns now) {
    if (names_.is_asking())
        return;
    const auto unknown =
        std::find_if(options_.topics.begin(), options_.topics.end(),
                     [this](const auto& topic) { return names_.find(topic.name) == nullptr; });
    if (unknown != options_.topics.end())
        return names_.ask(connection_, unknown->name, now);
    state_ = state::in_group;
    beat_at_ = now;
    work(now);
}

template <class Request>
void group_consumer::subscribe(Request& request) const {
    request.rebalance_timeout_ms = options_.rebalance_timeout_ms;
    auto& names = request.subscribed_topic_names.emplace();
    request.subscribed_topic_regex = "";
    if (!wants_.assignor.empty())
        request.server_assignor = wants_.assignor;
    if (!wants_.by_pattern) {
        for (const auto index : wants_.topics)
            names.push_back(options_.topics[index].name);
    } else {
        const bool one = wants_.topics.size() == 1;
        request.subscribed_topic_regex = one ? options_.topics[wants_.topics.front()].name : "t[0-9]+";
    }
}

template <class Entries>
void group_consumer::name_owned(Entries& entries) const {
    for (const auto& topic : options_.topics) {
        const auto begin = owned_.lower_bound(topic.first_number);
        const auto end = owned_.lower_bound(topic.first_number + topic.partitions);
        if (begin == end)
            continue;
        auto& entry = entries.emplace_back();
        entry.topic_id = names_.find(topic.name)->id;
        for (auto at = begin; at != end; ++at)
            entry.partitions.push_back(at->first - topic.first_number);
    }
}

void group_consumer::beat(monotonic_ns now) {
    const auto version =
        *connection_.version_for<kafka::consumer_group_heartbeat_request>(options_.heartbeat_version_max);
    kafka::consumer_group_heartbeat_request request;
    request.group_id = options_.group;
    request.member_id = member_id_;
    const bool names_itself = version >= heartbeat_version_of_own_ids;
    if (!names_itself && is_new_)
        request.member_id.clear();
    request.member_epoch = epoch_;
    if (!options_.instance.empty())
        request.instance_id = options_.instance;
    const bool all = tells_all_ || epoch_ == 0;
    if (all)
        subscribe(request);
    if (all || owned_changed_ || draws_.chance(1, 2))
        name_owned(request.topic_partitions.emplace());
    tells_all_ = owned_changed_ = false;
    beaten_ = {epoch_, member_id_, owned_numbers(), now, is_new_ && options_.instance.empty()};
    // Whether the answer comes or not, the coordinator may know it from now on.
    is_new_ = is_new_ && !names_itself;
    beating_ = connection_.send(request, version, now);
}

void group_consumer::fetch(monotonic_ns now) {
    const auto version = *connection_.version_for<kafka::offset_fetch_request>(options_.fetch_version_max);
    kafka::offset_fetch_request request;
    const auto ask_for = [this](auto& topics) {
        for (const auto number : unknown_positions()) {
            const auto& of = topic_of(number);
            if (topics.empty() || topics.back().name != of.name)
                topics.emplace_back().name = of.name;
            topics.back().partition_indexes.push_back(number - of.first_number);
        }
    };
    if (version < fetch_version_of_groups) {
        request.group_id = options_.group;
        ask_for(request.topics.emplace());
    } else {
        auto& group = request.groups.emplace_back();
        group.group_id = options_.group;
        if (version >= fetch_version_of_epochs) {
            group.member_id = member_id_;
            group.member_epoch = epoch_;
        }
        ask_for(group.topics.emplace());
    }
    fetching_ = connection_.send(request, version, now);
    fetch_asked_at_ = now;
}

void group_consumer::commit(monotonic_ns now) {
    committing_ = send_commit(known_positions(), epoch_, now);
    commit_at_ = now + around(options_.commit_ns);
}

std::uint64_t group_consumer::send_commit(const std::vector<std::int32_t>& partitions, std::int32_t epoch,
                                          monotonic_ns now) {
    kafka::offset_commit_request request;
    request.group_id = options_.group;
    request.generation_id_or_member_epoch = epoch;
    request.member_id = member_id_;
    if (!options_.instance.empty())
        request.group_instance_id = options_.instance;
    std::map<std::int32_t, std::uint64_t> numbers;
    for (const auto number : partitions) {
        const auto& of = topic_of(number);
        if (request.topics.empty() || request.topics.back().name != of.name)
            request.topics.emplace_back().name = of.name;
        auto& position = *owned_.at(number);
        position += draws_.between(1, 10);
        auto& one = request.topics.back().partitions.emplace_back();
        one.partition_index = number - of.first_number;
        one.committed_offset = position;
        numbers[number] = ++commits_;
        events_.on_commit({commits_, epoch, member_id_, number, log_offset(position)});
    }
    const auto sent = connection_.send(request, commit_version, now);
    commits_open_[sent] = std::move(numbers);
    return sent;
}

// ---- what members do that one would rather not have

/// True when it did something that ends this step.
bool group_consumer::be_rude(monotonic_ns now) {
    if (options_.rude_until != monotonic_ns{} && now >= options_.rude_until) {
        options_.rude_ns = 0;
        rude_at_ = {};
    }
    if (options_.rude_ns == 0 || now < rude_at_ || epoch_ == 0)
        return false;
    rude_at_ = now + around(options_.rude_ns);
    switch (draws_.below(5)) {
    case 0: leave(now); return true;
    case 1: // a process that died, and its successor; a static one has its name still
        draw_id();
        begin_again(now);
        return false;
    case 2: stand_still(now); return true;
    case 3: want_something_else(now); return false;
    default: speak_as_before(now); return false;
    }
}

/// In good order, and comes back a while later: the group may be empty meanwhile.
void group_consumer::leave(monotonic_ns now) {
    kafka::consumer_group_heartbeat_request request;
    request.group_id = options_.group;
    request.member_id = member_id_;
    request.member_epoch = leaving_epoch;
    if (!options_.instance.empty()) {
        request.instance_id = options_.instance;
        request.member_epoch = draws_.chance(1, 2) ? pausing_epoch : leaving_epoch;
    }
    connection_.send(
        request,
        *connection_.version_for<kafka::consumer_group_heartbeat_request>(options_.heartbeat_version_max),
        now);
    if (draws_.chance(1, 2))
        draw_id();
    begin_again(now);
    not_before_ = now + drawn_ns(100, 2 * options_.session_timeout_ms);
}

/// And goes on with what it believes (fault Q8), before it is rude again.
void group_consumer::stand_still(monotonic_ns now) {
    not_before_ = now + drawn_ns(1, 2 * options_.session_timeout_ms);
    if (options_.rude_until != monotonic_ns{})
        not_before_ = std::min(not_before_, options_.rude_until);
    rude_at_ = not_before_ + around(options_.rude_ns);
}

void group_consumer::want_something_else(monotonic_ns now) {
    constexpr const char* assignors[] = {"", "uniform", "range"};
    wants_.assignor = assignors[draws_.below(std::size(assignors))];
    wants_.by_pattern = options_.heartbeat_version_max >= heartbeat_version_of_own_ids && draws_.chance(1, 2);
    wants_.topics.clear();
    if (draws_.chance(1, 2)) {
        wants_.topics.push_back(static_cast<std::size_t>(draws_.below(options_.topics.size())));
    } else {
        for (std::size_t index = 0; index < options_.topics.size(); ++index)
            wants_.topics.push_back(index);
    }
    tells_all_ = true;
    beat_at_ = now;
    tell_wanted();
}

/// As a thread would that did not hear of the newer epoch.
void group_consumer::speak_as_before(monotonic_ns now) {
    if (older_epochs_.empty() || old_beating_ != 0)
        return;
    const auto epoch = older_epochs_[static_cast<std::size_t>(draws_.below(older_epochs_.size()))];
    kafka::consumer_group_heartbeat_request request;
    request.group_id = options_.group;
    request.member_id = member_id_;
    request.member_epoch = epoch;
    if (!options_.instance.empty())
        request.instance_id = options_.instance;
    old_beaten_ = {epoch, member_id_, {}, now, false};
    old_beating_ = connection_.send(
        request,
        *connection_.version_for<kafka::consumer_group_heartbeat_request>(options_.heartbeat_version_max),
        now);
    if (const auto partitions = known_positions(); !partitions.empty())
        send_commit({partitions.front()}, epoch, now);
}

void group_consumer::draw_id() {
    constexpr char digits[] = "0123456789abcdef";
    member_id_.clear();
    for (int half = 0; half < 2; ++half)
        for (auto bits = draws_.next(), digit = std::uint64_t{0}; digit < 16; ++digit, bits >>= 4)
            member_id_ += digits[bits & 0xf];
    is_new_ = true;
}

monotonic_ns group_consumer::deadline() const {
    if (!connection_.is_ready())
        return {};
    if (not_before_ != monotonic_ns{})
        return not_before_;
    if (state_ != state::in_group)
        return {};
    auto due = earlier(rude_at_, let_go_at_);
    if (beating_ == 0)
        due = earlier(due, beat_at_);
    if (epoch_ == 0)
        return due;
    if (fetching_ == 0 && !unknown_positions().empty())
        due = earlier(due, fetch_at_);
    if (committing_ == 0 && !known_positions().empty())
        due = earlier(due, commit_at_);
    return due;
}

// ---- partitions and their numbers

std::vector<std::int32_t> group_consumer::owned_numbers() const {
    std::vector<std::int32_t> numbers;
    for (const auto& [number, position] : owned_)
        numbers.push_back(number);
    return numbers;
}

std::vector<std::int32_t> group_consumer::unknown_positions() const {
    std::vector<std::int32_t> numbers;
    for (const auto& [number, position] : owned_)
        if (!position)
            numbers.push_back(number);
    return numbers;
}

std::vector<std::int32_t> group_consumer::known_positions() const {
    std::vector<std::int32_t> numbers;
    for (const auto& [number, position] : owned_)
        if (position)
            numbers.push_back(number);
    return numbers;
}

const counted_topic& group_consumer::topic_of(std::int32_t number) const {
    return *std::find_if(options_.topics.begin(), options_.topics.end(),
                         [&](const auto& topic) { return number < topic.first_number + topic.partitions; });
}

const counted_topic* group_consumer::topic_called(const std::string& name) const {
    const auto found = std::find_if(options_.topics.begin(), options_.topics.end(),
                                    [&](const auto& topic) { return topic.name == name; });
    return found == options_.topics.end() ? nullptr : &*found;
}

std::int64_t group_consumer::drawn_ns(std::int64_t least_ms, std::int64_t most_ms) {
    return draws_.between(least_ms, most_ms) * limits::millisecond;
}

void group_consumer::tell_owned() const {
    events_.on_owned(owned_numbers());
}

void group_consumer::tell_wanted() const {
    std::vector<std::int32_t> numbers;
    for (const auto index : wants_.topics)
        for (std::int32_t partition = 0; partition < options_.topics[index].partitions; ++partition)
            numbers.push_back(options_.topics[index].first_number + partition);
    events_.on_wanted(numbers);
}

} // namespace barnabas::client
