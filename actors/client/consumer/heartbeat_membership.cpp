#include "actors/client/consumer/heartbeat_membership.hpp"

#include "actors/client/drawn_pause.hpp"
#include "actors/client/group_versions.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace barnabas::client {

using kafka::error_code;

namespace {

/// From this version on members name themselves (KIP-1082), and patterns are there.
constexpr std::int16_t own_names_version = 1;

std::string drawn_id(runtime::random& draws) {
    uuid id;
    auto bits = draws.next();
    for (std::size_t at = 0; at < id.bytes.size(); ++at, bits >>= 8) {
        if (at == id.bytes.size() / 2)
            bits = draws.next();
        id.bytes[at] = static_cast<std::uint8_t>(bits & 0xff);
    }
    return to_string(id);
}

question_rules rules_of(const consumer_settings& settings) {
    question_rules rules;
    rules.target = call_target::coordinator(*settings.group);
    rules.lowest_version = own_names_version;
    return rules;
}

} // namespace

heartbeat_membership::heartbeat_membership(const consumer_settings& settings, const consumer_ports& ports,
                                           const cluster_view& view, const runtime::random& draws)
    : settings_(settings), ports_(ports), view_(view), draws_(draws), member_id_(drawn_id(draws_)) {}

void heartbeat_membership::subscribe(std::set<std::string> topics) {
    if (topics == topics_ && regex_.empty())
        return;
    topics_ = std::move(topics);
    regex_.clear();
    wish_told_ = false;
}

result<void> heartbeat_membership::subscribe_regex(std::string pattern) {
    wish_told_ = wish_told_ && topics_.empty() && pattern == regex_;
    topics_.clear();
    regex_ = std::move(pattern);
    return {};
}

void heartbeat_membership::step(monotonic_ns now, bool in_poll) {
    wake_ = {};
    if (in_poll)
        polled_at_ = now;
    if (!inside_ && in_poll && wants_something()) {
        inside_ = true;
        begin_again();
    }
    watch_polls(now);
    if (!inside_)
        return;
    follow_target();
    beat(now);
}

/// Topics are told by their ids. One that was made again under its name is another one: what is left of the
/// older goes first.
std::map<partition_name, topic_id> heartbeat_membership::named_target() {
    std::map<partition_name, topic_id> named;
    unnamed_.clear();
    for (const auto& [id, partitions] : *target_) {
        const auto* name = view_.name_of(id);
        if (name == nullptr)
            unnamed_.insert(id);
        else
            for (const auto number : partitions)
                named[{*name, number}] = id;
    }
    return named;
}

/// One step at a time: the next one is thought of when the program has handled this one.
void heartbeat_membership::follow_target() {
    if (!target_ || epoch_ <= 0 || has_changes())
        return;
    const auto wanted = named_target();
    std::vector<partition_name> gone;
    for (const auto& name : owned_) {
        // Of what has no name at the moment nothing is known.
        if (unnamed_.contains(ids_[name.topic]))
            continue;
        const auto found = wanted.find(name);
        if (found == wanted.end() || found->second != ids_[name.topic])
            gone.push_back(name);
    }
    if (!gone.empty())
        return tell(rebalance_event::kind::revoked, std::move(gone));
    std::vector<partition_name> come;
    for (const auto& [name, id] : wanted)
        if (owned_.insert(name).second) {
            ids_[name.topic] = id;
            come.push_back(name);
        }
    if (!come.empty())
        tell(rebalance_event::kind::assigned, std::move(come));
}

void heartbeat_membership::beat(monotonic_ns now) {
    // Whoever joins has nothing.
    const bool holds_on = epoch_ == 0 && (has_changes() || !owned_.empty());
    if (beating_ || holds_on)
        return;
    if (not_before_ > now)
        return wake_at(not_before_);
    const bool has_news = tells_all_ || !wish_told_ || owned_ != told_owned_ || has_followed();
    if (!has_news && beat_at_ > now)
        return wake_at(beat_at_);
    ask(now);
}

/// An answer that was lost may have been an assignment, which is told again to whoever tells everything.
void heartbeat_membership::ask(monotonic_ns now) {
    const auto all = everything();
    const auto first = tells_all_ || epoch_ == 0 ? all : news();
    beating_ = known_ = wish_told_ = true;
    owes_owned_ = owes_owned_ && !first.topic_partitions;
    ports_.ask<request, response>(
        consumer_ports::lane::questions, rules_of(settings_), settings_.client.request_timeout_ns,
        [first, all, sent = false](std::int16_t) mutable { return std::exchange(sent, true) ? all : first; },
        [this, life = life_, asked = asked_as{{{member_id_, epoch_}, now, {}}, owned_}](
            result<response> said, monotonic_ns then) mutable {
            asked.sign.heard = then;
            if (life == life_)
                hear(std::move(said), asked);
        });
}

heartbeat_membership::request heartbeat_membership::news() const {
    request made;
    made.group_id = *settings_.group;
    made.member_id = member_id_;
    made.member_epoch = epoch_;
    made.instance_id = settings_.instance;
    if (!wish_told_)
        say_wish(made);
    if (owned_ != told_owned_ || has_followed())
        say_owned(made);
    return made;
}

