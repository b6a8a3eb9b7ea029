#include "actors/group/record_sizes.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/group/mixed_world.hpp"

/// What is too long to be kept fails for whoever says it, and costs nobody else anything.
namespace barnabas::group::record_sizes_test {
namespace {

group_options records_of(std::size_t bytes) {
    group_options options;
    options.record_bytes_max = bytes;
    return options;
}

class record_sizes_test : public testing::Test {
protected:
    void use(std::size_t bytes) { world = std::make_unique<mixed_world>(records_of(bytes)); }
    /// As the log takes them.
    std::size_t longest_record() const {
        std::size_t longest = 0;
        for (const auto& record : world->log) {
            const auto encoded = encode(record);
            longest = std::max(longest, encoded.key.size() + (encoded.value ? encoded.value->size() : 0));
        }
        return longest;
    }
    static std::map<std::string, int> many_topics(int count) {
        std::map<std::string, int> topics;
        for (int i = 0; i < count; ++i)
            topics["many-" + std::to_string(1'000 + i)] = 1;
        return topics;
    }
    /// A stable classic group of one, whose subscription has so many bytes more.
    old_consumer classic_group(const std::string& name, std::optional<std::string> instance = {}) {
        old_consumer one;
        one.instance = std::move(instance);
        const auto ticket = world->ask(world->joining(one), name);
        world->pass(world->options.initial_rebalance_delay);
        const auto told = world->joined(ticket);
        one.id = told.member_id;
        one.generation = told.generation.get();
        const sync_request sync{
            {one.id, one.instance}, told.generation, {}, {}, {{one.id, world->assignment({0, 1, 2, 3})}}};
        EXPECT_EQ(world->take<sync_response>(world->ask(sync, name)).code, errc::ok);
        return one;
    }

    std::unique_ptr<mixed_world> world = std::make_unique<mixed_world>();
};

TEST_F(record_sizes_test, a_join_that_cannot_be_kept_is_refused) {
    use(10'000);
    auto request = world->joining(old_consumer{});
    request.protocols = {{"range", slice::copy_of(std::string(10'000, 'm'))}};
    EXPECT_EQ(world->joined(world->ask(request)).code, errc::message_too_large);
    // The shorter one may be what all agree on.
    request.protocols.push_back({"sticky", slice::copy_of(std::string(100, 'm'))});
    EXPECT_FALSE(world->answered(world->ask(request)));
    request.protocols = {{"range", slice::copy_of(std::string(9'000, 'm'))}};
    EXPECT_FALSE(world->answered(world->ask(request, "h")));
    EXPECT_EQ(world->joined(world->ask(request, std::string(1'000, 'g'))).code, errc::message_too_large);
}

TEST_F(record_sizes_test, a_static_member_that_comes_back_with_too_much_makes_all_join_anew) {
    use(2'000);
    auto one = group_world::joining({"", "i1"});
    one.protocols = {{"range", slice::copy_of(std::string(600, 'm'))}};
    const auto first = world->ask(one);
    const auto second = world->ask(group_world::joining({"", "i2"}));
    world->pass(2 * world->options.initial_rebalance_delay);
    const auto leader = world->joined(first);
    const auto other = world->joined(second);
    const auto assigned = [&](const std::string& id) {
        return member_assignment{id, slice::copy_of(std::string(200, 'a'))};
    };
    const auto leading = leader.leader == leader.member_id ? leader.member_id : other.member_id;
    ASSERT_EQ(
        world->synced(leading, leader.generation, {assigned(leader.member_id), assigned(other.member_id)})
            .code,
        errc::ok);
    ASSERT_EQ(world->describe().state, "Stable");
    const auto marks = mark_hits("returned_static_too_large");
    auto back = group_world::joining({"", "i2"});
    back.protocols = {{"range", slice::copy_of(std::string(800, 'm'))}};
    world->rebalances.clear();
    EXPECT_FALSE(world->answered(world->ask(back)));
    EXPECT_EQ(mark_hits("returned_static_too_large"), marks + 1);
    EXPECT_EQ(world->describe().state, "PreparingRebalance");
    ASSERT_EQ(world->rebalances.size(), 1u);
    EXPECT_STREQ(world->rebalances[0].why, "a static member came back with more than can be kept");
    EXPECT_LE(longest_record(), 2'000u);
}

TEST_F(record_sizes_test, a_classic_member_with_too_much_for_a_consumer_group_is_refused) {
    use(10'000);
    auto fresh = world->joined_as("new");
    old_consumer old;
    auto request = world->joining(old);
    const auto marks = mark_hits("classic_member_too_large");
    // Each alone would do; but such a group keeps all of them.
    request.protocols = {{"range", world->subscription(old)},
                         {"a", slice::copy_of(std::string(6'000, 'm'))},
                         {"b", slice::copy_of(std::string(6'000, 'm'))}};
    EXPECT_EQ(world->joined(world->ask(request)).code, errc::message_too_large);
    EXPECT_EQ(mark_hits("classic_member_too_large"), marks + 1);
    EXPECT_EQ(world->shown().members.size(), 1u);
    EXPECT_EQ(world->beat(fresh).code, errc::ok);
    EXPECT_LE(longest_record(), 10'000u);
}

TEST_F(record_sizes_test, a_group_whose_members_say_too_much_keeps_its_protocol) {
    use(10'000);
    old_consumer old;
    auto request = world->joining(old);
    request.protocols.push_back({"a", slice::copy_of(std::string(6'000, 'm'))});
    request.protocols.push_back({"b", slice::copy_of(std::string(6'000, 'm'))});
    const auto ticket = world->ask(request);
    world->pass(world->options.initial_rebalance_delay);
    const auto told = world->joined(ticket);
    ASSERT_EQ(world->synced(told.member_id, told.generation).code, errc::ok);
    const auto marks = mark_hits("upgrade_too_large");
    consumer fresh;
    fresh.id = "new";
    EXPECT_EQ(world->beat(fresh).code, errc::group_id_not_found);
    EXPECT_EQ(mark_hits("upgrade_too_large"), marks + 1);
    EXPECT_EQ(world->describe().state, "Stable");
}

TEST_F(record_sizes_test, members_that_are_too_many_for_one_record_stay_what_they_are) {
    use(1'500);
    auto fresh = world->joined_as("new");
    std::vector<old_consumer> old(8);
    for (auto& one : old)
        ASSERT_EQ(world->join(one), errc::ok);
    const auto marks = mark_hits("downgrade_too_large");
    world->leave(fresh);
    EXPECT_GT(mark_hits("downgrade_too_large"), marks);
    EXPECT_EQ(world->shown().members.size(), 8u);
    for (int round = 0; round < 4; ++round)
        for (auto& one : old)
            world->follow(one);
    std::size_t all = 0;
    for (const auto& one : old)
        all += world->count(one);
    EXPECT_EQ(all, 4u);
    EXPECT_LE(longest_record(), 1'500u);
}

TEST_F(record_sizes_test, a_pattern_finds_no_more_topics_than_a_record_can_name) {
    use(4'000);
    world->set_topics(many_topics(2'000));
    const auto marks = mark_hits("pattern_matches_cut");
    consumer one;
    one.id = "a";
    one.topics.clear();
    one.pattern = "many-.*";
    EXPECT_EQ(world->beat(one).code, errc::ok);
    EXPECT_EQ(mark_hits("pattern_matches_cut"), marks + 1);
    EXPECT_GT(count_of(one.owned), 20u);
    EXPECT_LE(longest_record(), 4'000u);
    world->reload(world->log.size());
    world->settle({&one});
    EXPECT_EQ(world->beat(one).code, errc::ok);
    EXPECT_LE(longest_record(), 4'000u);
}

TEST_F(record_sizes_test, a_member_gets_no_more_than_a_record_can_name) {
    use(8'000);
    world->set_topics(many_topics(400));
    const auto marks = mark_hits("target_cut");
    consumer one;
    one.id = "a";
    one.topics.clear();
    one.pattern = "many-.*";
    EXPECT_EQ(world->beat(one).code, errc::ok);
    EXPECT_GT(mark_hits("target_cut"), marks);
    const auto alone = count_of(one.owned);
    EXPECT_GT(alone, 100u);
    EXPECT_LT(alone, 400u);
    // Another one takes what the first cannot have.
    auto two = one;
    two.id = "b";
    two.epoch = 0;
    two.tells_all = true;
    two.owned.clear();
    two.wanted.clear();
    world->settle({&one, &two});
    EXPECT_GT(count_of(one.owned) + count_of(two.owned), alone);
    EXPECT_LE(longest_record(), 8'000u);
}

TEST_F(record_sizes_test, what_a_member_adds_must_fit_beside_what_it_said_before) {
    use(4'000);
    consumer one;
    one.id = "a";
    one.pattern = std::string(2'500, 'p');
    EXPECT_EQ(world->beat(one).code, errc::ok);
    auto request = world->request_of(one);
    request.topics = {std::string(2'500, 't')};
    EXPECT_EQ(world->beat(request).code, errc::invalid_request);
    EXPECT_EQ(world->beat(one).code, errc::ok);
    EXPECT_LE(longest_record(), 4'000u);
}

TEST_F(record_sizes_test, a_static_member_comes_back_under_an_id_that_what_it_has_fits_beside) {
    use(4'000);
    auto one = world->joined_as("a", "i");
    auto request = world->request_of(one);
    request.epoch = member_epoch(one.epoch);
    request.topics = {std::string(3'000, 't')};
    EXPECT_EQ(world->beat(request).code, errc::ok);
    world->leave(one, pausing_epoch);
    auto back = one;
    back.id = std::string(1'500, 'b');
    EXPECT_EQ(world->beat(back).code, errc::invalid_request);
    back.id = "b";
    EXPECT_EQ(world->beat(back).code, errc::ok);
    EXPECT_LE(longest_record(), 4'000u);
}

TEST_F(record_sizes_test, an_offset_whose_record_is_too_long_is_refused_alone) {
    use(2'000);
    commit_request request;
    request.partitions.resize(1);
    request.partitions[0].topic = "t";
    request.partitions[0].offset = log_offset(5);
    request.partitions[0].metadata = std::string(1'500, 'x');
    EXPECT_EQ(world->take<commit_response>(world->ask(request)).partitions.at(0), errc::ok);
    EXPECT_EQ(world->take<commit_response>(world->ask(request, std::string(500, 'g'))).partitions.at(0),
              errc::offset_metadata_too_large);
    EXPECT_LE(longest_record(), 2'000u);
}

/// The sizes are never below those of the bytes that are written.
TEST_F(record_sizes_test, are_at_least_those_of_the_encoded_records) {
    use(1'000'000);
    world->set_topics(many_topics(50));
    classic_group("classic", "i1");
    auto fresh = world->joined_as("new");
    old_consumer old;
    ASSERT_EQ(world->join(old), errc::ok);
    world->commit("many-1000", 4, {}, -1, "offsets");
    std::set<std::size_t> kinds;
    for (const auto& record : world->log) {
        const auto encoded = encode(record);
        const auto bytes = encoded.key.size() + (encoded.value ? encoded.value->size() : 0);
        const auto* consumers = std::get_if<consumer_record>(&record);
        const auto* member = consumers != nullptr ? std::get_if<consumer_member_record>(consumers) : nullptr;
        const auto* classic = std::get_if<classic_record>(&record);
        if (const auto* offset = std::get_if<offset_record>(&record))
            EXPECT_GE(bytes_of(*offset), bytes);
        else if (classic != nullptr && classic->value)
            EXPECT_GE(bytes_of(classic->group, *classic->value), bytes);
        else if (member != nullptr && member->value)
            EXPECT_GE(bytes_of(member->group, member->member_id, *member->value), bytes);
        else
            continue;
        kinds.insert(record.index());
    }
    EXPECT_EQ(kinds.size(), 3u);
}

} // namespace
} // namespace barnabas::group::record_sizes_test
