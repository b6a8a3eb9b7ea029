#include "actors/broker/limits.hpp"
#include "actors/broker/partition_set.hpp"
#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

/// Moves between data directories, as the set of partitions sees them.
namespace barnabas::partition_moves_test {

namespace {

namespace effects = broker_effects;

const node_id here{1};

topic_id orders_id() {
    topic_id id;
    id.bytes.fill(1);
    return id;
}

const topic_partition orders{orders_id(), partition_index(0)};

metadata_image_ptr image(std::int64_t applied, bool has_orders = true) {
    auto made = std::make_shared<metadata_image>();
    made->applied = log_offset(applied);
    if (has_orders) {
        topic_metadata topic;
        topic.name = "orders";
        topic.id = orders_id();
        topic.partitions.push_back(
            {partition_index(0), here, leader_epoch(3), 0, {here}, {here}, log_offset(applied - 1)});
        made->topic_names[topic.id] = topic.name;
        made->topics[topic.name] = topic;
    }
    return made;
}

std::vector<data_directory> three_directories() {
    std::vector<data_directory> directories(3);
    directories[0].path = "/a";
    directories[1].path = "/b";
    directories[2].path = "/c";
    directories[2].cordoned = true;
    directories[0].partitions.push_back(
        {"orders-0", "orders", partition_index(0), orders_id(), false, 0, {}});
    return directories;
}

/// A set that serves orders-0 in /a.
struct fixture {
    explicit fixture(std::vector<data_directory> directories = three_directories(), bool has_orders = true)
        : set({here, 2, log_offset(0), {}}, directories) {
        set.on_image(image(5, has_orders), out);
        if (has_orders)
            set.on_partition_opened({orders, errc::ok, "", 0}, out);
        if (!all<effects::record_created>().empty())
            set.on_created_recorded({}, out);
    }

    template <class Effect>
    std::vector<Effect> all() const {
        std::vector<Effect> found;
        for (const auto& one : out)
            if (const auto* effect = std::get_if<Effect>(&one))
                found.push_back(*effect);
        return found;
    }
    template <class Effect>
    std::vector<Effect> moves() const {
        std::vector<Effect> found;
        for (const auto& one : all<effects::move_effect>())
            if (const auto* effect = std::get_if<Effect>(&one.what))
                found.push_back(*effect);
        return found;
    }
    errc move(const std::string& directory, const std::string& topic = "orders", std::int32_t index = 0) {
        out.clear();
        return set.move({topic, index, directory}, out);
    }
    void report(move_report::kind what, bool moved = false, errc code = errc::ok) {
        out.clear();
        set.on_move_report({orders, what, moved, code, "why"}, out);
    }
    void handed_over(errc code = errc::ok) {
        out.clear();
        checkpointed_offsets marks;
        marks.log_start = log_offset(9);
        set.on_handed_over({orders, code, "why", marks}, out);
    }
    void opened(errc code = errc::ok) {
        out.clear();
        set.on_partition_opened({orders, code, "why", 0}, out);
    }
    bool is_routed() const {
        const auto routes = set.open_partitions();
        return routes == std::vector<topic_partition>{orders};
    }
    void hand_over() {
        ASSERT_EQ(move("/b"), errc::ok);
        report(move_report::kind::caught_up);
        ASSERT_EQ(moves<effects::hand_over>().size(), 1u);
    }

