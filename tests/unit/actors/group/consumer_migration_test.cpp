#include "protocol/model/mark.hpp"
#include "tests/unit/actors/group/mixed_world.hpp"

/// Members of the classic and of the consumer protocol in one group, and groups that change over while they
/// run (KIP-848).
namespace barnabas::group::consumer_migration_test {
namespace {

class consumer_migration_test : public testing::Test {
protected:
    /// A stable classic group of one.
    old_consumer classic_group(std::optional<std::string> instance = {}) {
        return classic_group_with(world->assignment({0, 1, 2, 3}), std::move(instance));
    }
    old_consumer classic_group_with(const slice& assignment, std::optional<std::string> instance = {}) {
        old_consumer one;
        one.instance = std::move(instance);
        const auto ticket = world->ask(world->joining(one));
        world->pass(world->options.initial_rebalance_delay);
        const auto told = world->joined(ticket);
        one.id = told.member_id;
        one.generation = told.generation.get();
        world->synced(one.id, told.generation, {{one.id, assignment}});
        one.owned["t"] = {0, 1, 2, 3};
        return one;
    }
    void use(migration_policy policy) {
        group_options options;
        options.consumer.migration = policy;
        world = std::make_unique<mixed_world>(options);
    }

    std::unique_ptr<mixed_world> world = std::make_unique<mixed_world>();
};

TEST_F(consumer_migration_test, a_living_classic_group_is_upgraded_by_the_first_new_member) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    EXPECT_EQ(fresh.epoch, 2);
    EXPECT_TRUE(fresh.owned.empty());
    const auto shown = world->shown();
    ASSERT_EQ(shown.members.size(), 2u);
    EXPECT_EQ(shown.state, "Reconciling");
    EXPECT_EQ(std::count_if(shown.members.begin(), shown.members.end(),
                            [](const auto& one) { return one.is_classic; }),
              1);
    for (int round = 0; round < 4; ++round) {
        world->follow(old);
        world->beat(fresh);
    }
    EXPECT_EQ(world->count(old), 2u);
    EXPECT_EQ(count_of(fresh.owned), 2u);
    EXPECT_EQ(old.generation, 2);
    EXPECT_EQ(world->shown().state, "Stable");
    EXPECT_EQ(world->beat(old), errc::ok);
    EXPECT_EQ(world->commit("t", 4, {old.id, {}}, 2).code, errc::ok);
    EXPECT_EQ(world->commit("t", 4, {old.id, {}}, 1).code, errc::illegal_generation);
}

TEST_F(consumer_migration_test, a_partition_goes_over_only_when_the_old_member_gave_it_up) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    EXPECT_EQ(world->beat(old), errc::rebalance_in_progress);
    EXPECT_EQ(world->join(old), errc::ok);
    // It is to give up two, and keeps its generation until it did.
    EXPECT_EQ(old.generation, 1);
    world->beat(fresh);
    EXPECT_TRUE(fresh.owned.empty());
    EXPECT_EQ(world->sync(old), errc::ok);
    EXPECT_EQ(world->count(old), 2u);
    EXPECT_EQ(world->beat(old), errc::rebalance_in_progress);
    EXPECT_EQ(world->join(old), errc::ok);
    EXPECT_EQ(old.generation, 2);
    world->beat(fresh);
    EXPECT_EQ(count_of(fresh.owned), 2u);
}

TEST_F(consumer_migration_test, an_eager_member_has_given_up_everything_when_it_joins) {
    auto old = classic_group();
    old.cooperative = false;
    auto fresh = world->joined_as("new");
    world->follow(old);
    EXPECT_EQ(old.generation, 2);
    EXPECT_EQ(world->count(old), 2u);
    world->beat(fresh);
    EXPECT_EQ(count_of(fresh.owned), 2u);
}

TEST_F(consumer_migration_test, an_old_member_joins_a_new_group) {
    auto fresh = world->joined_as("new");
    old_consumer old;
    EXPECT_EQ(world->join(old), errc::ok);
    EXPECT_EQ(world->sync(old), errc::ok);
    for (int round = 0; round < 4; ++round) {
        world->beat(fresh);
        world->follow(old);
    }
    EXPECT_EQ(world->count(old), 2u);
    EXPECT_EQ(count_of(fresh.owned), 2u);
    auto by_id = world->joining({});
    by_id.id_first = true;
    EXPECT_EQ(world->joined(world->ask(by_id)).code, errc::member_id_required);
    auto other_type = world->joining({});
    other_type.protocol_type = "connect";
    EXPECT_EQ(world->joined(world->ask(other_type)).code, errc::inconsistent_group_protocol);
    auto other_protocol = world->joining({});
    other_protocol.protocols[0].name = "sticky";
    EXPECT_EQ(world->joined(world->ask(other_protocol)).code, errc::inconsistent_group_protocol);
    EXPECT_EQ(world->heartbeat({"new", {}}, fresh.epoch), errc::unknown_member_id);
    EXPECT_EQ(world->leave({"new", {}}), errc::unknown_member_id);
    EXPECT_EQ(world->leave({old.id, {}}), errc::ok);
    world->beat(fresh);
    EXPECT_EQ(count_of(fresh.owned), 4u);
}

