#include "tests/unit/actors/group/consumer_world.hpp"
#include "tests/unit/actors/group/ownership.hpp"

#include <set>

/// Whatever consumers do, in whatever order, and whatever answers get lost: no partition is two members' at a
/// time, epochs only grow, in the end every partition is somebody's, and another coordinator that reads what
/// this one wrote, compacted or not, knows the same (G1, G3, G4, G5, G6; card GRP-12).
namespace barnabas::group::consumer_group_property_test {

namespace {

enum class act : std::uint8_t {
    beat,
    beat_lost,
    let_go,
    join,
    join_static,
    leave,
    pause,
    subscribe,
    topics,
    wait,
    reload
};

struct step {
    act what = act::wait;
    std::uint64_t who = 0;
    std::uint64_t amount = 0;
};

void showValue(const step& one, std::ostream& out) {
    constexpr const char* names[] = {"beat",  "beat_lost", "let_go", "join", "join_static", "leave",
                                     "pause", "subscribe", "topics", "wait", "reload"};
    out << names[static_cast<std::size_t>(one.what)] << " " << one.who << " " << one.amount;
}

rc::Gen<step> any_step() {
    return rc::gen::construct<step>(rc::gen::weightedElement<act>({{12, act::beat},
                                                                   {3, act::beat_lost},
                                                                   {6, act::let_go},
                                                                   {5, act::join},
                                                                   {3, act::join_static},
                                                                   {2, act::leave},
                                                                   {2, act::pause},
                                                                   {2, act::subscribe},
                                                                   {2, act::topics},
                                                                   {4, act::wait},
                                                                   {2, act::reload}}),
                                    rc::gen::inRange<std::uint64_t>(0, 6),
                                    rc::gen::inRange<std::uint64_t>(0, 60));
}

class play {
public:
    void run(const std::vector<step>& steps) {
        for (const auto& one : steps) {
            take(one);
            check();
        }
        settle();
    }

private:
    void take(const step& one) {
        auto& of = consumers_[one.who];
        switch (one.what) {
        case act::beat: return beat(of);
        case act::beat_lost:
            if (!of.id.empty() && of.epoch >= 0)
                world_.beat(world_.request_of(of));
            of.tells_all = true;
            return;
        case act::let_go: return let_go(of);
        case act::join: return start(of, one, false);
        case act::join_static: return start(of, one, true);
        case act::leave: return leave(of, leaving_epoch);
        case act::pause: return leave(of, of.instance ? pausing_epoch : leaving_epoch);
        case act::subscribe: return subscribe(of, one.amount);
        case act::topics:
            world_.set_topics({{one.amount % 2 == 0 ? "t" : "u", static_cast<int>(one.amount % 7)}});
            return;
        case act::wait: return world_.pass(milliseconds(one.amount * 1'000));
        case act::reload: return reload(one.amount);
        }
    }
    /// A process starts anew, and owns nothing.
    void start(consumer& of, const step& one, bool with_instance) {
        if (of.id.empty() || one.amount % 3 == 0)
            of.id = "m" + std::to_string(++ids_);
        of.instance.reset();
        if (with_instance)
            of.instance = "i" + std::to_string(one.who % 3);
        of.epoch = 0;
        of.owned.clear();
        of.wanted.clear();
        of.tells_all = true;
        beat(of);
    }
    /// What it shall not have any more it keeps until `let_go`.
    void beat(consumer& of) {
        if (of.id.empty())
            return;
        const auto told = world_.beat(world_.request_of(of));
        switch (told.code) {
        case errc::ok: break;
        case errc::fenced_member_epoch:
        case errc::unknown_member_id:
        case errc::group_id_not_found:
            of.epoch = 0;
            of.owned.clear();
            of.wanted.clear();
            return;
        default: return stop(of);
        }
        of.tells_all = false;
        RC_ASSERT(told.epoch.get() >= of.epoch);
        of.epoch = told.epoch.get();
        if (!told.assignment)
            return;
        of.wanted = *told.assignment;
        for (const auto& [topic, indexes] : of.wanted)
            for (const auto index : indexes)
                if (!contains(of.owned, topic, index)) {
                    auto& owned = of.owned[topic];
                    owned.push_back(index);
                    std::sort(owned.begin(), owned.end());
                }
    }
    static void let_go(consumer& of) { of.let_go(); }
    static void stop(consumer& of) {
        const auto instance = of.instance;
        of = {};
        of.instance = instance;
    }
    void leave(consumer& of, member_epoch how) {
        if (of.id.empty())
            return;
        const auto id = of.id;
        world_.leave(of, how);
        stop(of);
    }
    void subscribe(consumer& of, std::uint64_t amount) {
        of.topics = amount % 3 == 0   ? std::vector<std::string>{"t"}
                    : amount % 3 == 1 ? std::vector<std::string>{"t", "u"}
                                      : std::vector<std::string>{};
        of.pattern = amount % 3 == 2 ? "[tu]" : "";
        of.tells_all = true;
    }

    /// Of those who are members, as they see it themselves, and as the log has it.
    void check() {
        const auto shown = world_.shown();
        std::set<std::string> there;
        for (const auto& member : shown.members)
            there.insert(member.who.member_id);
        for (const auto& [number, of] : consumers_)
            for (const auto& [other_number, other] : consumers_)
                if (number < other_number && there.contains(of.id) && there.contains(other.id))
                    RC_ASSERT(!overlap(of.owned, other.owned));
        log_.check(world_.log);
        RC_ASSERT(shown.group_epoch >= shown.assignment_epoch);
        std::set<std::string> instances;
        for (const auto& member : shown.members)
            if (member.who.instance_id)
                RC_ASSERT(instances.insert(*member.who.instance_id).second);
    }
    void reload(std::uint64_t amount) {
        const auto before = world_.shown();
        world_.reload(world_.log.size() * amount / 60);
        const auto after = world_.shown();
        RC_ASSERT(after.code == before.code);
        RC_ASSERT(after.state == before.state);
        RC_ASSERT(after.group_epoch == before.group_epoch);
        RC_ASSERT(after.assignment_epoch == before.assignment_epoch);
        RC_ASSERT(after.members.size() == before.members.size());
        for (std::size_t i = 0; i < after.members.size(); ++i) {
            const auto& [a, b] = std::tie(after.members[i], before.members[i]);
            RC_ASSERT(a.who.member_id == b.who.member_id);
            RC_ASSERT(a.who.instance_id == b.who.instance_id);
            RC_ASSERT(a.epoch == b.epoch);
            RC_ASSERT(a.topics == b.topics);
            RC_ASSERT(a.pattern == b.pattern);
            RC_ASSERT(a.assigned == b.assigned);
            RC_ASSERT(a.target == b.target);
        }
    }

    /// Everybody who is there does what it should: all is given out, and nothing moves any more.
    void settle() {
        for (int round = 0; round < 30; ++round) {
            for (auto& [number, of] : consumers_) {
                beat(of);
                let_go(of);
            }
            check();
            world_.pass(milliseconds(5'000));
        }
        const auto shown = world_.shown();
        if (shown.code != errc::ok)
            return;
        RC_ASSERT(shown.state == "Stable" || shown.state == "Empty");
        std::size_t given = 0;
        std::set<std::string> wanted;
        for (const auto& member : shown.members) {
            RC_ASSERT(member.assigned == member.target);
            given += count_of(member.assigned);
            wanted.insert(member.topics.begin(), member.topics.end());
            if (member.pattern)
                wanted.insert({"t", "u"});
        }
        std::size_t there = 0;
        for (const auto& name : wanted)
            if (const auto* topic = world_.topics->find_topic(name))
                there += topic->partitions.size();
        RC_ASSERT(given == there);
    }

    consumer_world world_;
    std::map<std::uint64_t, consumer> consumers_;
    std::uint64_t ids_ = 0;
    ownership log_;
};

RC_GTEST_PROP(consumer_group, gives_each_partition_to_one_and_writes_what_it_knows, ()) {
    const auto steps = *rc::gen::container<std::vector<step>>(any_step());
    play().run(steps);
}

} // namespace
} // namespace barnabas::group::consumer_group_property_test