    effects::effects out;
    partition_set set;
};

} // namespace

TEST(partition_moves, refusals) {
    fixture f;
    EXPECT_EQ(f.move("/nowhere"), errc::not_found);
    EXPECT_EQ(f.move("/c"), errc::invalid_replica_assignment);
    EXPECT_EQ(f.move("/b", "orders", 4), errc::unknown_topic_or_partition);
    EXPECT_EQ(f.move("/b", "others"), errc::unknown_topic_or_partition);
    EXPECT_EQ(f.move("/b", std::string(240, 't')), errc::invalid_topic);
    EXPECT_EQ(f.move("/a"), errc::ok) << "it lies there";
    EXPECT_TRUE(f.out.empty());
    f.set.on_directory_failed("/b", {errc::storage_error, "gone"}, f.out);
    EXPECT_EQ(f.move("/b"), errc::storage_error);
    f.set.on_directory_failed("/a", {errc::storage_error, "gone"}, f.out);
    EXPECT_EQ(f.move("/a"), errc::storage_error);
}

TEST(partition_moves, clients_find_the_partition_all_the_time) {
    fixture f;
    f.hand_over();
    EXPECT_TRUE(f.is_routed());
    f.handed_over();
    ASSERT_EQ(f.moves<effects::finish_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::finish_move>()[0].checkpointed.log_start, log_offset(9));
    f.report(move_report::kind::ended, true);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    const auto opening = f.all<effects::open_partition>()[0];
    EXPECT_EQ(opening.data_directory, "/b");
    EXPECT_EQ(opening.checkpointed.log_start, log_offset(9));
    EXPECT_EQ(opening.led.epoch, leader_epoch(3));
    EXPECT_TRUE(opening.was_closed_here);
    EXPECT_FALSE(opening.create);
    EXPECT_TRUE(f.is_routed());
    f.opened();
    ASSERT_EQ(f.moves<effects::pass_on>().size(), 1u);
    EXPECT_TRUE(f.moves<effects::pass_on>()[0].is_open);
    ASSERT_FALSE(f.all<effects::publish_view>().empty());
    EXPECT_EQ(f.all<effects::publish_view>().back().routes, std::vector<topic_partition>{orders});
    EXPECT_EQ(f.move("/b"), errc::ok);
    EXPECT_TRUE(f.out.empty()) << "it lies there";
}

TEST(partition_moves, log_that_stays_is_opened_again_where_it_was) {
    fixture f;
    f.hand_over();
    f.handed_over();
    f.report(move_report::kind::ended, false, errc::storage_error);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    EXPECT_EQ(f.all<effects::open_partition>()[0].data_directory, "/a");
    f.opened(errc::storage_error);
    ASSERT_EQ(f.moves<effects::pass_on>().size(), 1u);
    EXPECT_FALSE(f.moves<effects::pass_on>()[0].is_open);
    EXPECT_FALSE(f.is_routed());
}

TEST(partition_moves, log_that_cannot_be_closed_is_not_moved) {
    fixture f;
    f.hand_over();
    f.handed_over(errc::disk_full);
    ASSERT_EQ(f.moves<effects::cancel_move>().size(), 1u);
    f.report(move_report::kind::ended);
    EXPECT_EQ(f.all<effects::open_partition>().size(), 1u);
    EXPECT_TRUE(f.set.left_unflushed("/a"));
}

TEST(partition_moves, log_that_fails_while_it_closes_is_not_served_before_a_restart) {
    for (const bool offline : {false, true}) {
        fixture f;
        f.hand_over();
        if (offline)
            f.set.on_partition_offline(orders, f.out);
        f.handed_over(offline ? errc::disk_full : errc::storage_error);
        ASSERT_EQ(f.moves<effects::cancel_move>().size(), 1u);
        f.report(move_report::kind::ended);
        EXPECT_TRUE(f.all<effects::open_partition>().empty())
            << "the commit journal may have what its files lack";
        ASSERT_EQ(f.moves<effects::pass_on>().size(), 1u);
        EXPECT_FALSE(f.moves<effects::pass_on>()[0].is_open);
        EXPECT_FALSE(f.is_routed());
        EXPECT_EQ(f.set.failed_count(), 1u);
        EXPECT_TRUE(f.set.left_unflushed("/a"));
        EXPECT_EQ(f.move("/b"), errc::storage_error);
    }
}

TEST(partition_moves, log_that_goes_offline_while_it_is_copied_ends_its_move) {
    fixture f;
    ASSERT_EQ(f.move("/b"), errc::ok);
    f.out.clear();
    f.set.on_partition_offline(orders, f.out);
    ASSERT_EQ(f.moves<effects::cancel_move>().size(), 1u);
    EXPECT_TRUE(f.moves<effects::cancel_move>()[0].keeps_future);
    EXPECT_FALSE(f.is_routed());
    EXPECT_EQ(f.set.failed_count(), 1u);
    f.report(move_report::kind::caught_up);
    EXPECT_TRUE(f.out.empty());
    f.report(move_report::kind::ended);
    EXPECT_TRUE(f.out.empty());
}

TEST(partition_moves, what_is_known_of_a_log_that_was_closed_at_the_last_stop_is_not_told_of_its_copy) {
    auto directories = three_directories();
    directories[0].partitions[0].closed = slice::copy_of(std::string_view("closed"));
    fixture f(directories);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    EXPECT_FALSE(f.all<effects::open_partition>()[0].closed.empty());
    f.hand_over();
    f.handed_over();
    f.report(move_report::kind::ended, true);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    EXPECT_TRUE(f.all<effects::open_partition>()[0].closed.empty());
    EXPECT_TRUE(f.all<effects::open_partition>()[0].was_closed_here);
    f.opened();
    f.out.clear();
    f.set.close_all(f.out);
    f.set.on_partition_closed({orders, errc::ok, "", slice::copy_of(std::string_view("moved"))}, f.out);
    EXPECT_TRUE(f.set.closed_in("/a").empty());
    EXPECT_EQ(f.set.closed_in("/b").size(), 1u);
}

TEST(partition_moves, moved_log_that_finds_no_room_is_tried_again_where_it_lies_now) {
    fixture f;
    f.hand_over();
    f.handed_over();
    f.report(move_report::kind::ended, true);
    f.opened(errc::disk_full);
    EXPECT_EQ(f.all<effects::reopen_later>().size(), 1u);
    EXPECT_FALSE(f.is_routed());
    f.out.clear();
    f.set.on_reopen_due(f.out);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    const auto again = f.all<effects::open_partition>()[0];
    EXPECT_EQ(again.data_directory, "/b");
    EXPECT_FALSE(again.create);
    EXPECT_TRUE(again.was_closed_here);
    EXPECT_EQ(again.checkpointed.log_start, log_offset(9));
    f.opened();
    EXPECT_TRUE(f.is_routed());
}

TEST(partition_moves, back_to_where_it_lies_cancels_and_elsewhere_begins_anew) {
    fixture f;
    ASSERT_EQ(f.move("/b"), errc::ok);
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.move("/b"), errc::ok);
    EXPECT_TRUE(f.out.empty()) << "it is on the way";
    EXPECT_EQ(f.move("/a"), errc::ok);
    EXPECT_EQ(f.moves<effects::cancel_move>().size(), 1u);
    f.report(move_report::kind::caught_up);
    EXPECT_TRUE(f.out.empty()) << "it is cancelled";
    EXPECT_EQ(f.move("/b"), errc::ok);
    EXPECT_TRUE(f.out.empty()) << "the first move has to end";
    f.report(move_report::kind::ended);
    EXPECT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.move("/a"), errc::ok);
    f.report(move_report::kind::ended);
    EXPECT_EQ(f.moves<effects::move_over>().size(), 1u);
    EXPECT_TRUE(f.moves<effects::begin_move>().empty());
}

