#include "sim/checkers/removed_topics_go.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace barnabas::sim::removed_topics_test {
namespace {

const topic_id gone = *parse_uuid("AAAAAAAAAAAAAAAAAAAAAQ");
const topic_id alive = *parse_uuid("AAAAAAAAAAAAAAAAAAAAAg");

/// Topic t0 has two partitions, and an older one of its name was deleted.
directories_of_topics well() {
    directories_of_topics left;
    left.removed = {gone};
    left.alive = {{"t0-0", alive}, {"t0-1", alive}};
    left.found = {{"/data/t0-0", "t0-0", alive, 3}, {"/data1/t0-1", "t0-1", alive, 3}};
    return left;
}

std::optional<std::vector<std::byte>> bytes_of(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return std::vector<std::byte>(begin, begin + text.size());
}

TEST(removed_topics_go, who_has_what_lives_and_nothing_of_what_went_is_right) {
    EXPECT_EQ(badly_removed(well()), "");
    auto with_others = well();
    with_others.found.push_back({"/data/__cluster_metadata-0", "__cluster_metadata-0", std::nullopt, 2});
    EXPECT_EQ(badly_removed(with_others), "");
}

TEST(removed_topics_go, directory_of_a_deleted_topic_is_told_whatever_its_name) {
    for (const std::string name :
         {"t0-1", "t0-1.AAAAAAAAAAAAAAAAAAAAAQ-stray", "t0-1.0123456789abcdef0123456789abcdef-delete"}) {
        auto left = well();
        left.found.push_back({"/data/" + name, name, gone, 1});
        EXPECT_NE(badly_removed(left).find("/data/" + name + " is left of topic"), std::string::npos) << name;
    }
}

TEST(removed_topics_go, stray_directory_that_lost_its_identity_is_told_by_its_name) {
    for (const std::string name :
         {"t0-1.AAAAAAAAAAAAAAAAAAAAAQ-stray", "t0-1.AAAAAAAAAAAAAAAAAAAAAQ+2-stray"}) {
        auto left = well();
        left.found.push_back({"/data/" + name, name, std::nullopt, 1});
        EXPECT_NE(badly_removed(left).find("is left of topic"), std::string::npos) << name;
    }
}

TEST(removed_topics_go, empty_directory_is_told) {
    auto left = well();
    left.found.push_back({"/data/t0-1", "t0-1", std::nullopt, 0});
    EXPECT_EQ(badly_removed(left), "/data/t0-1 is left empty");
}

TEST(removed_topics_go, partition_that_is_nowhere_or_is_of_another_topic_is_told) {
    auto without = well();
    without.found.pop_back();
    EXPECT_NE(badly_removed(without).find("no data directory has t0-1"), std::string::npos);
    auto other = well();
    other.found.back().topic = parse_uuid("AAAAAAAAAAAAAAAAAAAAAw");
    EXPECT_NE(badly_removed(other).find("no data directory has t0-1"), std::string::npos);
}

TEST(removed_topics_go, identity_is_read_as_brokers_write_it) {
    EXPECT_EQ(topic_named_in(bytes_of("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n")), gone);
    EXPECT_EQ(topic_named_in(bytes_of("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ")), gone);
    EXPECT_EQ(topic_named_in(bytes_of("version: 0\n")), std::nullopt);
    EXPECT_EQ(topic_named_in(std::nullopt), std::nullopt);
}

} // namespace
} // namespace barnabas::sim::removed_topics_test
