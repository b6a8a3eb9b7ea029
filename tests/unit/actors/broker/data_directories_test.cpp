#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

namespace barnabas::data_directories_test {

namespace {

data_directory_options options_for(std::vector<std::string> directories, std::int32_t node = 1) {
    data_directory_options options;
    options.metadata_directory = directories.front();
    options.directories = std::move(directories);
    options.node = node_id(node);
    options.seed = 42;
    return options;
}

void write(runtime::file_system& files, const std::string& directory, const std::string& name,
           std::string_view text) {
    ASSERT_TRUE(files.create_directory(directory).has_value());
    ASSERT_TRUE(write_small_file(files, directory, name, text).has_value());
}

std::string identity(const std::string& cluster, int node) {
    return "#Kafka's comment\nnode.id=" + std::to_string(node) + "\nversion=1\ncluster.id=" + cluster +
           "\ndirectory.id=aaaaaaaaaaaaaaaaaaaaaA\n";
}

} // namespace

TEST(data_directories, empty_directories_are_formatted_for_one_cluster) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    auto opened = open_data_directories(files, options_for({"/x/a", "/x/b"}));
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_EQ(opened->cluster_id.size(), 22u);
    ASSERT_EQ(opened->directories.size(), 2u);
    EXPECT_TRUE(opened->directories[0].formatted);
    EXPECT_NE(opened->directories[0].id, opened->directories[1].id);
    for (const auto& path : {"/x/a", "/x/b"}) {
        auto values = parse_lines(*read_small_file(files, join_path(path, "meta.properties")), '=');
        EXPECT_EQ(values["cluster.id"], opened->cluster_id);
        EXPECT_EQ(values["node.id"], "1");
        EXPECT_EQ(values["version"], "1");
        EXPECT_TRUE(parse_uuid(values["directory.id"]).has_value());
    }
}

TEST(data_directories, become_the_cluster_that_is_asked_for_unless_they_belong_to_one) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    auto options = options_for({"/x/a"});
    options.cluster_id = "5L6g3nShT-eMCtK--X86sw";
    auto opened = open_data_directories(files, options);
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_EQ(opened->cluster_id, options.cluster_id);
    ASSERT_TRUE(close_data_directories(files, *opened, true).has_value());
    // Another one is as foreign as it always was, and what is empty beside them becomes theirs.
    options = options_for({"/x/a", "/x/b"});
    options.cluster_id = "4L6g3nShT-eMCtK--X86sw";
    opened = open_data_directories(files, options);
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_EQ(opened->cluster_id, "5L6g3nShT-eMCtK--X86sw");
    const auto second = parse_lines(*read_small_file(files, "/x/b/meta.properties"), '=');
    EXPECT_EQ(second.at("cluster.id"), "5L6g3nShT-eMCtK--X86sw");
}

TEST(data_directories, restart_finds_the_same_identity_and_the_clean_stop) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    auto first = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(first.has_value());
    ASSERT_TRUE(close_data_directories(files, *first, true).has_value());
    auto second = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(second.has_value()) << to_string(second.failure());
    EXPECT_EQ(second->cluster_id, first->cluster_id);
    EXPECT_EQ(second->directories[0].id, first->directories[0].id);
    EXPECT_FALSE(second->directories[0].formatted);
    EXPECT_TRUE(second->directories[0].was_stopped_cleanly);
    ASSERT_TRUE(close_data_directories(files, *second, false).has_value());
    ASSERT_TRUE(files.create_directory("/x/a/__cluster_metadata-0").has_value());
    auto third = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(third.has_value());
    EXPECT_FALSE(third->directories[0].was_stopped_cleanly);
}

TEST(data_directories, one_that_was_only_formatted_has_nothing_to_recover) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/x/a", "meta.properties", identity("c", 1));
    auto first = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(first.has_value()) << to_string(first.failure());
    EXPECT_FALSE(first->directories[0].formatted);
    EXPECT_TRUE(first->directories[0].was_stopped_cleanly);
    ASSERT_TRUE(close_data_directories(files, *first, false).has_value());
    ASSERT_TRUE(files.create_directory("/x/a/__cluster_metadata-0").has_value());
    auto second = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(second.has_value()) << to_string(second.failure());
    EXPECT_FALSE(second->directories[0].was_stopped_cleanly);
}

