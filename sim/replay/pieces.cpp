#include "sim/replay/pieces.hpp"

#include "sim/replay/check_options.hpp"

#include <algorithm>
#include <bit>

namespace barnabas::sim {

namespace {

using options = produce_consume_options;

template <class List>
void erase_from(List& list, std::size_t at, std::size_t count) {
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(std::min(at, list.size()));
    list.erase(first, first + std::min(static_cast<std::ptrdiff_t>(count), list.end() - first));
}

/// The part of `at`, `count` that falls into one of several lists that lie behind each other; `begin` is
/// moved behind it.
template <class List>
void erase_from_next(List& list, std::size_t& begin, std::size_t at, std::size_t count) {
    const auto size = list.size();
    const auto from = std::max(at, begin);
    const auto to = std::min(at + count, begin + size);
    if (from < to)
        erase_from(list, from - begin, to - from);
    begin += size;
}

template <auto Member>
std::size_t size_of(const options& of) {
    return (of.*Member).size();
}
template <auto Member>
void erase_of(options& of, std::size_t at, std::size_t count) {
    erase_from(of.*Member, at, count);
}

template <auto Member>
std::size_t size_of_plan(const options& of) {
    return (of.faults.*Member).size();
}
template <auto Member>
void erase_of_plan(options& of, std::size_t at, std::size_t count) {
    erase_from(of.faults.*Member, at, count);
}

/// Attacks that are stated are a list of their own.
std::size_t hostile_size(const options& of) {
    return of.attacks ? 0 : static_cast<std::size_t>(std::popcount(of.hostile.kinds.bits));
}

void erase_hostile(options& of, std::size_t at, std::size_t count) {
    std::size_t number = 0;
    hostile_kinds kept;
    for (const auto kind : all_of(hostile_kind{})) {
        if (!of.hostile.kinds.has(kind))
            continue;
        if (number < at || number >= at + count)
            kept.add(kind);
        ++number;
    }
    of.hostile.kinds = kept;
}

std::size_t lookups_size(const options& of) {
    return of.lookups.interval_ns != 0 ? 1 : 0;
}

std::size_t group_admin_size(const options& of) {
    return of.group_admin.interval_ns != 0 ? 1 : 0;
}

void erase_group_admin(options& of, std::size_t, std::size_t count) {
    if (count > 0)
        of.group_admin.interval_ns = 0;
}

std::size_t recreations_size(const options& of) {
    return of.recreations.interval_ns != 0 ? 1 : 0;
}

void erase_recreations(options& of, std::size_t, std::size_t count) {
    if (count > 0)
        of.recreations.interval_ns = 0;
}

std::size_t alterations_size(const options& of) {
    return of.alterations.interval_ns != 0 ? 1 : 0;
}

void erase_alterations(options& of, std::size_t, std::size_t count) {
    if (count > 0)
        of.alterations.interval_ns = 0;
}

void erase_lookups(options& of, std::size_t, std::size_t count) {
    if (count > 0)
        of.lookups.interval_ns = 0;
}

/// Producers whose sends are stated go when they send nothing.
std::size_t producers_size(const options& of) {
    return of.sends ? 0 : of.producers.size();
}

std::size_t sends_size(const options& of) {
    return of.sends ? of.sends->size() : 0;
}

void erase_sends(options& of, std::size_t at, std::size_t count) {
    erase_from(*of.sends, at, count);
}

std::size_t attacks_size(const options& of) {
    return of.attacks ? of.attacks->size() : 0;
}

void erase_attacks(options& of, std::size_t at, std::size_t count) {
    erase_from(*of.attacks, at, count);
}

std::size_t topic_configs_size(const options& of) {
    std::size_t sum = 0;
    for (const auto& topic : of.topics)
        sum += topic.configs.size();
    return sum;
}

void erase_topic_configs(options& of, std::size_t at, std::size_t count) {
    std::size_t begin = 0;
    for (auto& topic : of.topics)
        erase_from_next(topic.configs, begin, at, count);
}

std::size_t choices_size(const options& of) {
    std::size_t sum = 0;
    if (of.choices) {
        for (const auto& [loop, picks] : of.choices->picks)
            sum += picks.size();
    }
    return sum;
}

void erase_choices(options& of, std::size_t at, std::size_t count) {
    auto kept = std::make_shared<choice_log>(*of.choices);
    std::size_t begin = 0;
    for (auto& [loop, picks] : kept->picks)
        erase_from_next(picks, begin, at, count);
    of.choices = std::move(kept);
}

constexpr piece_list lists[] = {
    {"faults", size_of_plan<&fault_plan::faults>, erase_of_plan<&fault_plan::faults>},
    {"readers", size_of<&options::readers>, erase_of<&options::readers>},
    {"members", size_of<&options::members>, erase_of<&options::members>},
    {"programs", size_of<&options::programs>, erase_of<&options::programs>},
    {"producers", producers_size, erase_of<&options::producers>},
    {"hostile kinds", hostile_size, erase_hostile},
    {"attacks", attacks_size, erase_attacks},
    {"the client that asks where things are", lookups_size, erase_lookups},
    {"who deletes groups", group_admin_size, erase_group_admin},
    {"who makes topics again", recreations_size, erase_recreations},
    {"who alters configs", alterations_size, erase_alterations},
    {"sends", sends_size, erase_sends},
    {"harms", size_of_plan<&fault_plan::harms>, erase_of_plan<&fault_plan::harms>},
    {"lines of the broker's configuration", size_of<&options::broker_config>,
     erase_of<&options::broker_config>},
    {"lines of the topics' configuration", topic_configs_size, erase_topic_configs},
    {"choices", choices_size, erase_choices},
};

/// The new numbers of what stays, when all that is not used goes.
std::vector<std::uint32_t> numbers_of_used(const std::vector<bool>& used) {
    std::vector<std::uint32_t> numbers;
    std::uint32_t next = 0;
    for (const bool stays : used) {
        numbers.push_back(next);
        next += stays ? 1 : 0;
    }
    return numbers;
}

template <class List>
void keep_used(List& list, const std::vector<bool>& used) {
    List kept;
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (used[i])
            kept.push_back(std::move(list[i]));
    }
    list = std::move(kept);
}

} // namespace

