#include "protocol/model/mark.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

/// What was made is recorded before it is shown, also when something finds no room; and whose names are free.
namespace barnabas::partition_recording_test {

/// Two partitions made by different records: the first finds no room, the second is made.
struct one_without_room {
    one_without_room() {
        auto options = usual;
        options.created_upto = log_offset(2);
        set.emplace(options, directories_with());
        auto wanted = changed(image_of(9, {{"t", 1, 2}}));
        wanted->topics["t"].partitions[0].created_at = log_offset(7);
        wanted->topics["t"].partitions[1].created_at = log_offset(8);
        image = wanted;
        apply(*set, image);
        opened(*set, place(1, 0), errc::disk_full);
        opened(*set, place(1, 1));
    }
    effects::effects reopen() {
        effects::effects out;
        set->on_reopen_due(out);
        EXPECT_EQ(all<effects::open_partition>(out).size(), 1u);
        out.clear();
        set->on_partition_opened({place(1, 0), errc::ok, "", 0}, out);
        return out;
    }
    std::optional<partition_set> set;
    metadata_image_ptr image;
};

TEST(partition_set, partition_that_is_opened_again_is_recorded_with_those_it_held_back_before_it_is_shown) {
    one_without_room host;
    auto out = host.reopen();
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(9));
    EXPECT_TRUE(all<effects::publish_view>(out).empty());
    out.clear();
    // Nobody else shows it meanwhile.
    host.set->on_directory_failed("/b", {errc::storage_error, "gone"}, out);
    for (const auto& view : all<effects::publish_view>(out))
        EXPECT_EQ(std::count(view.routes.begin(), view.routes.end(), place(1, 0)), 0);
    out.clear();
    host.set->on_created_recorded({}, out);
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes, std::vector{place(1, 0)});
    EXPECT_TRUE(all<effects::confirm_applied>(out).empty()) << "no new image";
}

TEST(partition_set, image_in_progress_records_what_is_opened_again_meanwhile) {
    one_without_room host;
    auto next = changed(host.image);
    next->applied = log_offset(12);
    auto more = image_of(12, {{"u", 2}});
    next->topics["u"] = more->topics.at("u");
    next->topic_names[id_of(2)] = "u";
    effects::effects out;
    host.set->on_image(metadata_image_ptr(next), out);
    out = host.reopen();
    EXPECT_TRUE(out.empty());
    host.set->on_partition_opened({place(2, 0), errc::ok, "", 0}, out);
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(12));
    out.clear();
    host.set->on_created_recorded({}, out);
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].routes.size(), 3u);
    EXPECT_EQ(all<effects::confirm_applied>(out).size(), 1u);
}

TEST(partition_set, recording_under_way_is_followed_by_one_of_what_was_opened_again) {
    one_without_room host;
    auto next = changed(host.image);
    next->applied = log_offset(12);
    next->topics["t"].partitions[0].created_at = log_offset(7);
    auto more = image_of(12, {{"u", 2}});
    next->topics["u"] = more->topics.at("u");
    next->topic_names[id_of(2)] = "u";
    effects::effects out;
    // Its recording stops before the one without room, so nothing is left to record yet.
    host.set->on_image(metadata_image_ptr(next), out);
    host.set->on_partition_opened({place(2, 0), errc::ok, "", 0}, out);
    EXPECT_TRUE(all<effects::record_created>(out).empty());
    EXPECT_EQ(all<effects::confirm_applied>(out).size(), 1u);
    out = host.reopen();
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(12));
}

TEST(partition_set, recording_that_fails_is_tried_again_before_anything_is_shown) {
    partition_set set(usual, directories_with());
    effects::effects out;
    set.on_image(image_of(5, {{"t", 1}}), out);
    set.on_partition_opened({place(1, 0), errc::ok, "", 0}, out);
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    out.clear();
    set.on_created_recorded(error{errc::disk_full, "no room"}, out);
    EXPECT_EQ(notes(out), std::vector<std::string>{"created_partitions_not_recorded"});
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    EXPECT_TRUE(all<effects::publish_view>(out).empty());
    out.clear();
    set.on_reopen_due(out);
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    out.clear();
    set.on_created_recorded({}, out);
    EXPECT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::confirm_applied>(out).size(), 1u);
}