TEST(data_directories, a_bit_that_is_wrong_in_whose_a_directory_is_is_noticed) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    auto first = open_data_directories(files, options_for({"/x/a"}));
    ASSERT_TRUE(first.has_value());
    ASSERT_TRUE(close_data_directories(files, *first, true).has_value());
    const std::string path = "/x/a/meta.properties";
    const auto bytes = disk.content(path)->size();
    for (std::size_t at = 0; at < bytes; ++at) {
        disk.lift_harm();
        ASSERT_TRUE(disk.rot(path, at, at % 8));
        auto second = open_data_directories(files, options_for({"/x/a"}));
        if (!second) {
            EXPECT_EQ(second.code(), errc::mismatched_directory);
            continue;
        }
        // Only what is not said about the directory: the words in front of the checksum.
        EXPECT_EQ(second->cluster_id, first->cluster_id) << at;
        EXPECT_EQ(second->directories[0].id, first->directories[0].id) << at;
        ASSERT_TRUE(close_data_directories(files, *second, true).has_value());
    }
}

TEST(data_directories, a_directory_id_that_is_none_gets_no_other_in_its_place) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/x/a", "meta.properties", "version=1\nnode.id=1\ncluster.id=c\ndirectory.id=abc\n");
    auto opened = open_data_directories(files, options_for({"/x/a"}));
    EXPECT_EQ(opened.code(), errc::mismatched_directory);
    EXPECT_NE(opened.failure().detail.find("directory.id"), std::string::npos) << opened.failure().detail;
}

TEST(data_directories, another_node_is_refused_with_both_ids) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("c", 3));
    auto opened = open_data_directories(files, options_for({"/a"}));
    EXPECT_EQ(opened.code(), errc::mismatched_directory);
    EXPECT_NE(opened.failure().detail.find("node.id=3"), std::string::npos);
    EXPECT_NE(opened.failure().detail.find("node.id=1"), std::string::npos);
}

TEST(data_directories, two_clusters_are_refused_with_both_ids) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("cluster-a", 1));
    write(files, "/b", "meta.properties", identity("cluster-b", 1));
    auto opened = open_data_directories(files, options_for({"/a", "/b"}));
    EXPECT_EQ(opened.code(), errc::mismatched_directory);
    EXPECT_NE(opened.failure().detail.find("cluster-a"), std::string::npos);
    EXPECT_NE(opened.failure().detail.find("cluster-b"), std::string::npos);
    // What was locked on the way is released.
    EXPECT_TRUE(files.lock("/a/.lock").has_value());
}

TEST(data_directories, new_directory_joins_the_cluster_of_the_others) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/b", "meta.properties", identity("cluster-b", 1));
    auto opened = open_data_directories(files, options_for({"/a", "/b"}));
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->cluster_id, "cluster-b");
    EXPECT_TRUE(opened->directories[0].formatted);
    EXPECT_FALSE(opened->directories[1].formatted);
}

TEST(data_directories, foreign_files_are_refused_by_name_and_not_touched) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/home", "thesis.tex", "words");
    auto opened = open_data_directories(files, options_for({"/home"}));
    EXPECT_EQ(opened.code(), errc::mismatched_directory);
    EXPECT_NE(opened.failure().detail.find("thesis.tex"), std::string::npos);
    EXPECT_EQ(files.list("/home")->size(), 1u);
}

TEST(data_directories, second_broker_is_refused) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    auto first = open_data_directories(files, options_for({"/a"}));
    ASSERT_TRUE(first.has_value());
    auto second = open_data_directories(files, options_for({"/a"}));
    EXPECT_EQ(second.code(), errc::locked);
    EXPECT_NE(second.failure().detail.find("another broker"), std::string::npos);
}

TEST(data_directories, directory_named_twice_is_refused) {
    sim::memory_disk disk(1);
    EXPECT_EQ(open_data_directories(disk.files(), options_for({"/a", "/a"})).code(), errc::invalid_config);
}

TEST(data_directories, damaged_identity_is_refused) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", "version=0\nbroker.id=1\n");
    EXPECT_EQ(open_data_directories(files, options_for({"/a"})).code(), errc::mismatched_directory);
    write(files, "/a", "meta.properties", "");
    EXPECT_EQ(open_data_directories(files, options_for({"/a"})).code(), errc::mismatched_directory);
}

