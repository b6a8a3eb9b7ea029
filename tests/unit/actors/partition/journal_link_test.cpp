#include "actors/partition/journal_link.hpp"

#include <gtest/gtest.h>

/// How syncs are counted.
namespace barnabas::journal_link_test {
namespace {

struct nobody {
    void send(const caf::actor&, const journal::commit_request&) {}
};

struct journal_link_test : testing::Test {
    void commit(journal::commit_end end) {
        link.commit(&self, {});
        EXPECT_EQ(syncs->count(), 1u);
        link.ended({0, end, "why"});
    }

    std::shared_ptr<runtime::load_counter> syncs = std::make_shared<runtime::load_counter>();
    nobody self;
    journal_link link{{{}, syncs, 1, {}, {}}, {"t-0", {}}};
};

TEST_F(journal_link_test, commit_that_was_taken_counts_and_one_that_was_not_does_not) {
    commit(journal::commit_end::stable);
    EXPECT_EQ(syncs->ended(), 1u);
    commit(journal::commit_end::not_taken);
    EXPECT_EQ(syncs->ended(), 1u);
    EXPECT_EQ(syncs->count(), 0u);
    link.sync_begins();
    link.sync_ends();
    EXPECT_EQ(syncs->ended(), 2u);
}

} // namespace
} // namespace barnabas::journal_link_test
