#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace barnabas::partition_set_test {

TEST(partition_set, image_without_partitions_is_published_and_confirmed_at_once) {
    partition_set set(usual, directories_with());
    const auto out = apply(set, image_of(2, {}));
    ASSERT_EQ(out.size(), 2u);
    EXPECT_EQ(std::get<effects::publish_view>(out[0]).image->applied, log_offset(2));
    EXPECT_EQ(std::get<effects::confirm_applied>(out[1]).applied, log_offset(2));
    EXPECT_TRUE(set.is_serving());
}

TEST(partition_set, image_is_published_when_the_last_partition_is_open) {
    partition_set set(usual, directories_with());
    auto out = apply(set, image_of(5, {{"t", 1, 2}}));
    EXPECT_EQ(all<effects::open_partition>(out).size(), 2u);
    EXPECT_TRUE(all<effects::publish_view>(out).empty());
    EXPECT_TRUE(all<effects::publish_view>(opened(set, place(1, 0))).empty());
    out = opened(set, place(1, 1));
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, (std::vector{place(1, 0), place(1, 1)}));
    EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(5));
}

TEST(partition_set, new_partitions_go_where_fewest_are) {
    partition_set set(usual, directories_with({stored("old", 0, id_of(9)), stored("old", 1, id_of(9))}));
    const auto out = apply(set, image_of(5, {{"t", 1, 4}}));
    std::vector<std::string> places;
    for (const auto& one : all<effects::open_partition>(out)) {
        EXPECT_TRUE(one.create);
        places.push_back(one.data_directory);
    }
    EXPECT_EQ(places, (std::vector<std::string>{"/b", "/b", "/a", "/b"}));
}

TEST(partition_set, stored_partition_is_opened_where_it_is) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    const auto out = apply(set, image_of(5, {{"t", 1}}));
    const auto opening = all<effects::open_partition>(out);
    ASSERT_EQ(opening.size(), 1u);
    EXPECT_FALSE(opening[0].create);
    EXPECT_EQ(opening[0].data_directory, "/a");
}

TEST(partition_set, directory_that_names_another_topic_stays_where_one_that_was_made_is_missing) {
    auto options = usual;
    options.created_upto = log_offset(1'000);
    partition_set set(options, directories_with({stored("t", 0, id_of(8))}));
    const auto out = apply(set, image_of(5, {{"t", 1}}));
    EXPECT_TRUE(all<effects::set_aside_directories>(out).empty());
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    std::vector<std::string> notes;
    for (const auto& note : all<effects::note>(out))
        notes.push_back(note.event);
    EXPECT_EQ(notes, (std::vector<std::string>{"partition_directory_misnamed", "partition_not_found"}));
}

TEST(partition_set, directory_of_an_earlier_topic_with_the_name_is_moved_aside_first) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(8)), stored("u", 0, std::nullopt)}));
    auto out = apply(set, image_of(5, {{"t", 1}, {"u", 2}}));
    const auto aside = all<effects::set_aside_directories>(out);
    ASSERT_EQ(aside.size(), 1u);
    ASSERT_EQ(aside[0].renames.size(), 2u);
    EXPECT_EQ(aside[0].renames[0].first, "/a/t-0");
    EXPECT_EQ(aside[0].renames[0].second, "/a/t-0." + to_string(id_of(8)) + "-stray");
    EXPECT_EQ(aside[0].renames[1].second, "/a/u-0.fragment-stray");
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    out.clear();
    set.on_directories_set_aside({}, out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 2u);
    EXPECT_TRUE(all<effects::open_partition>(out)[0].create);
}

TEST(partition_set, unknown_directory_is_left_alone_and_noted_once) {
    partition_set set(usual, directories_with({stored("other", 0, id_of(8))}));
    EXPECT_EQ(notes(apply(set, image_of(1, {}))), (std::vector<std::string>{"partition_directory_unknown"}));
    EXPECT_TRUE(notes(apply(set, image_of(2, {}))).empty());
}

TEST(partition_set, partition_that_does_not_open_has_no_route_and_holds_nobody_up) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1)), stored("t", 1, id_of(1))}));
    apply(set, image_of(5, {{"t", 1, 2}}));
    EXPECT_EQ(notes(opened(set, place(1, 0), errc::corrupt_message)),
              (std::vector<std::string>{"partition_not_opened"}));
    const auto out = opened(set, place(1, 1));
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, std::vector{place(1, 1)});
    EXPECT_EQ(set.failed_count(), 1u);
}

