#include "actors/client/cluster/cluster_client.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/find_coordinator.hpp"

#include <algorithm>

// What came back.
namespace barnabas::client {

namespace {

/// Somebody else is asked next time: what is known of the cluster is out of date.
bool is_about_the_view(kafka::error_code code) {
    using kafka::error_code;
    switch (code) {
    case error_code::not_controller:
    case error_code::not_leader_or_follower:
    case error_code::leader_not_available:
    case error_code::unknown_topic_or_partition:
    case error_code::unknown_topic_id:
    case error_code::inconsistent_topic_id:
    case error_code::fenced_leader_epoch:
    case error_code::replica_not_available:
    case error_code::kafka_storage_error:
    case error_code::new_leader_elected: return true;
    default: return false;
    }
}

bool is_about_the_coordinator(kafka::error_code code) {
    return code == kafka::error_code::not_coordinator || code == kafka::error_code::coordinator_not_available;
}

} // namespace

void cluster_client::hear(monotonic_ns now) {
    for (auto& [number, link] : links_) {
        for (const auto& got : link->take_answers()) {
            auto found = flights_.extract({number, got.request});
            if (!found.empty())
                hear_answer(*link, found.mapped(), got, now);
        }
        if (link->take_lost())
            hear_loss(number, *link, now);
    }
}

void cluster_client::hear_answer(broker_link& link, const flight& asked, const answer& got,
                                 monotonic_ns now) {
    switch (asked.what) {
    case flight::kind::call: return hear_call(link, asked, got, now);
    case flight::kind::metadata: return hear_metadata(link, asked, got, now);
    case flight::kind::coordinators: return hear_coordinators(link, asked, got, now);
    }
}

void cluster_client::hear_call(broker_link& link, const flight& asked, const answer& got, monotonic_ns now) {
    const auto found = calls_.find(asked.call);
    if (found == calls_.end())
        return;
    auto& one = found->second;
    auto heard = one.call->read(got, asked.parts);
    if (!heard) {
        link.connection().give_up(heard.failure());
        for (const auto part : asked.parts)
            ++one.parts[part].malformed;
        return void_flight(asked,
                           {errc::malformed, to_string(link.at()) +
                                                 " answered what cannot be read: " + heard.failure().detail},
                           now);
    }
    link.silent_until = now + std::max<std::int64_t>(heard->throttle_ms, 0) * ns_per_ms;
    // Parts are in ascending order, as `plan_call` went through them.
    for (const auto& said : heard->parts)
        if (std::binary_search(asked.parts.begin(), asked.parts.end(), said.part))
            hear_part(one, said, now);
    for (const auto part : asked.parts)
        if (one.parts[part].at == progress::asked)
            fail(one, part,
                 {errc::malformed,
                  to_string(link.at()) + " left it out of its answer to " + std::string(one.call->name())});
}

void cluster_client::hear_part(running_call& one, const part_answer& said, monotonic_ns now) {
    auto& state = one.parts[said.part];
    if (state.at != progress::asked)
        return;
    if (said.code == kafka::error_code::none) {
        state.at = progress::done;
        --one.open;
        return;
    }
    const auto target = one.call->target(said.part);
    stale_ = stale_ || is_about_the_view(said.code);
    if (target.kind == call_target::who::coordinator && is_about_the_coordinator(said.code))
        view_.forget_coordinator(target.name);
    auto why = error_of(said.code, said.message);
    if (one.call->repeats(said.part, said.code))
        repeat(one, said.part, std::move(why), now);
    else
        fail(one, said.part, std::move(why));
}

void cluster_client::hear_metadata(broker_link& link, const flight& asked, const answer& got,
                                   monotonic_ns now) {
    metadata_.asking = false;
    const auto said = got.decode<kafka::metadata_response>();
    if (!said) {
        link.connection().give_up(said.failure());
        stale_ = true;
        return put_off(metadata_, said.failure(), now);
    }
    view_.learn(*said, asked.asked_at);
    using kafka::error_code;
    error_code worst{said->error_code};
    for (const auto& topic : said->topics) {
        if (topic.error_code != 0)
            worst = error_code{topic.error_code};
        for (const auto& partition : topic.partitions)
            if (partition.leader_id < 0)
                worst = error_code::leader_not_available;
    }
    if (said->brokers.empty())
        worst = error_code::broker_not_available;
    fresh_ = worst == error_code::none ? error{errc::leader_not_available, "the cluster does not know yet"}
                                       : error_of(worst, {});
}

void cluster_client::hear_coordinators(broker_link& link, const flight& asked, const answer& got,
                                       monotonic_ns now) {
    const auto said = got.decode<kafka::find_coordinator_response>();
    if (!said) {
        link.connection().give_up(said.failure());
        return void_flight(asked, said.failure(), now);
    }
    if (said->coordinators.empty() && asked.groups.size() == 1)
        hear_coordinator(asked.groups.front(), said->error_code, said->node_id,
                         {said->host, static_cast<std::uint16_t>(said->port)}, now);
    for (const auto& one : said->coordinators)
        if (lookups_.contains(one.key))
            hear_coordinator(one.key, one.error_code, one.node_id,
                             {one.host, static_cast<std::uint16_t>(one.port)}, now);
    // Groups that the answer leaves out are asked for again.
    for (const auto& group : asked.groups)
        if (const auto found = lookups_.find(group); found != lookups_.end() && found->second.asking)
            put_off(found->second, {errc::malformed, "the answer to FindCoordinator left it out"}, now);
}

void cluster_client::hear_coordinator(const std::string& group, std::int16_t code, std::int32_t broker,
                                      const broker_address& at, monotonic_ns now) {
    auto& question = lookups_[group];
    question.asking = false;
    const auto said = kafka::error_code{code};
    using kafka::error_code;
    if (said == error_code::none && broker >= 0) {
        view_.learn_coordinator(group, broker, at);
        // Asked again while that one cannot be connected to, but not at once.
        return put_off(question, {errc::coordinator_not_available, "the cluster knows of no other one"}, now);
    }
    const auto why = error_of(said == error_code::none ? error_code::coordinator_not_available : said, {});
    const bool passes = said == error_code::none || said == error_code::coordinator_not_available ||
                        said == error_code::coordinator_load_in_progress ||
                        said == error_code::not_controller;
    put_off(question, why, now);
    for (auto& [number, one] : calls_)
        for (std::size_t part = 0; !passes && part < one.parts.size(); ++part) {
            const auto target = one.call->target(part);
            if (target.kind == call_target::who::coordinator && target.name == group)
                fail(one, part, why);
        }
}

/// Everything that was asked on a connection that is gone waits again.
void cluster_client::hear_loss(link_number number, broker_link& link, monotonic_ns now) {
    const auto& failure = link.session().last_failure();
    const error why{errc::network_exception,
                    to_string(link.at()) + ": " + (failure ? failure->detail : "the connection was closed")};
    std::vector<flight> cut;
    for (auto at = flights_.lower_bound({number, 0}); at != flights_.end() && at->first.first == number;) {
        cut.push_back(std::move(at->second));
        at = flights_.erase(at);
    }
    if (!cut.empty())
        stale_ = true;
    for (const auto& one : cut)
        void_flight(one, why, now);
}

void cluster_client::void_flight(const flight& asked, const error& why, monotonic_ns now) {
    if (asked.what == flight::kind::metadata) {
        metadata_.asking = false;
        stale_ = true;
        return put_off(metadata_, why, now);
    }
    for (const auto& group : asked.groups)
        put_off(lookups_[group], why, now);
    const auto found = calls_.find(asked.call);
    if (asked.what != flight::kind::call || found == calls_.end())
        return;
    for (const auto part : asked.parts) {
        auto& state = found->second.parts[part];
        if (state.at != progress::asked)
            continue;
        state.cut_off = true;
        state.cut_off_at = state.link;
        if (state.malformed >= limits::malformed_max)
            fail(found->second, part, why);
        else
            repeat(found->second, part, why, now);
    }
}

void cluster_client::repeat(running_call& one, std::size_t part, error why, monotonic_ns now) {
    auto& state = one.parts[part];
    state.last = why;
    if (++state.attempts > settings_.retries)
        return fail(one, part, std::move(why));
    state.at = progress::waiting;
    state.not_before = now + pause_after(state.attempts);
}

void cluster_client::put_off(lookup& question, error why, monotonic_ns now) {
    question.asking = false;
    question.last = std::move(why);
    question.not_before = now + pause_after(++question.attempts);
}

} // namespace barnabas::client