TEST(partition_moves, orders_are_settled_when_no_crash_forgets_them) {
    fixture f;
    const wanted_move there{"orders", 0, "/b"}, back{"orders", 0, "/a"};
    EXPECT_TRUE(f.set.is_settled(back)) << "it lies there";
    EXPECT_TRUE(f.set.is_settled({"others", 0, "/b"}));
    ASSERT_EQ(f.move("/b"), errc::ok);
    EXPECT_TRUE(f.set.is_target(orders, there));
    EXPECT_FALSE(f.set.is_target(orders, back));
    EXPECT_FALSE(f.set.is_settled(there));
    ASSERT_EQ(f.move("/b"), errc::ok);
    EXPECT_FALSE(f.set.is_settled(there)) << "also one that is repeated waits for the beginning";
    f.report(move_report::kind::begun);
    EXPECT_TRUE(f.set.is_settled(there));
    ASSERT_EQ(f.move("/a"), errc::ok);
    EXPECT_FALSE(f.set.is_settled(back)) << "the next start would begin it again";
    EXPECT_FALSE(f.set.is_target(orders, there));
    ASSERT_EQ(f.move("/b"), errc::ok);
    f.report(move_report::kind::ended);
    EXPECT_FALSE(f.set.is_settled(there));
    EXPECT_TRUE(f.set.is_settled(back)) << "another one has taken its place";
    f.report(move_report::kind::begun);
    EXPECT_TRUE(f.set.is_settled(there));
    ASSERT_EQ(f.move("/a"), errc::ok);
    f.report(move_report::kind::ended);
    EXPECT_TRUE(f.set.is_settled(back));
}

TEST(partition_moves, asked_back_while_it_is_exchanged_it_comes_back) {
    fixture f;
    f.hand_over();
    EXPECT_EQ(f.move("/a"), errc::ok);
    EXPECT_TRUE(f.out.empty());
    f.handed_over();
    f.report(move_report::kind::ended, true);
    f.opened();
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::begin_move>()[0].source, "/b");
    EXPECT_EQ(f.moves<effects::begin_move>()[0].target, "/a");
}