TEST(partition_set, removed_topic_loses_its_route_before_its_files) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}, {"u", 2}}));
    opened(set, place(1, 0));
    opened(set, place(2, 0));
    auto out = apply(set, image_of(6, {{"u", 2}}));
    ASSERT_EQ(out.size(), 2u);
    const auto& view = std::get<effects::publish_view>(out[0]);
    EXPECT_EQ(view.routes, std::vector{place(2, 0)});
    EXPECT_EQ(view.image->find_topic("t"), nullptr);
    EXPECT_EQ(view.image->applied, log_offset(5));
    EXPECT_TRUE(std::get<effects::close_partition>(out[1]).remove_files);
    out.clear();
    set.on_partition_closed({place(1, 0), errc::ok, ""}, out);
    EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(6));
    EXPECT_EQ(set.count(), 1u);
}

TEST(partition_set, removed_topic_that_never_opened_has_its_files_removed) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    apply(set, image_of(5, {{"t", 1}}));
    opened(set, place(1, 0), errc::corrupt_message);
    const auto out = apply(set, image_of(6, {}));
    ASSERT_EQ(all<effects::remove_partition_files>(out).size(), 1u);
    EXPECT_EQ(all<effects::remove_partition_files>(out)[0].directory, "/a/t-0");
}

TEST(partition_set, topic_of_the_same_name_waits_until_the_old_files_are_gone) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    opened(set, place(1, 0));
    auto out = apply(set, image_of(7, {{"t", 2}}));
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    out.clear();
    set.on_partition_closed({place(1, 0), errc::ok, ""}, out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_EQ(all<effects::open_partition>(out)[0].id, place(2, 0));
}

TEST(partition_set, images_that_arrive_meanwhile_are_carried_out_as_one) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    EXPECT_TRUE(apply(set, image_of(6, {{"t", 1}, {"u", 2}})).empty());
    EXPECT_TRUE(apply(set, image_of(7, {{"t", 1}, {"u", 2}, {"v", 3}})).empty());
    auto out = opened(set, place(1, 0));
    EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(5));
    EXPECT_EQ(all<effects::open_partition>(out).size(), 2u);
    opened(set, place(2, 0));
    out = opened(set, place(3, 0));
    EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(7));
}

TEST(partition_set, partition_that_does_not_open_is_told_with_what_to_do) {
    for (const auto code : {errc::storage_error, errc::access_denied, errc::not_found, errc::internal}) {
        partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
        apply(set, image_of(5, {{"t", 1}}));
        const auto told = all<effects::note>(opened(set, place(1, 0), code));
        ASSERT_EQ(told.size(), 1u);
        EXPECT_NE(told[0].message.find("partition 0 of topic 't'"), std::string::npos) << told[0].message;
        EXPECT_NE(told[0].message.find("/a"), std::string::npos) << told[0].message;
        EXPECT_NE(told[0].message.find("start again"), std::string::npos) << told[0].message;
    }
}

TEST(partition_set, close_all_waits_for_those_that_are_opening) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1, 2}}));
    opened(set, place(1, 0));
    effects::effects out;
    set.close_all(out);
    EXPECT_EQ(all<effects::close_partition>(out).size(), 1u);
    EXPECT_EQ(all<effects::close_partition>(opened(set, place(1, 1))).size(), 1u);
    EXPECT_FALSE(set.is_closed());
    set.on_partition_closed({place(1, 0), errc::ok, ""}, out);
    set.on_partition_closed({place(1, 1), errc::ok, ""}, out);
    EXPECT_TRUE(set.is_closed());
}

TEST(partition_set, tells_of_partitions_whose_files_nobody_vouches_for) {
    partition_set not_opened(usual, directories_with());
    apply(not_opened, image_of(5, {{"t", 1, 1}}));
    EXPECT_FALSE(not_opened.left_unflushed());
    opened(not_opened, place(1, 0), errc::storage_error);
    EXPECT_TRUE(not_opened.left_unflushed());

    partition_set not_flushed(usual, directories_with());
    apply(not_flushed, image_of(5, {{"t", 1, 1}}));
    opened(not_flushed, place(1, 0));
    effects::effects out;
    not_flushed.close_all(out);
    EXPECT_FALSE(not_flushed.left_unflushed());
    not_flushed.on_partition_closed({place(1, 0), errc::storage_error, "a sync failed"}, out);
    EXPECT_TRUE(not_flushed.left_unflushed());
    EXPECT_TRUE(not_flushed.is_closed());
}

// ---- directories that fail (card STO-09) and the memory of what was made