TEST(data_directories, partitions_are_listed_with_their_ids) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("c", 1));
    write(files, "/a/orders-12", "partition.metadata", "version: 0\ntopic_id: aaaaaaaaaaaaaaaaaaaaaA\n");
    write(files, "/a/my-topic-0", "partition.metadata", "rubbish");
    ASSERT_TRUE(files.create_directory("/a/fragment-1").has_value());
    ASSERT_TRUE(files.create_directory("/a/orders-12.abc-delete").has_value());
    ASSERT_TRUE(files.create_directory("/a/__cluster_metadata-0").has_value());
    auto opened = open_data_directories(files, options_for({"/a"}));
    ASSERT_TRUE(opened.has_value());
    const auto& partitions = opened->directories[0].partitions;
    ASSERT_EQ(partitions.size(), 4u);
    EXPECT_EQ(partitions[0].directory_name, "__cluster_metadata-0");
    EXPECT_EQ(partitions[1].directory_name, "fragment-1");
    EXPECT_TRUE(partitions[1].is_fragment);
    EXPECT_EQ(partitions[2].topic, "my-topic");
    EXPECT_FALSE(partitions[2].id.has_value());
    EXPECT_FALSE(partitions[2].is_fragment);
    EXPECT_EQ(partitions[3].topic, "orders");
    EXPECT_EQ(partitions[3].index.get(), 12);
    EXPECT_EQ(to_string(*partitions[3].id), "aaaaaaaaaaaaaaaaaaaaaA");
}

TEST(data_directories, partitions_without_the_metadata_log_that_knows_them_are_refused) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("c", 1));
    write(files, "/b", "meta.properties", identity("c", 1));
    write(files, "/a/orders-0", "partition.metadata", "version: 0\ntopic_id: aaaaaaaaaaaaaaaaaaaaaA\n");
    auto lost = open_data_directories(files, options_for({"/a"}));
    ASSERT_EQ(lost.code(), errc::mismatched_directory);
    EXPECT_NE(lost.failure().detail.find("/a"), std::string::npos);
    // The directories in another order: the error says where the log lies.
    ASSERT_TRUE(files.create_directory("/a/__cluster_metadata-0").has_value());
    auto swapped = open_data_directories(files, options_for({"/b", "/a"}));
    ASSERT_EQ(swapped.code(), errc::mismatched_directory);
    EXPECT_NE(swapped.failure().detail.find("lies in /a"), std::string::npos);
    write(files, "/b/orders-1", "partition.metadata", "version: 0\ntopic_id: aaaaaaaaaaaaaaaaaaaaaA\n");
    swapped = open_data_directories(files, options_for({"/b", "/a"}));
    EXPECT_NE(swapped.failure().detail.find("lies in /a"), std::string::npos) << "also when /b holds some";
    EXPECT_TRUE(open_data_directories(files, options_for({"/a", "/b"})).has_value());
}

TEST(data_directories, separate_metadata_directory_belongs_to_the_broker_and_holds_no_partitions) {
    sim::memory_disk disk(1);
    auto options = options_for({"/a"});
    options.metadata_directory = "/m";
    auto opened = open_data_directories(disk.files(), options);
    ASSERT_TRUE(opened.has_value());
    ASSERT_EQ(opened->directories.size(), 2u);
    EXPECT_TRUE(opened->directories[0].holds_partitions);
    EXPECT_FALSE(opened->directories[1].holds_partitions);
    EXPECT_EQ(parse_lines(*read_small_file(disk.files(), "/m/meta.properties"), '=')["cluster.id"],
              opened->cluster_id);
}

TEST(data_directories, every_failing_operation_gives_an_error_or_a_later_start_succeeds) {
    for (std::uint64_t n = 1;; ++n) {
        sim::memory_disk disk(n);
        disk.fail_nth(n, errc::storage_error);
        auto opened = open_data_directories(disk.files(), options_for({"/x/a", "/x/b"}));
        disk.kill();
        const auto again = open_data_directories(disk.files(), options_for({"/x/a", "/x/b"}));
        ASSERT_TRUE(again.has_value()) << n << ": " << to_string(again.failure());
        if (opened && disk.operations() < n)
            break;
        ASSERT_LT(n, 500u);
    }
}

TEST(data_directories, what_was_made_is_remembered) {
    sim::memory_disk disk(1);
    auto opened = open_data_directories(disk.files(), options_for({"/a"}));
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->created_upto, log_offset(0)) << "a new cluster has nothing, and knows it";
    ASSERT_TRUE(record_created(disk.files(), "/a", log_offset(1234)).has_value());
    disk.kill();
    opened = open_data_directories(disk.files(), options_for({"/a"}));
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->created_upto, log_offset(1234));
}

