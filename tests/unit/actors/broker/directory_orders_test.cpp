#include "actors/broker/directory_orders.hpp"
#include "actors/broker/limits.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

/// Topics of many partitions are made and removed a few partitions at a time, so that others get their turn.
namespace barnabas::directory_orders_test {

namespace {

constexpr auto most = broker_limits::changes_at_once;
/// More than are changed at once in both directories together.
constexpr std::int32_t many = 4 * static_cast<std::int32_t>(most);

effects::effects closed(partition_set& set, const topic_partition& id) {
    effects::effects out;
    set.on_partition_closed({id, errc::ok, ""}, out);
    return recorded(set, std::move(out));
}

/// Where each partition of the topic lies, as their openings said.
using places = std::map<topic_partition, std::string>;

/// All orders to open are obeyed, also those that the others bring.
places open_all(partition_set& set, const effects::effects& out) {
    places found;
    auto orders = all<effects::open_partition>(out);
    for (std::size_t next = 0; next < orders.size(); ++next) {
        found[orders[next].id] = orders[next].data_directory;
        for (auto& more : all<effects::open_partition>(opened(set, orders[next].id)))
            orders.push_back(more);
    }
    return found;
}

std::map<std::string, std::size_t> count_by_directory(const std::vector<topic_partition>& ids,
                                                      const places& where) {
    std::map<std::string, std::size_t> counts;
    for (const auto& id : ids)
        ++counts[where.at(id)];
    return counts;
}

std::vector<topic_partition> ordered_closings(const effects::effects& out) {
    std::vector<topic_partition> ids;
    for (const auto& one : all<effects::close_partition>(out))
        ids.push_back(one.id);
    return ids;
}

/// Both directories have the same number of partitions of "t".
struct large_topic {
    large_topic() { where = open_all(set, apply(set, image_of(5, {{"t", 1, many}}))); }
    partition_set set{usual, directories_with()};
    places where;
};

const std::map<std::string, std::size_t> as_many_as_allowed{{"/a", most}, {"/b", most}};

} // namespace

TEST(directory_orders, large_topic_is_made_a_few_partitions_at_a_time_in_each_directory) {
    partition_set set(usual, directories_with());
    auto out = apply(set, image_of(5, {{"t", 1, many}}));
    std::map<std::string, std::size_t> begun;
    for (const auto& one : all<effects::open_partition>(out))
        ++begun[one.data_directory];
    EXPECT_EQ(begun, as_many_as_allowed);
    EXPECT_EQ(set.opening_count(), static_cast<std::size_t>(many));
    const auto first = all<effects::open_partition>(out).front();
    const auto next = all<effects::open_partition>(opened(set, first.id));
    ASSERT_EQ(next.size(), 1u) << "one for each that is made";
    EXPECT_EQ(next[0].data_directory, first.data_directory);
}

TEST(directory_orders, large_topic_that_is_made_is_shown_when_its_last_partition_is_open) {
    const large_topic host;
    EXPECT_EQ(host.where.size(), static_cast<std::size_t>(many));
    EXPECT_TRUE(host.set.is_serving());
    EXPECT_EQ(host.set.open_partitions().size(), static_cast<std::size_t>(many));
}

TEST(directory_orders, large_topic_goes_a_few_partitions_at_a_time_and_is_confirmed_behind_the_last) {
    large_topic host;
    auto out = apply(host.set, image_of(6, {}));
    ASSERT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_TRUE(all<effects::publish_view>(out)[0].routes.empty()) << "nobody finds those that wait";
    auto orders = ordered_closings(out);
    EXPECT_EQ(count_by_directory(orders, host.where), as_many_as_allowed);
    std::set<topic_partition> removed;
    while (!orders.empty()) {
        const auto id = orders.back();
        orders.pop_back();
        EXPECT_TRUE(removed.insert(id).second) << "ordered twice";
        EXPECT_TRUE(all<effects::confirm_applied>(out).empty());
        out = closed(host.set, id);
        const auto more = ordered_closings(out);
        EXPECT_LE(more.size(), 1u);
        orders.insert(orders.end(), more.begin(), more.end());
        EXPECT_LE(orders.size(), 2 * most);
    }
    EXPECT_EQ(removed.size(), static_cast<std::size_t>(many));
    EXPECT_EQ(all<effects::confirm_applied>(out).size(), 1u);
}

TEST(directory_orders, files_of_partitions_that_did_not_open_go_a_few_at_a_time) {
    std::vector<stored_partition> found;
    for (std::int32_t i = 0; i < many; ++i)
        found.push_back(stored("t", i, id_of(1)));
    partition_set set(usual, directories_with(found));
    apply(set, image_of(5, {{"t", 1, many}}));
    for (std::int32_t i = 0; i < many; ++i)
        opened(set, place(1, i), errc::corrupt_message);
    EXPECT_EQ(all<effects::remove_partition_files>(apply(set, image_of(6, {}))).size(), most);
    EXPECT_EQ(all<effects::remove_partition_files>(closed(set, place(1, 0))).size(), 1u);
}

TEST(directory_orders, stop_amid_a_deletion_closes_all_at_once) {
    large_topic host;
    auto out = apply(host.set, image_of(6, {}));
    host.set.close_all(out);
    const auto orders = ordered_closings(out);
    EXPECT_EQ(std::set<topic_partition>(orders.begin(), orders.end()).size(), orders.size());
    EXPECT_EQ(orders.size(), static_cast<std::size_t>(many));
    for (const auto& id : orders)
        closed(host.set, id);
    EXPECT_TRUE(host.set.is_closed());
}

TEST(directory_orders, stop_amid_a_making_does_not_begin_the_rest) {
    partition_set set(usual, directories_with());
    auto out = apply(set, image_of(5, {{"t", 1, many}}));
    const auto begun = all<effects::open_partition>(out);
    out.clear();
    set.close_all(out);
    EXPECT_TRUE(out.empty());
    for (const auto& one : begun) {
        EXPECT_TRUE(all<effects::open_partition>(opened(set, one.id)).empty());
        closed(set, one.id);
    }
    EXPECT_TRUE(set.is_closed());
    EXPECT_FALSE(set.left_unflushed()) << "what was not begun needs no recovery";
}

TEST(directory_orders, deletion_on_a_directory_that_is_given_up_waits_for_nothing_there) {
    large_topic host;
    auto out = apply(host.set, image_of(6, {}));
    std::set<topic_partition> ordered;
    for (const auto& id : ordered_closings(out))
        ordered.insert(id);
    out.clear();
    host.set.on_directory_failed("/a", {errc::storage_error, "hangs"}, out);
    host.set.give_up("/a");
    host.set.settle_given_up(out);
    for (const auto& id : ordered_closings(out))
        ordered.insert(id);
    for (const auto& [id, directory] : host.where)
        EXPECT_EQ(ordered.contains(id) || directory == "/b", true) << "its actor must end one day";
    // The other directory goes on.
    std::size_t there = 0;
    for (std::size_t before = 0; before != ordered.size() || there == 0;) {
        before = ordered.size();
        for (const auto& id : std::set<topic_partition>(ordered)) {
            if (host.where.at(id) != "/b")
                continue;
            ++there;
            out = closed(host.set, id);
            for (const auto& more : ordered_closings(out))
                ordered.insert(more);
        }
    }
    EXPECT_EQ(host.set.count(), 0u);
    EXPECT_EQ(host.set.image()->applied, log_offset(6));
}

TEST(directory_orders, making_on_a_directory_that_fails_goes_on_in_another_one) {
    partition_set set(usual, directories_with());
    auto out = apply(set, image_of(5, {{"t", 1, many}}));
    auto orders = all<effects::open_partition>(out);
    set.on_directory_failed("/a", {errc::storage_error, "broken"}, out);
    std::size_t made = 0;
    for (std::size_t next = 0; next < orders.size(); ++next) {
        const bool fails = orders[next].data_directory == "/a";
        made += fails ? 0 : 1;
        for (auto& more : all<effects::open_partition>(
                 opened(set, orders[next].id, fails ? errc::storage_error : errc::ok)))
            orders.push_back(more);
    }
    EXPECT_EQ(made, static_cast<std::size_t>(many));
    EXPECT_TRUE(set.is_serving());
}

TEST(directory_orders, deletion_that_a_crash_cut_between_two_steps_is_ended_by_the_next_start) {
    large_topic host;
    auto left = host.where;
    const auto out = apply(host.set, image_of(6, {}));
    // What was ordered first is gone from the disk, and nothing says so but the disk itself.
    for (const auto& id : ordered_closings(out)) {
        closed(host.set, id);
        left.erase(id);
    }
    EXPECT_FALSE(left.empty());
    auto directories = directories_with();
    for (const auto& [id, directory] : left)
        directories[directory == "/a" ? 0 : 1].partitions.push_back(
            stored("t", id.partition.get(), id.topic));
    partition_set next(usual, directories);
    next.know_removed(std::make_shared<const std::set<topic_id>>(std::set<topic_id>{id_of(1)}));
    const auto aside = all<effects::set_aside_directories>(apply(next, image_of(6, {})));
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(aside[0].renames.size(), left.size());
    effects::effects done;
    next.on_directories_set_aside({}, done);
    ASSERT_EQ(all<effects::remove_strays>(done).size(), 1u);
    EXPECT_TRUE(all<effects::remove_strays>(done)[0].topics->contains(id_of(1)));
}

TEST(directory_orders, making_that_a_crash_cut_between_two_steps_is_ended_by_the_next_start) {
    partition_set set(usual, directories_with());
    const auto wanted = image_of(5, {{"t", 1, many}});
    auto directories = directories_with();
    for (const auto& one : all<effects::open_partition>(apply(set, wanted))) {
        EXPECT_TRUE(all<effects::record_created>(opened(set, one.id)).empty()) << "not all are made";
        directories[one.data_directory == "/a" ? 0 : 1].partitions.push_back(
            stored("t", one.id.partition.get(), one.id.topic));
    }
    auto options = usual;
    options.created_upto = log_offset(0);
    partition_set next(options, directories);
    EXPECT_EQ(open_all(next, apply(next, wanted)).size(), static_cast<std::size_t>(many));
    EXPECT_EQ(next.failed_count(), 0u);
}

} // namespace barnabas::directory_orders_test
