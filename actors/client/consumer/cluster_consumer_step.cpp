#include "actors/client/consumer/cluster_consumer.hpp"

#include "actors/client/cluster/call.hpp"
#include "actors/client/drawn_pause.hpp"
#include "actors/client/retry_rules.hpp"

#include <algorithm>
#include <utility>

// What a consumer does between a program's questions.
namespace barnabas::client {

using kafka::error_code;

void cluster_consumer::step(monotonic_ns now) {
    wake_ = {};
    // The last commit may need a newer epoch.
    const bool ends = closed_ && !commits_.empty() && membership_->life();
    if (mode_ == mode::group && (!closed_ || ends)) {
        membership_->step(now, poll_.has_value());
        wake_at(membership_->deadline());
    }
    carry_commits(now);
    if (closed_)
        return;
    follow_membership();
    answer_poll(now);
    carry_commits(now);
    find_beginnings(now);
    fetcher_.step(now);
    ask_view(now);
    wake_at(fetcher_.deadline());
    if (poll_)
        wake_at(poll_->until);
}

std::set<std::string> cluster_consumer::topics_wanted() const {
    auto names = membership_->topics_wanted();
    if (!wanted_.pattern)
        names.insert(wanted_.names.begin(), wanted_.names.end());
    for (const auto& name : fetcher_.partitions())
        names.insert(name.topic);
    return names;
}

bool cluster_consumer::lacks_view(monotonic_ns now) {
    if (mode_ == mode::nothing)
        return false;
    const auto due = view_.asked_at() + settings_.client.metadata_age_ns;
    if (view_.is_known() && due > now)
        wake_at(due);
    if (!view_.is_known() || due <= now || fetcher_.wants_view() || (wanted_.pattern && !pattern_applied_))
        return true;
    if (!membership_->ids_wanted().empty())
        return true;
    const auto names = topics_wanted();
    return std::any_of(names.begin(), names.end(), [this](const auto& name) {
        const auto* topic = view_.find_topic(name);
        return topic == nullptr || topic->code != error_code::none;
    });
}

void cluster_consumer::ask_view(monotonic_ns now) {
    if (asking_view_)
        return;
    if (!lacks_view(now)) {
        view_attempts_ = 0;
        return;
    }
    if (view_not_before_ > now)
        return wake_at(view_not_before_);
    asking_view_ = true;
    ports_.ask<kafka::metadata_request, kafka::metadata_response>(
        consumer_ports::lane::questions, {}, std::nullopt,
        [request = view_question()](std::int16_t) { return request; },
        [this, now](result<kafka::metadata_response> said, monotonic_ns then) {
            hear_view(std::move(said), now, then);
        });
}

/// For all topics, those of a few ids, or by name: one question is not for both.
kafka::metadata_request cluster_consumer::view_question() const {
    kafka::metadata_request request;
    request.allow_auto_topic_creation = settings_.create_topics;
    if (wanted_.pattern)
        return request;
    auto& topics = request.topics.emplace();
    for (const auto& id : membership_->ids_wanted()) {
        auto& topic = topics.emplace_back();
        topic.topic_id = id;
        topic.name.reset();
    }
    if (!topics.empty())
        return request;
    for (const auto& name : topics_wanted())
        topics.emplace_back().name = name;
    return request;
}

void cluster_consumer::hear_view(result<kafka::metadata_response> said, monotonic_ns asked_at,
                                 monotonic_ns now) {
    asking_view_ = false;
    const auto& of = settings_.client;
    view_not_before_ =
        now + drawn_pause(of.retry_backoff_ns, of.retry_backoff_max_ns, ++view_attempts_, draws_);
    if (!said) {
        // Whoever closes the consumer knows.
        if (said.code() != errc::closed)
            on_trouble_(said.failure().detail);
        return;
    }
    view_.learn(*said, asked_at);
    for (const auto& topic : said->topics) {
        if (!topic.name)
            continue;
        const error_code code{topic.error_code};
        const bool refused =
            code == error_code::invalid_topic_exception || code == error_code::topic_authorization_failed;
        // What ended the membership is told once only; a refusal comes again with the next answer.
        if (refused && !failure_ && is_read(*topic.name))
            failure_ = error{errc_of(code), "topic '" + *topic.name + "': the cluster answered " +
                                                std::string(kafka::name_of(code))};
        auto& told = told_topics_[*topic.name];
        if (code != error_code::none && code != told && !wanted_.pattern)
            on_trouble_("topic '" + *topic.name + "': the cluster answered " +
                        std::string(kafka::name_of(code)));
        told = code;
    }
    if (wanted_.pattern)
        apply_pattern(*said);
    fetcher_.on_view(now);
    membership_->on_view();
}

/// By name: what a pattern means, or another member of the group reads, is no mistake of this program.
bool cluster_consumer::is_read(const std::string& topic) const {
    const auto& by_hand = fetcher_.partitions();
    return wanted_.names.contains(topic) ||
           (mode_ == mode::by_hand &&
            std::any_of(by_hand.begin(), by_hand.end(), [&](const auto& one) { return one.topic == topic; }));
}

void cluster_consumer::apply_pattern(const kafka::metadata_response& said) {
    std::set<std::string> names;
    for (const auto& topic : said.topics)
        if (topic.name && topic.error_code == 0 && wanted_.pattern(*topic.name) &&
            (!topic.is_internal || !settings_.exclude_internal))
            names.insert(*topic.name);
    pattern_applied_ = true;
    membership_->subscribe(std::move(names));
}

/// What the group gave is read, what it took is not.
void cluster_consumer::follow_membership() {
    if (mode_ != mode::group)
        return;
    const auto& owned = membership_->owned();
    for (const auto& name : fetcher_.partitions())
        if (!owned.contains(name) && !settings_.planted.revoked_still_delivered) {
            fetcher_.remove(name);
            without_beginning_.erase(name);
            last_committed_.erase(name);
        }
    for (const auto& name : owned)
        if (!fetcher_.has(name)) {
            fetcher_.add(name);
            without_beginning_.insert(name);
        }
    if (auto failure = membership_->take_failure())
        failure_ = std::move(failure);
}

void cluster_consumer::find_beginnings(monotonic_ns now) {
    if (without_beginning_.empty() || asking_beginnings_)
        return;
    if (!settings_.group) {
        for (const auto& name : std::exchange(without_beginning_, {}))
            fetcher_.begin_at_reset(name);
        return;
    }
    if (beginnings_not_before_ > now)
        return wake_at(beginnings_not_before_);
    asking_beginnings_ = true;
    turns asked;
    for (const auto& name : without_beginning_)
        asked[name] = fetcher_.find(name)->turn;
    const auto as = membership_->life() ? membership_->identity() : member_identity{};
    ask_committed(settings_, ports_, as, without_beginning_,
                  [this, asked](result<committed_offsets_by_partition> said, monotonic_ns then) {
                      hear_beginnings(asked, std::move(said), then);
                  });
}

/// Whoever was moved meanwhile, or given away and back, is left alone or asked for again: others may have
/// read on.
void cluster_consumer::hear_beginnings(const turns& asked, result<committed_offsets_by_partition> said,
                                       monotonic_ns now) {
    asking_beginnings_ = false;
    beginnings_not_before_ = now + settings_.client.retry_backoff_ns;
    if (!said && settings_.planted.failed_lookup_resets)
        said = committed_offsets_by_partition{};
    if (!said) {
        const auto code = said.code();
        const bool passes = code == errc::unstable_offset_commit || code == errc::request_timed_out ||
                            code == errc::rebalance_in_progress || code == errc::network_exception ||
                            code == errc::stale_member_epoch || code == errc::unknown_member_id;
        if (!passes && !failure_)
            failure_ = said.failure();
        return;
    }
    beginnings_not_before_ = {};
    for (const auto& [name, turn] : asked) {
        const auto* one = fetcher_.find(name);
        if (one == nullptr || one->turn != turn || without_beginning_.erase(name) == 0)
            continue;
        const auto found = said->find(name);
        if (found == said->end())
            fetcher_.begin_at_reset(name);
        else
            fetcher_.seek(name, found->second.offset);
        if (found != said->end())
            last_committed_[name] = place_of(name, found->second.offset);
    }
}

/// Before partitions go to others, what was polled of them is committed.
bool cluster_consumer::commits_before_change() {
    if (handover_ == handover::committing)
        return !settings_.planted.given_up_uncommitted;
    const bool wanted = settings_.auto_commit && handover_ == handover::none &&
                        membership_->change()->what == rebalance_event::kind::revoked;
    handover_ = wanted ? handover::committing : handover::done;
    if (!wanted)
        return false;
    commit(std::nullopt, [this](const result<void>& said) {
        if (!said)
            on_trouble_("auto-commit before a rebalance failed: " + said.failure().detail);
        if (handover_ == handover::committing)
            handover_ = handover::done;
    });
    return handover_ == handover::committing && !settings_.planted.given_up_uncommitted;
}

void cluster_consumer::answer_poll(monotonic_ns now) {
    if (!poll_)
        return;
    if (failure_)
        return give(*std::exchange(failure_, std::nullopt));
    const bool is_changing = mode_ == mode::group && membership_->change() != nullptr;
    if (is_changing && !commits_before_change()) {
        change_told_ = true;
        membership_->set_change_told();
        return give(poll_answer{{}, *membership_->change()});
    }
    // While a change waits for its commit nothing more is given out; the poll ends in its time all the same.
    while (!is_changing && fetcher_.has_something()) {
        poll_answer answer;
        const auto taken = fetcher_.take(settings_.poll_records_max, answer.records);
        if (!taken)
            return give(taken.failure());
        if (*taken != 0)
            return give(std::move(answer));
    }
    if (poll_->until > now && !woken_)
        return;
    // A partition that waits for a seek is no silence.
    if (auto trouble = fetcher_.standing_trouble(); trouble && !woken_)
        return give(*std::move(trouble));
    woken_ = false;
    give(poll_answer{});
}

void cluster_consumer::give(result<poll_answer> answer) {
    auto waiting = std::move(*poll_);
    poll_.reset();
    waiting.done(std::move(answer));
}

} // namespace barnabas::client