TEST(data_directories, where_it_is_damaged_what_was_made_everything_counts_as_made) {
    sim::memory_disk disk(1);
    ASSERT_TRUE(open_data_directories(disk.files(), options_for({"/a"})));
    ASSERT_TRUE(record_created(disk.files(), "/a", log_offset(1234)));
    disk.kill();
    ASSERT_TRUE(disk.rot("/a/created-partitions-offset", 3, 1));
    auto opened = open_data_directories(disk.files(), options_for({"/a"}));
    ASSERT_TRUE(opened.has_value());
    EXPECT_GT(opened->created_upto, log_offset(1'000'000'000));
}

TEST(data_directories, what_an_earlier_version_made_is_not_known) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("c", 1));
    write(files, "/a/__cluster_metadata-0", "partition.metadata", "version: 0\n");
    const auto opened = open_data_directories(files, options_for({"/a"}));
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_FALSE(opened->created_upto.has_value());
}

TEST(data_directories, of_two_copies_of_a_partition_the_empty_one_is_a_fragment) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    constexpr auto name = "partition.metadata";
    constexpr auto text = "version: 0\ntopic_id: aaaaaaaaaaaaaaaaaaaaaA\n";
    for (const auto* directory : {"/a/t-0", "/b/t-0"})
        write(files, directory, name, text);
    write(files, "/a", "meta.properties", identity("c", 1));
    write(files, "/b", "meta.properties", identity("c", 1));
    write(files, "/a/__cluster_metadata-0", name, text);
    write(files, "/a/t-0", "00000000000000000000.log", "");
    write(files, "/b/t-0", "00000000000000000000.log", "records");
    auto opened = open_data_directories(files, options_for({"/a", "/b"}));
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_TRUE(opened->directories[0].partitions.back().is_fragment);
    EXPECT_FALSE(opened->directories[1].partitions.back().is_fragment);
    EXPECT_EQ(opened->directories[1].partitions.back().bytes_to_check, 7u);
    disk.kill();
    write(files, "/a/t-0", "00000000000000000000.log", "records, too");
    EXPECT_EQ(open_data_directories(files, options_for({"/a", "/b"})).code(), errc::mismatched_directory);
}

TEST(data_directories, what_recovery_has_to_check_are_the_segments_from_its_recovery_point_on) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/a", "meta.properties", identity("c", 1));
    write(files, "/a/t-0", "partition.metadata", "version: 0\ntopic_id: aaaaaaaaaaaaaaaaaaaaaA\n");
    const auto bytes_to_check = [&] {
        auto listed = list_partitions(files, "/a", true, {});
        EXPECT_TRUE(listed);
        return listed ? listed->front().bytes_to_check : 0;
    };
    EXPECT_EQ(bytes_to_check(), 0u);
    write(files, "/a/t-0", "00000000000000000000.log", "a");
    write(files, "/a/t-0", "00000000000000000010.log", "bb");
    write(files, "/a/t-0", "00000000000000000020.log", "cccc");
    EXPECT_EQ(bytes_to_check(), 7u) << "no recovery point is known";
    write(files, "/a/t-0", "00000000000000000010.snapshot", "s");
    EXPECT_EQ(bytes_to_check(), 7u) << "nor are the epochs of what lies below it";
    write(files, "/a/t-0", "leader-epoch-checkpoint", "0\n0\n");
    EXPECT_EQ(bytes_to_check(), 6u);
    write(files, "/a/t-0", "00000000000000000020.snapshot", "s");
    EXPECT_EQ(bytes_to_check(), 4u);
    write(files, "/a/t-0", "00000000000000000025.snapshot", "s");
    EXPECT_EQ(bytes_to_check(), 4u) << "the segment that holds it is the newest";
}

/// Directories of one cluster, each with the log of t-0.
struct twins {
    explicit twins(const std::vector<std::string>& ids) {
        auto& files = disk.files();
        for (std::size_t i = 0; i < ids.size(); ++i) {
            paths.push_back("/" + std::to_string(i));
            write(files, paths.back(), "meta.properties", identity("c", 1));
            write(files, paths.back() + "/t-0", "partition.metadata",
                  "version: 0\ntopic_id: " + ids[i] + "\n");
            put(i, 0, "");
        }
        write(files, paths[0] + "/__cluster_metadata-0", "partition.metadata", "version: 0\n");
    }
    void put(std::size_t directory, int base, std::string_view text) {
        auto name = std::to_string(base);
        name = std::string(20 - name.size(), '0') + name + ".log";
        write(disk.files(), paths[directory] + "/t-0", name, text);
    }
    result<opened_directories> open() { return open_data_directories(disk.files(), options_for(paths)); }
    std::vector<bool> fragments() {
        auto opened = open();
        EXPECT_TRUE(opened.has_value()) << to_string(opened.failure());
        std::vector<bool> found;
        for (const auto& directory : opened->directories)
            found.push_back(directory.partitions.back().is_fragment);
        return found;
    }
    sim::memory_disk disk{1};
    std::vector<std::string> paths;
};