TEST(partition_moves, asked_on_while_it_is_opened_again_it_moves_on) {
    fixture f;
    f.hand_over();
    f.handed_over();
    f.report(move_report::kind::ended, true);
    EXPECT_EQ(f.move("/b"), errc::ok);
    EXPECT_EQ(f.move("/a"), errc::ok);
    EXPECT_TRUE(f.out.empty());
    f.opened();
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::begin_move>()[0].target, "/a");
}

TEST(partition_moves, topic_deleted_while_copied_or_moved_leaves_nothing) {
    fixture copying;
    ASSERT_EQ(copying.move("/b"), errc::ok);
    copying.out.clear();
    copying.set.on_image(image(7, false), copying.out);
    EXPECT_EQ(copying.moves<effects::cancel_move>().size(), 1u);
    EXPECT_EQ(copying.all<effects::close_partition>().size(), 1u);
    copying.set.on_partition_closed({orders, errc::ok, ""}, copying.out);
    copying.report(move_report::kind::ended);
    EXPECT_EQ(copying.set.count(), 0u);

    for (const bool ended_first : {false, true}) {
        fixture f;
        f.hand_over();
        f.out.clear();
        f.set.on_image(image(7, false), f.out);
        EXPECT_TRUE(f.all<effects::close_partition>().empty());
        if (ended_first) {
            f.report(move_report::kind::ended);
            f.handed_over();
        } else {
            f.handed_over();
            f.report(move_report::kind::ended);
        }
        ASSERT_EQ(f.all<effects::remove_partition_files>().size(), 1u);
        EXPECT_EQ(f.all<effects::remove_partition_files>()[0].directory, "/a/orders-0");
        f.set.on_partition_closed({orders, errc::ok, ""}, f.out);
        EXPECT_EQ(f.set.count(), 0u);
        EXPECT_EQ(f.set.image()->applied, log_offset(7));
    }
}

TEST(partition_moves, stop_waits_for_the_end_of_a_move) {
    fixture f;
    f.hand_over();
    f.out.clear();
    f.set.close_all(f.out);
    ASSERT_EQ(f.moves<effects::cancel_move>().size(), 1u);
    EXPECT_TRUE(f.moves<effects::cancel_move>()[0].keeps_future);
    f.handed_over();
    EXPECT_FALSE(f.set.is_closed());
    f.report(move_report::kind::ended);
    EXPECT_TRUE(f.set.is_closed());
    EXPECT_TRUE(f.all<effects::open_partition>().empty());
}

TEST(partition_moves, interrupted_move_is_taken_up_and_useless_copies_go) {
    auto directories = three_directories();
    directories[1].futures.push_back({"orders-0", std::string(32, 'a'), orders_id()});
    directories[1].futures.push_back({"gone-0", std::string(32, 'b'), orders_id()});
    directories[0].futures.push_back({"orders-0", std::string(32, 'c'), orders_id()});
    fixture f(directories);
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::begin_move>()[0].target, "/b");
    EXPECT_EQ(f.moves<effects::begin_move>()[0].unique_id, std::string(32, 'a'));
    EXPECT_EQ(f.moves<effects::remove_left_over>().size(), 2u);
}

TEST(partition_moves, interrupted_move_of_a_partition_that_finds_no_room_is_taken_up_when_there_is_some) {
    auto directories = three_directories();
    directories[1].futures.push_back({"orders-0", std::string(32, 'a'), orders_id()});
    fixture f(directories, false);
    EXPECT_EQ(f.moves<effects::remove_left_over>().size(), 1u) << "no such topic";

    partition_set set({here, 2, log_offset(9), {}}, directories);
    f.out.clear();
    set.on_image(image(5), f.out);
    set.on_partition_opened({orders, errc::disk_full, "full", 0}, f.out);
    EXPECT_TRUE(f.moves<effects::begin_move>().empty());
    EXPECT_TRUE(f.moves<effects::remove_left_over>().empty());
    set.on_reopen_due(f.out);
    set.on_partition_opened({orders, errc::ok, "", 0}, f.out);
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::begin_move>()[0].unique_id, std::string(32, 'a'));
    EXPECT_TRUE(f.moves<effects::remove_left_over>().empty());
}