std::span<const piece_list> piece_lists() {
    return lists;
}

void drop_idle_producers(produce_consume_options& from) {
    if (!from.sends)
        return;
    std::vector<bool> used(from.producers.size(), false);
    for (const auto& send : *from.sends)
        used[send.producer] = true;
    const auto numbers = numbers_of_used(used);
    for (auto& send : *from.sends)
        send.producer = numbers[send.producer];
    keep_used(from.producers, used);
}

void drop_idle_topics(produce_consume_options& from) {
    if (!from.sends || from.topics.empty())
        return;
    std::vector<bool> used(from.topics.size(), false);
    for (const auto& send : *from.sends)
        used[send.where.topic] = true;
    if (from.sends->empty())
        used.front() = true;
    const auto numbers = numbers_of_used(used);
    for (auto& send : *from.sends)
        send.where.topic = numbers[send.where.topic];
    keep_used(from.topics, used);
    for (std::size_t i = 0; i < from.topics.size(); ++i)
        from.topics[i].name = "t" + std::to_string(i);
}

void drop_idle_partitions(produce_consume_options& from) {
    if (!from.sends)
        return;
    for (auto& topic : from.topics)
        topic.partitions = 1;
    for (const auto& send : *from.sends) {
        auto& partitions = from.topics[send.where.topic].partitions;
        partitions = std::max(partitions, send.where.partition + 1);
    }
}

void drop_idle_choices(produce_consume_options& from) {
    if (!from.choices)
        return;
    auto kept = std::make_shared<choice_log>();
    for (const auto& [loop, picks] : from.choices->picks) {
        if (!picks.empty() && !problem_of(loop, from))
            kept->picks.emplace(loop, picks);
    }
    from.choices = std::move(kept);
}

} // namespace barnabas::sim
