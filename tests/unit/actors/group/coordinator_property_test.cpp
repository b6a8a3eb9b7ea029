#include "tests/unit/actors/group/group_world.hpp"

#include <rapidcheck/gtest.h>

#include <map>
#include <set>

/// Whatever members do, in whatever order: every request is answered once, a rebalance ends, and another
/// coordinator that reads what this one wrote, compacted anywhere, knows the same (G3, G4, G6; card GRP-12).
namespace barnabas::group::coordinator_property_test {

namespace {

enum class act : std::uint8_t { join, join_static, sync, beat, leave, commit, wait, reload };

struct step {
    act what = act::wait;
    std::uint64_t who = 0;
    std::uint64_t amount = 0;
};

void showValue(const step& one, std::ostream& out) {
    constexpr const char* names[] = {"join",  "join_static", "sync", "beat",
                                     "leave", "commit",      "wait", "reload"};
    out << names[static_cast<std::size_t>(one.what)] << " " << one.who << " " << one.amount;
}

rc::Gen<step> any_step() {
    return rc::gen::construct<step>(rc::gen::weightedElement<act>({{6, act::join},
                                                                   {3, act::join_static},
                                                                   {8, act::sync},
                                                                   {4, act::beat},
                                                                   {2, act::leave},
                                                                   {3, act::commit},
                                                                   {5, act::wait},
                                                                   {1, act::reload}}),
                                    rc::gen::inRange<std::uint64_t>(0, 6),
                                    rc::gen::inRange<std::uint64_t>(1, 12'000));
}

/// A process that follows the protocol as far as its last answer goes.
struct process {
    std::optional<std::string> instance;
    std::string id;
    std::int32_t generation = -1;
    bool leads = false;
    std::vector<std::string> members;
    std::optional<request_ticket> waiting;
};

class play {
public:
    void run(const std::vector<step>& steps) {
        for (const auto& one : steps) {
            take(one);
            hear();
        }
        settle();
    }

private:
    void take(const step& one) {
        auto& of = processes_[one.who];
        switch (one.what) {
        case act::join_static: of.instance = "i" + std::to_string(one.who % 3); [[fallthrough]];
        case act::join: return join(of, one.amount);
        case act::sync: return sync(of);
        case act::beat: world_.heartbeat({of.id, of.instance}, of.generation); return;
        case act::leave: world_.leave({of.id, of.instance}); return;
        case act::commit: {
            const bool ok =
                world_.commit("t", static_cast<std::int64_t>(one.amount), {of.id, of.instance}, of.generation)
                    .code == errc::ok;
            if (ok)
                committed_ = static_cast<std::int64_t>(one.amount);
            return;
        }
        case act::wait: return world_.pass(milliseconds(one.amount));
        case act::reload: return reload(one.amount);
        }
    }
    void join(process& of, std::uint64_t amount) {
        auto request = world_.joining({of.id, of.instance}, "s" + std::to_string(amount % 3));
        request.id_first = amount % 2 == 0;
        request.may_skip_assignment = amount % 3 == 0;
        of.waiting = world_.ask(request);
        tickets_.insert(*of.waiting);
    }
    void sync(process& of) {
        std::vector<member_assignment> given;
        if (of.leads)
            for (const auto& member : of.members)
                given.push_back({member, slice::copy_of(member + "@" + std::to_string(of.generation))});
        tickets_.insert(
            world_.ask(sync_request{{of.id, of.instance}, generation_id(of.generation), {}, {}, given}));
    }
    /// Answers to requests that were waited for.
    void hear() {
        for (auto& [number, of] : processes_) {
            if (!of.waiting || !world_.answered(*of.waiting))
                continue;
            const auto answer = std::get<join_response>(world_.answers.at(*of.waiting));
            of.waiting.reset();
            of.id = answer.member_id;
            if (answer.code != errc::ok)
                continue;
            RC_ASSERT(answer.generation.get() >= assigned_);
            of.generation = answer.generation.get();
            of.leads = answer.leader == answer.member_id && !answer.skip_assignment;
            of.members.clear();
            for (const auto& member : answer.members)
                of.members.push_back(member.who.member_id);
        }
        for (const auto& [ticket, body] : world_.answers)
            if (const auto* synced = std::get_if<sync_response>(&body);
                synced != nullptr && synced->code == errc::ok)
                assigned_ = std::max(assigned_, static_cast<std::int32_t>(generation_in(synced->assignment)));
    }
    static int generation_in(const slice& assignment) {
        const auto text = assignment.text();
        const auto at = text.rfind('@');
        return at == std::string_view::npos ? 0 : std::stoi(std::string(text.substr(at + 1)));
    }

    /// As compaction may leave the log: of each key the newest record up to some place, and of those that
    /// delete what came before them, some not even that.
    void compact(runtime::random draws) {
        auto& log = world_.log;
        const auto end = static_cast<std::size_t>(draws.below(log.size() + 1));
        std::map<std::vector<std::byte>, std::size_t> newest;
        for (std::size_t at = 0; at < end; ++at)
            newest[encode(log[at]).key] = at;
        std::vector<group_record> kept;
        for (std::size_t at = 0; at < log.size(); ++at) {
            const auto encoded = encode(log[at]);
            const bool replaced = at < end && newest[encoded.key] != at;
            const bool dropped = at < end && !encoded.value && draws.chance(1, 2);
            if (!replaced && !dropped)
                kept.push_back(log[at]);
        }
        log = std::move(kept);
    }
    /// What is written is what is known, where a rebalance is not under way.
    void reload(std::uint64_t amount) {
        for (const auto ticket : tickets_)
            if (!world_.answered(ticket))
                return;
        const auto before = world_.describe();
        const auto offset = world_.committed("t");
        if (amount % 4 != 0)
            compact(runtime::random(amount));
        world_.reload();
        RC_ASSERT(world_.committed("t") == offset);
        if (before.state != "Stable" && before.state != "Empty")
            return;
        const auto after = world_.describe();
        RC_ASSERT(after.state == before.state || after.code == errc::group_id_not_found);
        RC_ASSERT(after.members.size() == before.members.size());
        for (std::size_t i = 0; i < after.members.size(); ++i) {
            RC_ASSERT(after.members[i].who.member_id == before.members[i].who.member_id);
            RC_ASSERT(after.members[i].who.instance_id == before.members[i].who.instance_id);
            RC_ASSERT(after.members[i].assignment.text() == before.members[i].assignment.text());
            RC_ASSERT(after.members[i].metadata.text() == before.members[i].metadata.text());
        }
    }
    /// Nobody does anything any more: all are answered, and the group empties.
    void settle() {
        world_.pass(std::chrono::minutes(30));
        for (const auto ticket : tickets_)
            RC_ASSERT(world_.answered(ticket));
        const auto end = world_.describe();
        RC_ASSERT(end.state == "Empty" || end.code == errc::group_id_not_found);
        if (committed_ >= 0)
            RC_ASSERT(world_.committed("t") == committed_);
        RC_ASSERT(world_.machine->next_timer().has_value());
    }

    group_world world_;
    std::map<std::uint64_t, process> processes_;
    std::set<request_ticket> tickets_;
    std::int32_t assigned_ = 0;
    std::int64_t committed_ = -1;
};

RC_GTEST_PROP(coordinator, answers_everybody_once_and_writes_what_it_knows, ()) {
    const auto steps = *rc::gen::container<std::vector<step>>(any_step());
    play().run(steps);
}

} // namespace
} // namespace barnabas::group::coordinator_property_test