TEST(partition_moves, interrupted_move_that_another_has_followed_does_not_come_back) {
    auto directories = three_directories();
    directories[2].cordoned = false;
    directories.emplace_back().path = "/d";
    directories[3].offline = error{errc::storage_error, "gone"};
    for (const std::size_t target : {1u, 2u})
        directories[target].futures.push_back({"orders-0", std::string(32, 'a'), orders_id()});
    fixture f(directories);
    ASSERT_EQ(f.moves<effects::begin_move>().size(), 1u);
    EXPECT_EQ(f.moves<effects::begin_move>()[0].target, "/b");
    f.report(move_report::kind::ended);
    f.out.clear();
    f.set.on_image(image(7), f.out);
    EXPECT_TRUE(f.moves<effects::begin_move>().empty()) << "while a directory is offline as well";
    EXPECT_TRUE(f.moves<effects::remove_left_over>().empty());
}

TEST(partition_moves, log_whose_copy_is_not_to_be_seen_stays_unless_its_topic_is_deleted) {
    auto directories = three_directories();
    directories[0].partitions.clear();
    directories[0].discarded.push_back({"orders-0", std::string(32, 'a')});
    directories[0].discarded.push_back({"gone-0", std::string(32, 'b')});
    fixture f(directories, false);
    EXPECT_EQ(f.moves<effects::remove_left_over>().size(), 2u);
    f.out.clear();
    partition_set set({here, 2, log_offset(9), {}}, directories);
    const auto marks = mark_hits("last_log_kept");
    set.on_image(image(5), f.out);
    EXPECT_EQ(mark_hits("last_log_kept"), marks + 1);
    EXPECT_EQ(set.failed_count(), 1u) << "it was made here before";
    ASSERT_EQ(f.moves<effects::remove_left_over>().size(), 1u);
    EXPECT_EQ(f.moves<effects::remove_left_over>()[0].directory,
              "/a/gone-0." + std::string(32, 'b') + "-delete");
}

TEST(partition_moves, partition_that_is_made_later_goes_where_it_was_wanted) {
    fixture f(three_directories(), false);
    EXPECT_EQ(f.move("/b"), errc::unknown_topic_or_partition);
    auto directories = three_directories();
    directories[0].partitions.clear();
    fixture empty(directories, false);
    EXPECT_EQ(empty.move("/b"), errc::unknown_topic_or_partition);
    empty.out.clear();
    empty.set.on_image(image(9), empty.out);
    ASSERT_EQ(empty.all<effects::open_partition>().size(), 1u);
    EXPECT_EQ(empty.all<effects::open_partition>()[0].data_directory, "/b");
}

TEST(partition_moves, newest_wish_for_a_partition_counts_however_many_there_are) {
    auto directories = three_directories();
    directories[0].partitions.clear();
    fixture f(directories, false);
    EXPECT_EQ(f.move("/b"), errc::unknown_topic_or_partition);
    for (std::size_t i = 0; i < broker_limits::preferred_directories_max; ++i)
        f.move("/b", "t" + std::to_string(i));
    EXPECT_EQ(f.move("/a"), errc::unknown_topic_or_partition);
    f.out.clear();
    f.set.on_image(image(9), f.out);
    ASSERT_EQ(f.all<effects::open_partition>().size(), 1u);
    EXPECT_EQ(f.all<effects::open_partition>()[0].data_directory, "/a");
}

TEST(partition_moves, partition_that_an_earlier_life_made_without_saying_so_is_recorded_now) {
    partition_set set({here, 2, log_offset(0), {}}, three_directories());
    effects::effects out;
    set.on_image(image(5), out);
    set.on_partition_opened({orders, errc::ok, "", 0}, out);
    std::vector<log_offset> recorded;
    for (const auto& one : out)
        if (const auto* effect = std::get_if<effects::record_created>(&one))
            recorded.push_back(effect->upto);
    EXPECT_EQ(recorded, std::vector<log_offset>{log_offset(5)})
        << "or it would be made anew, empty, when its directory is away";
}

TEST(partition_moves, both_places_are_described) {
    fixture f;
    ASSERT_EQ(f.move("/b"), errc::ok);
    ASSERT_EQ(f.set.describe("/a", {}).size(), 1u);
    EXPECT_FALSE(f.set.describe("/a", {})[0].is_future);
    ASSERT_EQ(f.set.describe("/b", {}).size(), 1u);
    EXPECT_TRUE(f.set.describe("/b", {})[0].is_future);
}

} // namespace barnabas::partition_moves_test