constexpr auto topic_x = "aaaaaaaaaaaaaaaaaaaaaA";
constexpr auto topic_y = "bbbbbbbbbbbbbbbbbbbbbA";

TEST(data_directories, of_two_copies_one_whose_newest_segment_is_empty_is_full) {
    twins found({topic_x, topic_x});
    found.put(1, 0, "records");
    found.put(1, 7, "");
    EXPECT_EQ(found.fragments(), (std::vector{true, false}));
    // All its records are past retention: its end is what counts.
    twins expired({topic_x, topic_x});
    expired.put(1, 9, "");
    EXPECT_EQ(expired.fragments(), (std::vector{true, false}));
}

TEST(data_directories, copies_of_one_topic_are_settled_beside_another_of_the_name) {
    twins found({topic_x, topic_y, topic_y});
    found.put(0, 0, "records of the other");
    found.put(2, 0, "records");
    EXPECT_EQ(found.fragments(), (std::vector{false, true, false}));
}

TEST(data_directories, copy_that_cannot_be_read_is_not_taken_for_empty) {
    twins found({topic_x, topic_x});
    found.put(1, 0, "records");
    std::size_t offline = 0;
    for (std::uint64_t n = 1; n <= 60; ++n) {
        found.disk.kill();
        found.disk.fail_nth(n, errc::storage_error);
        auto opened = found.open();
        found.disk.fail_nth(0, errc::storage_error);
        if (!opened)
            continue;
        const auto& second = opened->directories[1];
        offline += second.offline ? 1 : 0;
        EXPECT_TRUE(second.offline || !second.partitions.back().is_fragment) << "operation " << n;
    }
    EXPECT_GT(offline, 0u);
}

TEST(data_directories, formatted_directories_survive_a_power_cut) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        sim::memory_disk disk(seed);
        auto opened = open_data_directories(disk.files(), options_for({"/x/a", "/x/b"}));
        ASSERT_TRUE(opened.has_value());
        runtime::random draws(seed);
        disk.power_cut(draws, {});
        auto again = open_data_directories(disk.files(), options_for({"/x/a", "/x/b"}));
        ASSERT_TRUE(again.has_value()) << to_string(again.failure());
        EXPECT_EQ(again->cluster_id, opened->cluster_id);
        EXPECT_FALSE(again->directories[0].formatted);
        EXPECT_EQ(again->directories[1].id, opened->directories[1].id);
    }
}

/// A start that is killed at any moment, another one that goes on, and a power cut.
TEST(data_directories, what_an_interrupted_start_made_survives_a_power_cut_too) {
    for (const bool fails : {false, true})
        for (std::uint64_t n = 1; n < 60; ++n) {
            sim::memory_disk disk(n);
            disk.fail_nth(n, fails ? errc::storage_error : errc::closed);
            (void)open_data_directories(disk.files(), options_for({"/x/y/a", "/x/b"}));
            disk.kill();
            auto opened = open_data_directories(disk.files(), options_for({"/x/y/a", "/x/b"}));
            ASSERT_TRUE(opened.has_value()) << n << ": " << to_string(opened.failure());
            runtime::random draws(n);
            disk.power_cut(draws, sim::power_cut_faults::lose_all());
            auto again = open_data_directories(disk.files(), options_for({"/x/y/a", "/x/b"}));
            ASSERT_TRUE(again.has_value()) << n << ": " << to_string(again.failure());
            EXPECT_EQ(again->cluster_id, opened->cluster_id) << n;
            EXPECT_EQ(again->directories[0].id, opened->directories[0].id) << n;
            EXPECT_EQ(again->directories[1].id, opened->directories[1].id) << n;
        }
}

TEST(small_files, parent_paths) {
    EXPECT_EQ(parent_path("/a/b"), "/a");
    EXPECT_EQ(parent_path("/a/b/"), "/a");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(parent_path("a"), ".");
    EXPECT_EQ(parent_path("./a"), ".");
}

} // namespace barnabas::data_directories_test