/// As they do where members are left: a zombie's generation must never be somebody's epoch.
TEST_F(consumer_migration_test, epochs_go_on_where_the_generations_of_an_empty_classic_group_ended) {
    const auto old = classic_group();
    EXPECT_EQ(world->leave({old.id, {}}), errc::ok);
    const auto ended = world->rebalances.back().generation + 1;
    for (const bool loaded : {false, true}) {
        if (loaded)
            world->reload(world->log.size());
        auto fresh = world->joined_as(loaded ? "newer" : "new");
        EXPECT_GT(fresh.epoch, ended);
        EXPECT_EQ(world->commit("t", 4, {old.id, {}}, ended).code, errc::unknown_member_id);
        world->leave(fresh);
    }
    // And back: the group is empty again.
    const auto again = world->ask(world->joining(old_consumer{}));
    world->pass(world->options.initial_rebalance_delay);
    EXPECT_GT(world->joined(again).generation.get(), ended + 4);
}

TEST_F(consumer_migration_test, the_last_new_member_leaves_a_classic_group_behind) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    for (int round = 0; round < 4; ++round) {
        world->follow(old);
        world->beat(fresh);
    }
    world->leave(fresh);
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    EXPECT_EQ(world->beat(old), errc::rebalance_in_progress);
    EXPECT_EQ(world->commit("t", 4, {old.id, {}}, old.generation).code, errc::ok)
        << "what it has processed it may commit, as in every rebalance";
    const auto again = world->joined(world->ask(world->joining(old)));
    EXPECT_EQ(again.code, errc::ok);
    EXPECT_GT(again.generation.get(), 2);
    EXPECT_EQ(again.leader, old.id);
    world->synced(old.id, again.generation, {{old.id, world->assignment({0, 1, 2, 3})}});
    EXPECT_EQ(world->describe().state, "Stable");
    world->reload(world->log.size());
    EXPECT_EQ(world->describe().state, "Stable");
    EXPECT_EQ(world->describe().members.size(), 1u);
    EXPECT_EQ(world->shown().code, errc::group_id_not_found);
}

/// What belonged to the members that went would be nobody's for ever.
TEST_F(consumer_migration_test, who_loads_a_group_that_had_to_begin_anew_lets_it_begin_anew) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    for (int round = 0; round < 4; ++round) {
        world->follow(old);
        world->beat(fresh);
    }
    world->leave(fresh);
    world->reload(world->log.size());
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    EXPECT_EQ(world->beat(old), errc::rebalance_in_progress);
    const auto again = world->joined(world->ask(world->joining(old)));
    EXPECT_EQ(again.leader, old.id);
    world->synced(old.id, again.generation, {{old.id, world->assignment({0, 1, 2, 3})}});
    world->reload(world->log.size());
    EXPECT_EQ(world->describe().state, "Stable");
}

TEST_F(consumer_migration_test, policies_forbid_what_they_name) {
    for (const auto policy : {migration_policy::disabled, migration_policy::downgrade}) {
        use(policy);
        const auto old = classic_group();
        consumer fresh;
        fresh.id = "new";
        EXPECT_EQ(world->beat(fresh).code, errc::group_id_not_found);
        EXPECT_EQ(world->beat(old), errc::ok);
    }
    for (const auto policy : {migration_policy::disabled, migration_policy::upgrade}) {
        use(policy);
        auto fresh = world->joined_as("new");
        old_consumer old;
        EXPECT_EQ(world->join(old), errc::ok);
        world->leave(fresh);
        EXPECT_EQ(world->describe().code, errc::group_id_not_found);
        EXPECT_EQ(world->shown().members.size(), 1u);
        world->follow(old);
        EXPECT_EQ(world->count(old), 4u);
    }
}