TEST(partition_set, partitions_of_a_failed_directory_lose_their_routes_and_the_others_keep_theirs) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1, 2}}));
    opened(set, place(1, 0));
    opened(set, place(1, 1));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "I/O error"}, out);
    ASSERT_EQ(all<effects::lose_directory>(out).size(), 1u);
    EXPECT_EQ(all<effects::lose_directory>(out)[0].id, place(1, 0));
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, std::vector{place(1, 1)});
    EXPECT_EQ(all<effects::publish_view>(out)[0].offline, std::vector{place(1, 0)});
    EXPECT_EQ(set.failed_count(), 1u);
    // New partitions go elsewhere, though it has more.
    for (const auto& one : all<effects::open_partition>(apply(set, image_of(6, {{"t", 1, 2}, {"u", 2, 2}}))))
        EXPECT_EQ(one.data_directory, "/b");
}

TEST(partition_set, partition_that_opens_on_a_directory_that_failed_meanwhile_is_offline) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    apply(set, image_of(5, {{"t", 1}}));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "I/O error"}, out);
    out = opened(set, place(1, 0));
    EXPECT_EQ(all<effects::lose_directory>(out).size(), 1u);
    EXPECT_TRUE(all<effects::publish_view>(out).back().routes.empty());
    out.clear();
    set.close_all(out);
    EXPECT_EQ(all<effects::close_partition>(out).size(), 1u);
}

TEST(partition_set, partition_made_before_is_not_made_anew_when_nothing_holds_it) {
    auto options = usual;
    options.created_upto = log_offset(4);
    auto directories = directories_with();
    directories[0].offline = error{errc::read_only, "/a is read-only"};
    partition_set set(options, directories);
    auto before = changed(image_of(8, {{"old", 1}}));
    before->topics["old"].partitions[0].created_at = log_offset(3);
    auto out = apply(set, metadata_image_ptr(before));
    EXPECT_EQ(notes(out), std::vector<std::string>{"partition_not_found"});
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    auto image = changed(image_of(9, {{"old", 1}, {"new", 2}}));
    image->topics["old"].partitions[0].created_at = log_offset(3);
    image->topics["new"].partitions[0].created_at = log_offset(8);
    out = apply(set, metadata_image_ptr(image));
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_EQ(all<effects::open_partition>(out)[0].topic, "new");
    EXPECT_EQ(all<effects::open_partition>(out)[0].data_directory, "/b");
    out = opened(set, place(2, 0));
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(9));
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, std::vector{place(2, 0)});
    EXPECT_EQ(all<effects::publish_view>(out)[0].offline, std::vector{place(1, 0)});
    EXPECT_EQ(set.failed_count(), 1u);
    // Its topic can be deleted nevertheless.
    out = apply(set, image_of(10, {{"new", 2}}));
    EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(10));
    EXPECT_EQ(set.count(), 1u);
}

TEST(partition_set, what_may_lie_half_made_in_a_directory_that_is_away_is_made_when_that_is_back) {
    auto options = usual;
    options.created_upto = log_offset(4);
    for (const bool away : {true, false}) {
        auto directories = directories_with();
        if (away)
            directories[0].offline = error{errc::storage_error, "gone"};
        partition_set set(options, directories);
        auto image = changed(image_of(9, {{"interrupted", 1}}));
        image->topics["interrupted"].partitions[0].created_at = log_offset(7);
        auto out = apply(set, metadata_image_ptr(image));
        EXPECT_EQ(notes(out).front(), away ? "partition_not_found" : "partition_directory_missing");
        EXPECT_EQ(all<effects::open_partition>(out).size(), away ? 0u : 1u);
        if (!away)
            continue;
        EXPECT_EQ(set.failed_count(), 1u);
        ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
        EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(7)) << "it is not taken for made";
    }
}

TEST(partition_set, without_a_memory_of_what_was_made_a_directory_that_is_missing_or_empty_forbids_making) {
    for (const bool offline : {true, false}) {
        auto directories = directories_with();
        if (offline)
            directories[1].offline = error{errc::storage_error, "gone"};
        else
            directories[1].formatted = true;
        partition_set set(usual, directories);
        EXPECT_TRUE(all<effects::open_partition>(apply(set, image_of(5, {{"t", 1}}))).empty());
        EXPECT_EQ(set.failed_count(), 1u);
    }
}

TEST(partition_set, what_was_made_is_recorded_before_it_is_shown) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    effects::effects out;
    set.on_partition_opened({place(1, 0), errc::ok, "", 0}, out);
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_TRUE(all<effects::publish_view>(out).empty());
    out.clear();
    set.on_created_recorded({}, out);
    EXPECT_EQ(all<effects::publish_view>(out).size(), 1u);
    // Nothing new, nothing to record.
    EXPECT_TRUE(all<effects::record_created>(apply(set, image_of(6, {{"t", 1}}))).empty());
}

