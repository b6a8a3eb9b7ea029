#include "actors/connection/fetch_session.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::fetch_session_test {
namespace {

fetch_item item(const std::string& topic, int partition, std::int64_t offset) {
    fetch_item one;
    one.topic_name = topic;
    one.partition = partition_index(partition);
    one.fetch_offset = log_offset(offset);
    return one;
}

TEST(fetch_session, epochs_count_up_and_a_wrong_one_is_refused) {
    fetch_sessions sessions(1);
    const auto id = sessions.open(false).id;
    ASSERT_NE(id, 0);
    ASSERT_TRUE(sessions.next(id, 1, false));
    EXPECT_EQ(sessions.next(id, 1, false).code(), errc::invalid_fetch_session_epoch);
    EXPECT_TRUE(sessions.next(id, 2, false));
    EXPECT_EQ(sessions.next(id + 1, 3, false).code(), errc::fetch_session_id_not_found);
    EXPECT_EQ(sessions.next(id, 3, true).code(), errc::fetch_session_topic_id_error);
}

TEST(fetch_session, the_largest_epoch_is_followed_by_one) {
    fetch_sessions sessions(1);
    auto& session = sessions.open(false);
    session.epoch = std::numeric_limits<std::int32_t>::max();
    ASSERT_TRUE(sessions.next(session.id, session.epoch, false));
    EXPECT_EQ(session.epoch, 1);
}

TEST(fetch_session, a_session_of_another_connection_is_not_found) {
    fetch_sessions first(1);
    fetch_sessions second(2);
    const auto id = first.open(false).id;
    second.open(false);
    EXPECT_EQ(second.next(id, 1, false).code(), errc::fetch_session_id_not_found);
}

TEST(fetch_session, too_many_sessions_push_out_the_oldest) {
    fetch_sessions sessions(3);
    const auto oldest = sessions.open(false).id;
    for (int i = 0; i < 4; ++i)
        sessions.open(false);
    EXPECT_EQ(sessions.find(oldest), nullptr);
    EXPECT_EQ(sessions.count(), 4u);
}

TEST(fetch_session, partitions_are_updated_forgotten_and_rotated) {
    fetch_session session;
    session.put(item("a", 0, 5));
    session.put(item("a", 1, 6));
    session.put(item("b", 0, 7));
    session.put(item("a", 0, 50));
    ASSERT_EQ(session.items.size(), 3u);
    EXPECT_EQ(session.items.front().fetch_offset, log_offset(50));
    session.rotate({"a", {}, partition_index(0)});
    EXPECT_EQ(session.items.back().fetch_offset, log_offset(50));
    session.forget({"a", {}, partition_index(1)});
    EXPECT_EQ(session.items.size(), 2u);
    EXPECT_EQ(session.find({"a", {}, partition_index(1)}), nullptr);
    EXPECT_NE(session.find({"b", {}, partition_index(0)}), nullptr);
}

} // namespace
} // namespace barnabas::fetch_session_test
