#include "tests/unit/actors/group/consumer_world.hpp"

/// Groups of the consumer protocol that have options of their own.
namespace barnabas::group::own_options_test {
namespace {

std::shared_ptr<const own_options_by_group> own(std::optional<milliseconds> session,
                                                std::optional<milliseconds> heartbeat,
                                                const std::string& group = "g") {
    return std::make_shared<const own_options_by_group>(own_options_by_group{{group, {session, heartbeat}}});
}

void alter(consumer_world& world, std::shared_ptr<const own_options_by_group> wanted) {
    world.options.consumer.own = std::move(wanted);
    world.machine->on_options(world.options);
}

TEST(own_options, members_are_told_how_often_to_come) {
    group_options options;
    options.consumer.own = own(std::nullopt, milliseconds(7'000));
    consumer_world world(options);
    auto one = world.joined_as("a");
    EXPECT_EQ(world.beat(one).heartbeat_interval, milliseconds(7'000));
    alter(world, own(std::nullopt, milliseconds(8'000)));
    EXPECT_EQ(world.beat(one).heartbeat_interval, milliseconds(8'000));
    alter(world, own(std::nullopt, milliseconds(9'000), "another"));
    EXPECT_EQ(world.beat(one).heartbeat_interval, milliseconds(5'000));
    alter(world, nullptr);
    EXPECT_EQ(world.beat(one).heartbeat_interval, milliseconds(5'000));
}

/// How long a member lives that is silent from its second heartbeat on; `altered` between both.
bool lives_after(milliseconds silence, const group_options& options,
                 std::shared_ptr<const own_options_by_group> altered) {
    consumer_world world(options);
    auto one = world.joined_as("a");
    auto two = world.joined_as("b");
    world.settle({&one, &two});
    alter(world, std::move(altered));
    EXPECT_EQ(world.beat(one).code, errc::ok);
    for (milliseconds passed(0); passed < silence; passed += milliseconds(5'000)) {
        EXPECT_EQ(world.beat(two).code, errc::ok);
        world.pass(milliseconds(5'000));
    }
    return world.shown().members.size() == 2;
}

TEST(own_options, a_session_is_as_long_as_the_group_wants_from_the_next_heartbeat_on) {
    const group_options usual;
    EXPECT_TRUE(lives_after(milliseconds(40'000), usual, nullptr));
    EXPECT_FALSE(lives_after(milliseconds(50'000), usual, nullptr));
    EXPECT_TRUE(lives_after(milliseconds(50'000), usual, own(milliseconds(60'000), std::nullopt)));
    EXPECT_FALSE(lives_after(milliseconds(65'000), usual, own(milliseconds(60'000), std::nullopt)));
    // Shorter than the timer that runs.
    group_options longer;
    longer.consumer.own = own(milliseconds(60'000), std::nullopt);
    EXPECT_FALSE(lives_after(milliseconds(50'000), longer, own(milliseconds(45'000), std::nullopt)));
}

TEST(own_options, without_hearing_of_them_a_group_stays_as_it_was) {
    group_options options;
    options.planted.group_options_not_followed = true;
    options.consumer.own = own(milliseconds(50'000), milliseconds(7'000));
    consumer_world world(options);
    auto one = world.joined_as("a");
    alter(world, own(milliseconds(60'000), milliseconds(8'000)));
    EXPECT_EQ(world.beat(one).heartbeat_interval, milliseconds(7'000));
    EXPECT_FALSE(lives_after(milliseconds(55'000), options, own(milliseconds(60'000), std::nullopt)));
}

} // namespace
} // namespace barnabas::group::own_options_test