/// With a policy that keeps the group as it is when the last member of the consumer protocol has gone.
std::size_t partitions_when_topics_have_grown(bool with_the_bug) {
    group_options options;
    options.consumer.migration = migration_policy::upgrade;
    options.planted.classic_members_not_told = with_the_bug;
    mixed_world world(options);
    auto fresh = world.joined_as("new");
    old_consumer old;
    EXPECT_EQ(world.join(old), errc::ok);
    world.leave(fresh);
    world.follow(old);
    EXPECT_EQ(world.count(old), 4u);
    EXPECT_EQ(world.beat(old), errc::ok);
    world.set_topics({{"t", 6}});
    const auto heard = world.beat(old);
    EXPECT_EQ(heard, with_the_bug ? errc::ok : errc::rebalance_in_progress);
    world.follow(old);
    EXPECT_EQ(world.beat(old), errc::ok);
    return world.count(old);
}

TEST_F(consumer_migration_test, classic_members_alone_in_a_consumer_group_see_their_topics_grow) {
    EXPECT_EQ(partitions_when_topics_have_grown(false), 6u);
}

/// Topics do not grow in simulated runs.
TEST(consumer_migration_with_a_bug, is_found_classic_members_not_told) {
    EXPECT_EQ(partitions_when_topics_have_grown(true), 4u);
}

/// A client comes again and again; each time would be a rebalance for the members that are there.
TEST_F(consumer_migration_test, a_full_classic_group_does_not_go_over_for_who_is_refused) {
    group_options options;
    options.consumer.members_max = 1;
    world = std::make_unique<mixed_world>(options);
    const auto old = classic_group("i");
    const auto records = world->log.size();
    const auto rebalances = world->rebalances.size();
    consumer fresh;
    fresh.id = "new";
    EXPECT_EQ(world->beat(fresh).code, errc::group_max_size_reached);
    EXPECT_EQ(world->beat(old), errc::ok);
    EXPECT_EQ(world->log.size(), records);
    EXPECT_EQ(world->rebalances.size(), rebalances);
    // Its newer self has its place.
    EXPECT_EQ(count_of(world->joined_as("newer", "i").owned), 4u);
}

TEST_F(consumer_migration_test, a_group_that_is_none_of_consumers_is_not_upgraded) {
    world->stable_with_one();
    consumer fresh;
    fresh.id = "new";
    // Its subscription is no subscription.
    EXPECT_EQ(world->beat(fresh).code, errc::group_id_not_found);
    EXPECT_EQ(world->describe().state, "Stable");
}

/// Who is taken for owning nothing goes on reading, beside the next owner.
TEST_F(consumer_migration_test, a_group_whose_assignments_say_more_than_partitions_stays_classic) {
    struct {
        slice assignment;
        std::string why;
    } const cases[] = {
        {world->assignment({0, 1, 2, 3}, "mine"), "custom assignor"},
        {slice::copy_of("mine"), "malformed"},
        {slice::copy_of(world->assignment({0, 1, 2, 3}).text().substr(0, 9)), "malformed"},
    };
    for (const auto& one : cases) {
        use(migration_policy::bidirectional);
        const auto old = classic_group_with(one.assignment);
        const auto records = world->log.size();
        consumer fresh;
        fresh.id = "new";
        const auto told = world->beat(fresh);
        EXPECT_EQ(told.code, errc::group_id_not_found);
        EXPECT_NE(told.detail.find(one.why), std::string::npos) << told.detail;
        EXPECT_EQ(world->beat(old), errc::ok);
        EXPECT_EQ(world->describe().state, "Stable");
        EXPECT_EQ(world->log.size(), records);
    }
}

/// A member may say something else for each of its protocols.
TEST_F(consumer_migration_test, members_want_what_they_said_for_the_protocol_of_their_group) {
    world->set_topics({{"other", 1}});
    const auto first = world->ask(world->joining(old_consumer{}));
    auto request = world->joining(old_consumer{});
    request.protocols.insert(request.protocols.begin(),
                             {"mine", world->subscription(old_consumer{}, "other")});
    const auto second = world->ask(request);
    world->pass(2 * world->options.initial_rebalance_delay);
    const auto told = world->joined(first);
    ASSERT_EQ(told.protocol, "range");
    const auto both = std::vector{told.member_id, world->joined(second).member_id};
    const auto leader = told.leader == both[0] ? 0 : 1;
    world->synced(both[leader], told.generation, {{both[leader], world->assignment({0})}});
    world->joined_as("new");
    for (const auto& one : world->shown().members)
        EXPECT_EQ(one.topics, std::vector<std::string>{"t"});
}