TEST(partition_set, partition_whose_making_failed_is_not_taken_for_made) {
    auto options = usual;
    options.created_upto = log_offset(2);
    partition_set set(options, directories_with());
    auto image = changed(image_of(9, {{"t", 1, 2}}));
    image->topics["t"].partitions[0].created_at = log_offset(7);
    image->topics["t"].partitions[1].created_at = log_offset(8);
    apply(set, metadata_image_ptr(image));
    opened(set, place(1, 0), errc::storage_error);
    const auto out = opened(set, place(1, 1));
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(7));
}

TEST(partition_set, of_two_directories_with_one_name_that_of_the_topic_is_opened) {
    auto directories = directories_with({stored("t", 0, id_of(8))});
    directories[1].partitions = {stored("t", 0, id_of(1))};
    partition_set set(usual, directories);
    auto out = apply(set, image_of(5, {{"t", 1}}));
    ASSERT_EQ(all<effects::set_aside_directories>(out).size(), 1u);
    out.clear();
    set.on_directories_set_aside({}, out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_EQ(all<effects::open_partition>(out)[0].data_directory, "/b");
    EXPECT_FALSE(all<effects::open_partition>(out)[0].create);
}

TEST(partition_set, of_two_directories_of_a_partition_that_with_records_is_opened) {
    for (const bool crashed : {true, false}) {
        auto directories = directories_with({stored("t", 0, id_of(1))});
        directories[1].partitions = {stored("t", 0, id_of(1))};
        if (crashed)
            directories[1].partitions[0].bytes_to_check = 100;
        else
            directories[1].partitions[0].checkpointed.recovery_point = log_offset(7);
        partition_set set(usual, directories);
        auto out = apply(set, image_of(5, {{"t", 1}}));
        ASSERT_EQ(all<effects::set_aside_directories>(out).size(), 1u);
        const auto renames = all<effects::set_aside_directories>(out)[0].renames;
        ASSERT_EQ(renames.size(), 1u);
        EXPECT_EQ(renames[0].first, "/a/t-0");
        out.clear();
        set.on_directories_set_aside({}, out);
        ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
        EXPECT_EQ(all<effects::open_partition>(out)[0].data_directory, "/b");
        EXPECT_FALSE(all<effects::open_partition>(out)[0].create);
    }
}

TEST(partition_set, a_directory_without_room_takes_new_partitions_only_if_all_are_like_that) {
    partition_set set(usual, directories_with());
    set.set_short_of_room("/a", true);
    for (const auto& one : all<effects::open_partition>(apply(set, image_of(5, {{"t", 1, 3}}))))
        EXPECT_EQ(one.data_directory, "/b");
    partition_set full(usual, directories_with({stored("old", 0, id_of(9))}));
    for (const auto* path : {"/a", "/b"})
        full.set_short_of_room(path, true);
    const auto opened = all<effects::open_partition>(apply(full, image_of(5, {{"t", 1}})));
    ASSERT_EQ(opened.size(), 1u);
    EXPECT_EQ(opened[0].data_directory, "/b") << "where the fewest are";
}

TEST(partition_set, cordoned_directory_takes_no_new_partitions) {
    auto directories = directories_with();
    directories[0].cordoned = true;
    partition_set set(usual, directories);
    for (const auto& one : all<effects::open_partition>(apply(set, image_of(5, {{"t", 1, 3}}))))
        EXPECT_EQ(one.data_directory, "/b");
    directories[1].cordoned = true;
    partition_set none(usual, directories);
    EXPECT_EQ(all<effects::open_partition>(apply(none, image_of(5, {{"t", 1}}))).size(), 1u)
        << "the controller took it before the last directory was cordoned";
}

TEST(partition_set, a_large_log_says_how_far_it_is_while_nothing_else_happens) {
    constexpr std::uint64_t large = 100ull << 30;
    std::vector<stored_partition> found{stored("t", 0, id_of(1))};
    found.back().bytes_to_check = large;
    partition_set set(usual, directories_with(found));
    auto out = apply(set, image_of(5, {{"t", 1}}));
    const auto opening = all<effects::open_partition>(out);
    ASSERT_EQ(opening.size(), 1u);
    EXPECT_EQ(opening[0].progress.amount, large);
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    std::vector<std::string> lines;
    for (int second = 1; second <= 40; ++second) {
        // It stands still for a while.
        if (second <= 20)
            opening[0].progress.meter->advance(1 << 30);
        out.clear();
        set.on_reopen_due(out);
        EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
        for (const auto& note : all<effects::note>(out))
            lines.push_back(std::string(note.event) + ": " + note.message);
    }
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "partitions_opening: 0 of 1 partitions are open; 10737418240 of 107374182400 bytes "
                         "are checked",
                         "partitions_opening: 0 of 1 partitions are open; 21474836480 of 107374182400 bytes "
                         "are checked"}));
    opened(set, place(1, 0));
    out.clear();
    set.on_reopen_due(out);
    EXPECT_TRUE(out.empty()) << "it is open";
}

