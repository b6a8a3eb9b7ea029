// What it costs to give a group its partitions, in one thread. Run `assignor_bench`; issue 6 asks for under
// 50 ms after one member joined a group of 1,000 members over 10,000 partitions.

#include "actors/group/assignors/assignors.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace barnabas::group {
namespace {

topic_id topic_numbered(std::int64_t number) {
    topic_id id;
    id.bytes[14] = static_cast<std::uint8_t>(number / 256);
    id.bytes[15] = static_cast<std::uint8_t>(number % 256);
    // Ids are random in life: one has to look at all of their bytes only when they are the same.
    id.bytes[0] = static_cast<std::uint8_t>(number * 167 % 256);
    return id;
}

std::string member_numbered(std::int64_t number) {
    char name[40];
    std::snprintf(name, sizeof name, "%08llx-member-%lld",
                  static_cast<unsigned long long>(number) * 2654435761u % 0xffffffffu,
                  static_cast<long long>(number));
    return name;
}

/// `apart`: every member leaves out another topic, so that no two want the same.
assignor_input group_of(std::int64_t members, std::int64_t topics, std::int64_t partitions, bool apart) {
    assignor_input input;
    for (std::int64_t i = 0; i < topics; ++i)
        input.topics.push_back({topic_numbered(i), static_cast<std::int32_t>(partitions / topics)});
    std::sort(input.topics.begin(), input.topics.end(),
              [](const auto& left, const auto& right) { return left.id < right.id; });
    for (std::int64_t i = 0; i < members; ++i) {
        auto& one = input.members.emplace_back();
        one.member_id = member_numbered(i);
        for (std::int64_t topic = 0; topic < topics; ++topic)
            if (!apart || (topic * 7 + i) % topics > i * topics / members / 2)
                one.subscribed.push_back(input.topics[static_cast<std::size_t>(topic)].id);
    }
    std::sort(input.members.begin(), input.members.end(),
              [](const auto& left, const auto& right) { return left.member_id < right.member_id; });
    return input;
}

using assignor = member_targets (*)(const assignor_input&);

/// Everybody but one has its part; that one has just joined.
assignor_input with_one_joined(assignor assign, assignor_input input) {
    const auto place = input.members.size() / 2;
    auto joins = input.members[place];
    input.members.erase(input.members.begin() + static_cast<std::ptrdiff_t>(place));
    auto targets = assign(input);
    for (std::size_t i = 0; i < targets.size(); ++i)
        input.members[i].target = std::move(targets[i]);
    input.members.insert(input.members.begin() + static_cast<std::ptrdiff_t>(place), std::move(joins));
    return input;
}

void joined(benchmark::State& state, assignor assign, bool apart) {
    const auto input = with_one_joined(assign, group_of(1'000, state.range(0), 10'000, apart));
    for (auto _ : state)
        benchmark::DoNotOptimize(assign(input));
}
BENCHMARK_CAPTURE(joined, uniform, assign_uniform, false)
    ->Arg(1)
    ->Arg(100)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(joined, uniform_all_apart, assign_uniform, true)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(joined, range, assign_range, false)
    ->Arg(1)
    ->Arg(100)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

void began(benchmark::State& state, assignor assign, bool apart) {
    const auto input = group_of(1'000, state.range(0), 10'000, apart);
    for (auto _ : state)
        benchmark::DoNotOptimize(assign(input));
}
BENCHMARK_CAPTURE(began, uniform, assign_uniform, false)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(began, uniform_all_apart, assign_uniform, true)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(began, range, assign_range, false)->Arg(100)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace barnabas::group

BENCHMARK_MAIN();