TEST(partition_set, stop_does_not_wait_for_a_recording_that_finds_no_room) {
    partition_set set(usual, directories_with());
    effects::effects out;
    set.on_image(image_of(5, {{"t", 1}}), out);
    set.on_partition_opened({place(1, 0), errc::ok, "", 0}, out);
    set.on_created_recorded(error{errc::disk_full, "no room"}, out);
    set.close_all(out);
    set.on_partition_closed({place(1, 0), errc::ok, ""}, out);
    EXPECT_TRUE(set.is_closed());
    set.on_reopen_due(out);
    EXPECT_TRUE(set.is_closed());
}

TEST(partition_set, partition_added_to_a_topic_waits_for_room_until_it_is_shown) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    opened(set, place(1, 0));
    effects::effects out;
    set.on_image(image_of(6, {{"t", 1, 3}}), out);
    set.on_partition_opened({place(1, 1), errc::disk_full, "", 0}, out);
    out.clear();
    set.on_reopen_due(out);
    EXPECT_TRUE(all<effects::open_partition>(out).empty()) << "the image with it is not published yet";
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    opened(set, place(1, 2));
    out.clear();
    set.on_reopen_due(out);
    EXPECT_EQ(all<effects::open_partition>(out).size(), 1u);
}

TEST(partition_set, what_a_failed_removal_left_is_set_aside_before_the_name_is_used_again) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    opened(set, place(1, 0));
    auto out = apply(set, image_of(7, {{"t", 2}}));
    out.clear();
    set.on_partition_closed({place(1, 0), errc::too_many_open_files, ""}, out);
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    const auto aside = all<effects::set_aside_directories>(out);
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(aside[0].renames[0].first, "/a/t-0");
    EXPECT_EQ(aside[0].renames[0].second, "/a/t-0.fragment-stray");
}

TEST(partition_set, name_of_what_is_set_aside_is_no_longer_than_names_may_be) {
    const auto id = to_string(id_of(8));
    EXPECT_EQ(stray_directory_name("t-0", id), "t-0." + id + "-stray");
    const std::string topic(249, 't');
    const auto name = stray_directory_name(topic + "-12", id);
    EXPECT_EQ(name.size(), 255u);
    EXPECT_TRUE(name.ends_with("t-12." + id + "-stray"));
    const auto next = next_stray_directory_name(name);
    EXPECT_EQ(next.size(), 255u);
    EXPECT_TRUE(next.ends_with("t-12." + id + "+2-stray"));
    EXPECT_EQ(next_stray_directory_name("t-0.fragment-stray"), "t-0.fragment+2-stray");
    EXPECT_EQ(next_stray_directory_name("t-0.fragment+9-stray"), "t-0.fragment+10-stray");
    EXPECT_FALSE(parse_partition_directory(next).has_value());
}

