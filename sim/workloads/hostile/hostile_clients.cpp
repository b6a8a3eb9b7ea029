#include "sim/workloads/hostile/hostile_clients.hpp"

#include "runtime/node/node_services.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {
/// Connections of one attack begin within this time.
constexpr std::int64_t attack_ns = second;
/// More connections than this are not open at a time.
constexpr std::size_t sessions_max = 2'000;
} // namespace

hostile_clients::hostile_clients(world& time, network_fabric& network, observation& watched,
                                 const hostile_options& options, parts with)
    : world_(time), options_(options), with_(std::move(with)),
      host_(time, network, {"hostile", {}, memory_disk::unlimited, {}}),
      draws_(time.draws(draw_stream::workload).split("hostile")), tried_(all_of(hostile_kind{}).size()) {
    for (const auto kind : all_of(hostile_kind{})) {
        if (options_.kinds.has(kind))
            kinds_.push_back(kind);
    }
    host_.start([](runtime::node_services&) {}, furnished({}, time, watched, "hostile"));
}

hostile_clients::~hostile_clients() {
    rest();
}

void hostile_clients::begin() {
    if (with_.planned)
        attack_planned(0);
    else if (!kinds_.empty())
        attack_later();
}

void hostile_clients::rest() {
    resting_ = true;
    for (auto& each : sessions_)
        each->drop();
    sessions_.clear();
    host_.crash(crash_kind::kill);
}

void hostile_clients::attack_later() {
    const auto wait = draws_.between(options_.interval_ns / 4, options_.interval_ns * 7 / 4);
    world_.schedule_after(wait, world_owner, [this] {
        if (resting_)
            return;
        const auto kind = kinds_[draws_.below(kinds_.size())];
        attack(kind, draws_.split(attacks_ + 1).seed());
        attack_later();
    });
}

void hostile_clients::attack_planned(std::size_t index) {
    if (index >= with_.planned->size())
        return;
    world_.schedule((*with_.planned)[index].at, world_owner, [this, index] {
        if (resting_)
            return;
        const auto& planned = (*with_.planned)[index];
        attack(planned.kind, planned.choice);
        attack_planned(index + 1);
    });
}

void hostile_clients::attack(hostile_kind kind, std::uint64_t choice) {
    forget_finished();
    ++tried_[static_cast<std::size_t>(kind)];
    ++attacks_;
    if (with_.on_attack)
        with_.on_attack({world_.now(), kind, choice});
    runtime::random draws(choice);
    world_.record(host_.number(), trace_kind::note, attacks_, static_cast<std::uint64_t>(kind));
    const hostile_session::parts parts{&world_,
                                       host_.node()->services().network,
                                       with_.broker,
                                       options_.answer_limit_ns,
                                       with_.healthy_since,
                                       with_.on_ignored};
    const auto plans = hostile::attack(kind, options_, with_.topics, draws.split("attack"));
    for (const auto& plan : plans) {
        if (sessions_.size() >= sessions_max)
            return;
        auto made = sessions_.emplace_back(std::make_shared<hostile_session>(parts, plan));
        const auto wait = plans.size() == 1 ? 0 : draws.between(0, attack_ns);
        world_.schedule_after(wait, world_owner, [made] {
            if (!made->over())
                made->begin();
        });
    }
}

void hostile_clients::forget_finished() {
    sessions_.erase(
        std::remove_if(sessions_.begin(), sessions_.end(), [](const auto& each) { return each->over(); }),
        sessions_.end());
}

} // namespace barnabas::sim