TEST_F(consumer_migration_test, a_member_that_was_assigned_nothing_goes_over) {
    auto old = classic_group_with({});
    EXPECT_EQ(world->joined_as("new").epoch, 2);
    EXPECT_EQ(world->shown().members.size(), 2u);
}

TEST_F(consumer_migration_test, who_waits_in_a_rebalance_is_told_to_join_again) {
    auto old = classic_group();
    old_consumer second;
    const auto waiting = world->ask(world->joining(second));
    EXPECT_FALSE(world->answered(waiting));
    world->joined_as("new");
    EXPECT_EQ(world->joined(waiting).code, errc::rebalance_in_progress);
}

TEST_F(consumer_migration_test, a_static_member_changes_protocol) {
    auto old = classic_group("i");
    auto fresh = world->joined_as("new", "i");
    EXPECT_EQ(count_of(fresh.owned), 4u);
    EXPECT_EQ(world->beat(old), errc::fenced_instance_id);
    EXPECT_EQ(world->shown().members.size(), 1u);
    world->leave(fresh, pausing_epoch);
    old_consumer back;
    back.instance = "i";
    EXPECT_EQ(world->join(back), errc::ok);
    // It was the last one of the consumer protocol.
    EXPECT_EQ(world->describe().members.size(), 1u);
}

/// Two members, who share four partitions; the second one, which may be static too, speaks the classic
/// protocol.
struct static_pair {
    explicit static_pair(mixed_world& world, std::optional<std::string> instance = "j")
        : fresh(world.joined_as("new", "i")) {
        other.instance = std::move(instance);
        for (int round = 0; round < 6; ++round) {
            world.follow(other);
            world.beat(fresh);
        }
        EXPECT_EQ(world.count(other), 2u);
        EXPECT_EQ(count_of(fresh.owned), 2u);
        EXPECT_EQ(world.shown().state, "Stable");
    }
    consumer fresh;
    old_consumer other;
};

/// What the classic protocol's JoinGroup answers to the first one when it comes back under its name.
join_response comes_back(mixed_world& world, consumer& gone, bool may_skip_assignment = true) {
    world.leave(gone, pausing_epoch);
    old_consumer back;
    back.instance = "i";
    auto request = world.joining(back);
    request.may_skip_assignment = may_skip_assignment;
    return world.joined(world.ask(request));
}

TEST_F(consumer_migration_test, a_static_member_that_comes_back_as_a_classic_one_disturbs_nobody) {
    static_pair both(*world);
    std::vector<std::int32_t> indexes;
    for (const auto& index : both.fresh.owned.begin()->second)
        indexes.push_back(index.get());
    const auto had = mixed_world::assignment(indexes);
    const auto marks = mark_hits("classic_group_goes_on_with_returned_static");
    const auto told = comes_back(*world, both.fresh);
    EXPECT_EQ(mark_hits("classic_group_goes_on_with_returned_static") - marks, 1u);
    EXPECT_EQ(told.code, errc::ok);
    EXPECT_EQ(told.generation.get(), both.other.generation);
    EXPECT_EQ(world->describe().state, "Stable");
    EXPECT_EQ(world->beat(both.other), errc::ok);
    const auto given = world->synced(told.member_id, told.generation);
    EXPECT_EQ(given.code, errc::ok);
    EXPECT_EQ(given.assignment.text(), had.text());
    world->reload(world->log.size());
    EXPECT_EQ(world->describe().state, "Stable");
    EXPECT_EQ(world->heartbeat({told.member_id, "i"}, told.generation.get()), errc::ok);
    EXPECT_EQ(world->beat(both.other), errc::ok);
}

/// Else nobody would see that topics grow.
TEST_F(consumer_migration_test, a_static_member_that_comes_back_as_a_classic_one_leads_without_assigning) {
    static_pair both(*world);
    const auto told = comes_back(*world, both.fresh);
    EXPECT_EQ(told.leader, told.member_id);
    EXPECT_TRUE(told.skip_assignment);
    EXPECT_EQ(told.members.size(), 2u);
    EXPECT_EQ(told.protocol, "range");
}

TEST_F(consumer_migration_test, an_old_client_that_comes_back_so_cannot_lead_without_a_rebalance) {
    static_pair both(*world);
    EXPECT_EQ(comes_back(*world, both.fresh, false).code, errc::ok);
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    EXPECT_EQ(world->beat(both.other), errc::rebalance_in_progress);
}