/// Else what comes behind it could not be remembered as made, and would be made anew, empty, if the next
/// start missed its directory.
TEST(partition_set, what_cannot_be_made_where_a_directory_fails_is_made_in_another_one) {
    partition_set set(usual, directories_with());
    const auto directories_of = [](const effects::effects& out) {
        std::vector<std::string> found;
        for (const auto& one : all<effects::open_partition>(out))
            found.push_back(one.data_directory);
        return found;
    };
    const auto image = image_of(5, {{"t", 1, 3}});
    EXPECT_EQ(directories_of(apply(set, image)), (std::vector<std::string>{"/a", "/b", "/a"}));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "I/O error"}, out);
    const auto hits = mark_hits("partition_made_elsewhere");
    out = opened(set, place(1, 0), errc::storage_error);
    EXPECT_EQ(mark_hits("partition_made_elsewhere"), hits + 1);
    EXPECT_EQ(notes(out).front(), "partition_made_elsewhere");
    EXPECT_EQ(directories_of(out), std::vector<std::string>{"/b"});
    EXPECT_TRUE(all<effects::open_partition>(out)[0].create);
    opened(set, place(1, 1));
    EXPECT_TRUE(all<effects::publish_view>(opened(set, place(1, 0))).empty()) << "one is on its way";
    EXPECT_EQ(directories_of(opened(set, place(1, 2), errc::storage_error)), std::vector<std::string>{"/b"});
    out.clear();
    set.on_partition_opened({place(1, 2), errc::ok, "", 0}, out);
    ASSERT_EQ(all<effects::record_created>(out).size(), 1u);
    EXPECT_EQ(all<effects::record_created>(out)[0].upto, log_offset(5)) << "all of them";
    out = recorded(set, std::move(out));
    EXPECT_EQ(all<effects::publish_view>(out).at(0).routes.size(), 3u);
    EXPECT_EQ(set.failed_count(), 0u);
    EXPECT_TRUE(set.left_unflushed("/a"));
}

TEST(partition_set, cordoned_directory_takes_what_can_be_made_nowhere_else) {
    auto directories = directories_with();
    directories[1].cordoned = true;
    partition_set set(usual, directories);
    apply(set, image_of(5, {{"t", 1}}));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "I/O error"}, out);
    const auto again = all<effects::open_partition>(opened(set, place(1, 0), errc::storage_error));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].data_directory, "/b");
}

TEST(partition_set, what_can_be_made_nowhere_is_offline) {
    auto directories = directories_with();
    directories[1].cordoned = true;
    partition_set set(usual, directories);
    apply(set, image_of(5, {{"t", 1, 2}}));
    opened(set, place(1, 1));
    effects::effects out;
    for (const auto* path : {"/b", "/a"})
        set.on_directory_failed(path, {errc::storage_error, "I/O error"}, out);
    out = opened(set, place(1, 0), errc::storage_error);
    EXPECT_EQ(notes(out), (std::vector<std::string>{"partition_made_elsewhere", "partition_not_placed"}));
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(all<effects::publish_view>(out)[0].offline, (std::vector{place(1, 0), place(1, 1)}));
}

/// Else it would pass, empty, for the other one, which was written to, when that one's directory fails and
/// this one is back. What comes behind it is not remembered, so that it is not made anew either while one of
/// the directories is away.
TEST(partition_set, what_may_be_found_where_a_directory_failed_is_not_made_in_another_one) {
    partition_set set(usual, directories_with());
    auto image = changed(image_of(5, {{"t", 1}}));
    image->topics["t"].partitions[0].created_at = log_offset(3);
    apply(set, metadata_image_ptr(image));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "I/O error"}, out);
    out.clear();
    set.on_partition_opened({place(1, 0), errc::storage_error, "I/O error", 0, true}, out);
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    EXPECT_EQ(notes(out), std::vector<std::string>{"partition_not_opened"});
    EXPECT_EQ(all<effects::record_created>(out).at(0).upto, log_offset(3));
    out = recorded(set, std::move(out));
    EXPECT_EQ(all<effects::publish_view>(out).at(0).offline, std::vector{place(1, 0)});
}

/// It may be made yet.
TEST(partition_set, what_is_made_where_a_directory_hangs_is_not_made_twice) {
    partition_set set(usual, directories_with());
    apply(set, image_of(5, {{"t", 1}}));
    effects::effects out;
    set.on_directory_failed("/a", {errc::storage_error, "it hangs"}, out);
    set.give_up("/a");
    set.settle_given_up(out);
    out = recorded(set, std::move(out));
    EXPECT_TRUE(all<effects::open_partition>(out).empty());
    EXPECT_EQ(all<effects::publish_view>(out).at(0).offline, std::vector{place(1, 0)});
}

} // namespace barnabas::partition_recording_test