heartbeat_membership::request heartbeat_membership::everything() const {
    auto made = news();
    say_wish(made);
    say_owned(made);
    return made;
}

void heartbeat_membership::say_wish(request& into) const {
    into.rebalance_timeout_ms = static_cast<std::int32_t>(settings_.poll_interval_ns / ns_per_ms);
    into.subscribed_topic_names.emplace(topics_.begin(), topics_.end());
    into.subscribed_topic_regex = regex_;
    if (!settings_.remote_assignor.empty())
        into.server_assignor = settings_.remote_assignor;
    if (!settings_.rack.empty())
        into.rack_id = settings_.rack;
}

void heartbeat_membership::say_owned(request& into) const {
    auto& topics = into.topic_partitions.emplace();
    for (const auto& name : owned_) {
        const auto& id = ids_.at(name.topic);
        if (topics.empty() || topics.back().topic_id != id)
            topics.emplace_back().topic_id = id;
        topics.back().partitions.push_back(name.partition);
    }
}

void heartbeat_membership::hear(result<response> said, const asked_as& asked) {
    const auto now = asked.sign.heard;
    beating_ = false;
    if (!said && said.code() == errc::unsupported_version)
        return give_up(said.failure());
    if (!said) {
        tells_all_ = true;
        return pause(now);
    }
    if (const error_code code{said->error_code}; code != error_code::none)
        return react(code, said->error_message, now);
    attempts_ = 0;
    tells_all_ = false;
    told_owned_ = asked.owned;
    last_heartbeat_ = asked.sign;
    epoch_ = said->member_epoch;
    beat_at_ = now + said->heartbeat_interval_ms * ns_per_ms;
    if (!said->assignment)
        return;
    target_.emplace();
    owes_owned_ = true;
    for (const auto& topic : said->assignment->topic_partitions)
        (*target_)[topic.topic_id].insert(topic.partitions.begin(), topic.partitions.end());
}

void heartbeat_membership::react(error_code code, const std::optional<std::string>& why, monotonic_ns now) {
    const bool unknown = code == error_code::unknown_member_id || code == error_code::fenced_member_epoch ||
                         (code == error_code::group_id_not_found && epoch_ > 0);
    const bool put_out = unknown && !settings_.planted.fenced_epoch_kept;
    if (put_out) {
        BARNABAS_MARK(client_member_put_out);
        lose_owned();
        begin_again();
        return pause(now);
    }
    switch (code) {
    case error_code::fenced_member_epoch:
    case error_code::unknown_member_id:
    case error_code::coordinator_load_in_progress:
    case error_code::coordinator_not_available:
    case error_code::not_coordinator:
    case error_code::request_timed_out: tells_all_ = true; return pause(now);
    default: break;
    }
    give_up({errc_of(code), "the group '" + *settings_.group + "' does not take this member: " +
                                std::string(kafka::name_of(code)) + (why ? ": " + *why : "")});
}

/// It joins as nobody's successor, under its own id.
void heartbeat_membership::begin_again() {
    ++life_;
    epoch_ = 0;
    beating_ = false;
    tells_all_ = true;
    target_.reset();
    unnamed_.clear();
    told_owned_.clear();
    owes_owned_ = false;
    beat_at_ = not_before_ = {};
}

void heartbeat_membership::give_up(error why) {
    failure_ = std::move(why);
    lose_owned();
    begin_again();
    inside_ = known_ = false;
    topics_.clear();
    regex_.clear();
}

/// A member that does not poll may hang: others get its partitions.
void heartbeat_membership::watch_polls(monotonic_ns now) {
    if (!inside_)
        return;
    const auto due = polled_at_ + settings_.poll_interval_ns;
    if (due > now)
        return wake_at(due);
    BARNABAS_MARK(client_member_polls_late);
    leave("the program has not polled for max.poll.interval.ms", nullptr);
    lose_owned();
}

void heartbeat_membership::forget_all() {
    membership::forget_all();
    told_owned_.clear();
}

void heartbeat_membership::leave(const std::string&, std::function<void(monotonic_ns)> done) {
    begin_again();
    inside_ = false;
    if (!std::exchange(known_, false)) {
        if (done)
            ports_.later(std::move(done));
        return;
    }
    request made;
    made.group_id = *settings_.group;
    made.member_id = member_id_;
    made.member_epoch = settings_.instance ? pausing_epoch : leaving_epoch;
    made.instance_id = settings_.instance;
    ports_.ask<request, response>(
        consumer_ports::lane::questions, rules_of(settings_), settings_.client.request_timeout_ns,
        [made](std::int16_t) { return made; },
        [done = std::move(done)](const result<response>&, monotonic_ns now) {
            if (done)
                done(now);
        });
}

void heartbeat_membership::pause(monotonic_ns now) {
    const auto& of = settings_.client;
    not_before_ = now + drawn_pause(of.retry_backoff_ns, of.retry_backoff_max_ns, ++attempts_, draws_);
    wake_at(not_before_);
}

} // namespace barnabas::client