TEST_F(consumer_migration_test,
       a_static_member_that_comes_back_in_the_middle_of_a_change_begins_a_rebalance) {
    static_pair both(*world);
    world->set_topics({{"t", 6}});
    EXPECT_EQ(comes_back(*world, both.fresh).code, errc::ok);
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    EXPECT_EQ(world->beat(both.other), errc::illegal_generation);
}

/// The second one joined again, and was told a protocol that the one that comes back does not know.
struct pair_amid_a_join : static_pair {
    explicit pair_amid_a_join(mixed_world& world) : static_pair(world, std::nullopt) {
        auto request = world.joining(other);
        request.protocols.insert(request.protocols.begin(), {"mine", world.subscription(other)});
        const auto told = world.joined(world.ask(request));
        EXPECT_EQ(told.code, errc::ok);
        EXPECT_EQ(told.protocol, "mine");
        EXPECT_EQ(told.generation.get(), other.generation);
        const auto returned = comes_back(world, fresh);
        back.instance = "i";
        back.id = returned.member_id;
        back.generation = returned.generation.get();
    }
    old_consumer back;
};

TEST_F(consumer_migration_test, who_is_to_ask_for_its_assignment_is_told_to_join_again) {
    pair_amid_a_join both(*world);
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    sync_request sync{{both.other.id, {}}, generation_id(both.other.generation), "consumer", "mine", {}};
    EXPECT_EQ(world->take<sync_response>(world->ask(sync)).code, errc::rebalance_in_progress);
}

TEST_F(consumer_migration_test, who_never_asks_for_its_assignment_is_removed_in_the_classic_group_too) {
    pair_amid_a_join both(*world);
    for (int i = 0; i < 13; ++i) {
        world->beat(both.other);
        world->beat(both.back);
        world->pass(milliseconds(5'000));
    }
    EXPECT_EQ(world->beat(both.other), errc::unknown_member_id);
}

TEST_F(consumer_migration_test, a_static_member_that_comes_back_to_other_consumers_raises_no_epoch) {
    auto fresh = world->joined_as("new", "i");
    auto other = world->joined_as("other");
    world->settle({&fresh, &other});
    const auto before = world->shown().group_epoch;
    EXPECT_EQ(comes_back(*world, fresh).generation.get(), before);
    EXPECT_EQ(world->shown().group_epoch, before);
    EXPECT_EQ(world->shown().state, "Stable");
}

/// Clients of the classic protocol know no answer to JoinGroup that tells them to wait.
TEST_F(consumer_migration_test,
       a_static_member_of_the_classic_protocol_takes_the_place_of_a_living_consumer) {
    auto fresh = world->joined_as("new", "i");
    auto other = world->joined_as("other");
    world->settle({&fresh, &other});
    old_consumer back;
    back.instance = "i";
    EXPECT_EQ(world->join(back), errc::ok);
    EXPECT_EQ(world->sync(back), errc::ok);
    EXPECT_EQ(world->count(back), 2u);
    EXPECT_EQ(world->beat(fresh).code, errc::fenced_instance_id);
    EXPECT_EQ(world->shown().members.size(), 2u);
}

TEST_F(consumer_migration_test, an_old_member_that_does_not_go_on_is_removed) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    for (int i = 0; i < 13; ++i) {
        world->beat(old);
        world->beat(fresh);
        world->pass(milliseconds(5'000));
    }
    EXPECT_EQ(world->beat(old), errc::unknown_member_id);
    world->beat(fresh);
    EXPECT_EQ(count_of(fresh.owned), 4u);
}

TEST_F(consumer_migration_test, a_mixed_group_is_loaded_as_it_was) {
    auto old = classic_group();
    auto fresh = world->joined_as("new");
    world->follow(old);
    const auto before = world->shown();
    world->reload(world->log.size());
    const auto after = world->shown();
    ASSERT_EQ(after.members.size(), before.members.size());
    for (std::size_t i = 0; i < after.members.size(); ++i) {
        EXPECT_EQ(after.members[i].is_classic, before.members[i].is_classic);
        EXPECT_EQ(after.members[i].assigned, before.members[i].assigned);
        EXPECT_EQ(after.members[i].epoch, before.members[i].epoch);
    }
    for (int round = 0; round < 4; ++round) {
        world->follow(old);
        world->beat(fresh);
    }
    EXPECT_EQ(world->count(old), 2u);
    EXPECT_EQ(count_of(fresh.owned), 2u);
}

} // namespace
} // namespace barnabas::group::consumer_migration_test
