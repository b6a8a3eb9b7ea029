#include "tests/unit/actors/group/mixed_world.hpp"

/// What older selves of members are told in a group of the consumer protocol, request by request, as Kafka
/// tells it, but for commits: there, too, it counts who bears the static name (G5). Fetches do not say it.
namespace barnabas::group::older_selves_test {
namespace {

class older_selves_test : public testing::Test {
protected:
    older_selves_test() { world.joined_as("somebody"); }

    consumer_heartbeat_response beat(const member_name& who, member_epoch epoch) {
        consumer_heartbeat_request request;
        request.client = {"client", "/127.0.0.1"};
        request.who = who;
        request.names_itself = true;
        request.epoch = epoch;
        return world.beat(request);
    }
    errc commit(const member_name& who, std::int32_t epoch, bool knows_group_errors = true) {
        commit_request request;
        request.who = who;
        request.generation = generation_id(epoch);
        request.knows_group_errors = knows_group_errors;
        const auto told = world.take<commit_response>(world.ask(std::move(request)));
        return told.code;
    }
    errc fetch(const std::string& member_id, std::int32_t epoch) {
        offsets_request request;
        request.who = {member_id, {}};
        request.member_epoch = generation_id(epoch);
        request.partitions = {{"t", partition_index(0)}};
        return world.take<offsets_response>(world.ask(request)).code;
    }

    mixed_world world;
};

TEST_F(older_selves_test, a_static_consumer_that_was_replaced) {
    auto old = world.joined_as("old", "i");
    const auto epoch = old.epoch;
    world.leave(old, pausing_epoch);
    world.joined_as("new", "i");
    EXPECT_EQ(commit({"old", "i"}, epoch), errc::fenced_instance_id);
    EXPECT_EQ(commit({"old", {}}, epoch), errc::unknown_member_id);
    EXPECT_EQ(commit({"old", "i"}, epoch, false), errc::fenced_instance_id);
    EXPECT_EQ(fetch("old", epoch), errc::unknown_member_id);
    EXPECT_EQ(beat({"old", "i"}, member_epoch(epoch)).code, errc::fenced_instance_id);
    // An instance id that has not changed need not be said again.
    EXPECT_EQ(beat({"old", {}}, member_epoch(epoch)).code, errc::unknown_member_id);
    for (const auto how : {leaving_epoch, pausing_epoch})
        EXPECT_EQ(beat({"old", "i"}, how).code, errc::fenced_instance_id);
    EXPECT_EQ(beat({"old", {}}, leaving_epoch).code, errc::unknown_member_id);
    EXPECT_EQ(world.shown().members.size(), 2u) << "none of this has harmed its newer self";
}

TEST_F(older_selves_test, a_static_consumer_that_is_to_take_its_name_back) {
    auto old = world.joined_as("old", "i");
    world.leave(old, pausing_epoch);
    world.joined_as("new", "i");
    old.tells_all = true;
    EXPECT_EQ(world.beat(old).code, errc::unreleased_instance_id);
}

TEST_F(older_selves_test, a_static_consumer_that_has_left_for_a_while) {
    auto old = world.joined_as("old", "i");
    const auto epoch = old.epoch;
    world.leave(old, pausing_epoch);
    for (const auto under : {epoch, pausing_epoch.get()}) {
        EXPECT_EQ(commit({"old", "i"}, under), errc::stale_member_epoch);
        EXPECT_EQ(fetch("old", under), errc::stale_member_epoch);
    }
    EXPECT_EQ(beat({"old", "i"}, member_epoch(epoch)).code, errc::fenced_member_epoch);
}

TEST_F(older_selves_test, a_consumer_under_an_epoch_that_is_not_its_own) {
    const auto one = world.joined_as("one", "i");
    EXPECT_EQ(commit({"one", "other"}, one.epoch), errc::unknown_member_id) << "as a heartbeat is";
    for (const auto epoch : {one.epoch - 1, one.epoch + 1}) {
        EXPECT_EQ(commit({"one", "i"}, epoch), errc::stale_member_epoch);
        EXPECT_EQ(commit({"one", "i"}, epoch, false), errc::unsupported_version);
        EXPECT_EQ(fetch("one", epoch), errc::stale_member_epoch);
        EXPECT_EQ(beat({"one", "i"}, member_epoch(epoch)).code, errc::fenced_member_epoch);
    }
}

TEST_F(older_selves_test, a_static_classic_member_that_was_replaced) {
    old_consumer old;
    old.instance = "i";
    EXPECT_EQ(world.join(old), errc::ok);
    old_consumer fresh;
    fresh.instance = "i";
    EXPECT_EQ(world.join(fresh), errc::ok);
    ASSERT_NE(fresh.id, old.id);
    EXPECT_EQ(commit({old.id, "i"}, old.generation, false), errc::fenced_instance_id);
    EXPECT_EQ(fetch(old.id, old.generation), errc::unknown_member_id);
    EXPECT_EQ(world.heartbeat({old.id, "i"}, old.generation), errc::fenced_instance_id);
    EXPECT_EQ(world.heartbeat({old.id, {}}, old.generation), errc::unknown_member_id);
    EXPECT_EQ(world.leave({old.id, "i"}), errc::fenced_instance_id);
    EXPECT_EQ(world.join(old), errc::fenced_instance_id);
    const auto synced = world.ask(sync_request{{old.id, "i"}, generation_id(old.generation), {}, {}, {}});
    EXPECT_EQ(world.take<sync_response>(synced).code, errc::fenced_instance_id);
}

TEST_F(older_selves_test, a_classic_member_under_a_generation_that_is_not_its_own) {
    old_consumer one;
    EXPECT_EQ(world.join(one), errc::ok);
    for (const auto generation : {one.generation - 1, one.generation + 1}) {
        EXPECT_EQ(commit({one.id, {}}, generation, false), errc::illegal_generation);
        EXPECT_EQ(fetch(one.id, generation), errc::illegal_generation);
        EXPECT_EQ(world.heartbeat({one.id, {}}, generation), errc::illegal_generation);
    }
}

} // namespace
} // namespace barnabas::group::older_selves_test
