#include "actors/broker/broker.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

/// Data directories that held nothing at start, where a disk may not be mounted.
namespace barnabas::blank_directories_test {

namespace {

/// A partition of "old" was made here and is missing; /a has another one, /b held nothing.
struct blank_beside_used_one {
    blank_beside_used_one() {
        auto options = usual;
        options.created_upto = log_offset(6);
        auto directories = directories_with({stored("old", 0, id_of(1))});
        directories[1].formatted = true;
        set.emplace(options, directories);
        apply(*set, image_with(false));
        opened(*set, place(1, 0));
    }
    static metadata_image_ptr image_with(bool new_ones, bool old = true) {
        auto image = changed(image_of(new_ones ? 9 : 6, {}));
        if (old)
            *image = *image_of(6, {{"old", 1, 2}});
        if (new_ones) {
            const auto added = image_of(9, {{"new", 2, 2}});
            image->applied = added->applied;
            image->topics.insert(added->topics.begin(), added->topics.end());
            image->topic_names.insert(added->topic_names.begin(), added->topic_names.end());
        }
        return image;
    }
    std::vector<std::string> places(const metadata_image_ptr& image) {
        effects::effects out = apply(*set, image);
        std::vector<std::string> directories;
        for (const auto& one : all<effects::open_partition>(out))
            directories.push_back(one.data_directory);
        return directories;
    }
    std::optional<partition_set> set;
};

std::vector<std::string> notes_of_start(bool blank, bool other_is_used) {
    broker machine(broker_options{node_id(1), 2, {}});
    effects::effects out;
    machine.on_boot(out);
    opened_directories found;
    found.cluster_id = "cluster";
    found.directories = directories_with();
    found.directories[0].formatted = !other_is_used;
    found.directories[1].formatted = blank;
    for (auto& directory : found.directories)
        directory.was_stopped_cleanly = true;
    machine.on_directories_opened(found, out);
    return notes(out);
}

} // namespace

TEST(blank_directories, take_no_new_partitions_while_something_is_missing) {
    blank_beside_used_one fixture;
    EXPECT_EQ(fixture.places(fixture.image_with(true)), (std::vector<std::string>{"/a", "/a"}));
}

TEST(blank_directories, count_as_others_when_nothing_is_missing_any_more) {
    blank_beside_used_one fixture;
    fixture.places(fixture.image_with(false, false));
    effects::effects out;
    fixture.set->on_partition_closed({place(1, 0), errc::ok, ""}, out);
    EXPECT_EQ(fixture.places(fixture.image_with(true, false)), (std::vector<std::string>{"/a", "/b"}));
}

TEST(blank_directories, take_what_no_other_can) {
    auto directories = directories_with({stored("old", 0, id_of(1))});
    directories[0].cordoned = true;
    placement places(directories);
    places.avoid_blank(true);
    EXPECT_EQ(*places.choose(), "/b");
    EXPECT_EQ(*places.choose("/b"), "/b");
    directories[0].cordoned = false;
    placement both(directories);
    EXPECT_EQ(*both.choose(), "/b");
    both.avoid_blank(true);
    both.set_short_of_room("/a", true);
    EXPECT_EQ(*both.choose(), "/a") << "what is refused today is not hidden tomorrow";
    EXPECT_EQ(*both.choose("/b"), "/b") << "asked for by name";
}

TEST(blank_directories, are_told_of_beside_one_that_was_in_use) {
    EXPECT_EQ(notes_of_start(true, true), (std::vector<std::string>{"data_directory_blank"}));
    EXPECT_EQ(notes_of_start(true, false),
              (std::vector<std::string>{"data_directory_formatted", "data_directory_formatted"}));
    EXPECT_TRUE(notes_of_start(false, true).empty());
}

} // namespace barnabas::blank_directories_test