TEST(partition_set, a_small_start_needs_no_ticks) {
    std::vector<stored_partition> found{stored("t", 0, id_of(1))};
    found.back().bytes_to_check = 1000;
    partition_set set(usual, directories_with(found));
    EXPECT_TRUE(all<effects::reopen_later>(apply(set, image_of(5, {{"t", 1}}))).empty());
}

TEST(partition_set, so_many_logs_of_a_directory_as_allowed_are_recovered_at_once) {
    std::vector<stored_partition> found;
    for (std::int32_t i = 0; i < 5; ++i) {
        found.push_back(stored("t", i, id_of(1)));
        found.back().bytes_to_check = 100;
    }
    partition_set set(usual, directories_with(found));
    EXPECT_EQ(all<effects::open_partition>(apply(set, image_of(5, {{"t", 1, 5}}))).size(), 2u);
    EXPECT_EQ(set.opening_count(), 5u);
    EXPECT_EQ(set.checked()->now(), (runtime::work_meter::reading{0, 500}));
    for (std::int32_t i = 0; i < 3; ++i)
        EXPECT_EQ(all<effects::open_partition>(opened(set, place(1, i))).size(), 1u);
    // A stop does not wait for those that were never begun.
    effects::effects out;
    set.close_all(out);
    opened(set, place(1, 3));
    opened(set, place(1, 4));
    for (std::int32_t i = 0; i < 5; ++i)
        set.on_partition_closed({place(1, i), errc::ok, ""}, out);
    EXPECT_TRUE(set.is_closed());
}

TEST(partition_set, partition_that_finds_no_room_is_opened_again_until_it_does) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    auto out = opened(set, place(1, 0), errc::disk_full);
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    EXPECT_TRUE(all<effects::publish_view>(out)[0].routes.empty());
    EXPECT_EQ(all<effects::publish_view>(out)[0].offline, std::vector{place(1, 0)});
    out.clear();
    set.on_reopen_due(out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_TRUE(all<effects::open_partition>(out)[0].create);
    EXPECT_EQ(all<effects::reopen_later>(opened(set, place(1, 0), errc::disk_full)).size(), 1u);
    out.clear();
    set.on_reopen_due(out);
    out = opened(set, place(1, 0));
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, std::vector{place(1, 0)});
    EXPECT_TRUE(all<effects::publish_view>(out)[0].offline.empty());
    EXPECT_EQ(set.failed_count(), 0u);
}

TEST(partition_set, partition_that_is_opened_again_hears_of_its_checkpoints_again) {
    auto kept = stored("t", 0, id_of(1));
    kept.checkpointed.log_start = log_offset(7);
    partition_set set(usual, directories_with({kept}));
    apply(set, image_of(5, {{"t", 1}}));
    opened(set, place(1, 0), errc::disk_full);
    effects::effects out;
    set.on_reopen_due(out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_FALSE(all<effects::open_partition>(out)[0].create);
    EXPECT_EQ(all<effects::open_partition>(out)[0].checkpointed.log_start, log_offset(7));
}

TEST(partition_set, topic_deleted_while_its_partition_is_opened_again_goes_whole) {
    for (const auto code : {errc::ok, errc::disk_full}) {
        partition_set set(usual, directories_with());
        apply(set, image_of(5, {{"t", 1}}));
        opened(set, place(1, 0), errc::disk_full);
        effects::effects out;
        set.on_reopen_due(out);
        out = apply(set, image_of(6, {}));
        EXPECT_EQ(all<effects::close_partition>(out).size(), 1u);
        out = opened(set, place(1, 0), code);
        EXPECT_EQ(all<effects::remove_partition_files>(out).size(), code == errc::ok ? 0u : 1u);
        out.clear();
        set.on_partition_closed({place(1, 0), errc::ok, ""}, out);
        EXPECT_EQ(all<effects::confirm_applied>(out)[0].applied, log_offset(6));
        EXPECT_EQ(set.count(), 0u);
    }
}

} // namespace barnabas::partition_set_test
