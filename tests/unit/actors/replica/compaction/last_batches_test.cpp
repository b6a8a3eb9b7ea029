#include "actors/replica/compaction/last_batches.hpp"

#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::last_batches_test {
namespace {

batch::batch_header at(std::int64_t offset, batch::batch_view batch) {
    batch.header.base_offset = log_offset(offset);
    return batch.header;
}

batch::batch_header data_at(std::int64_t offset) {
    return at(offset, batch_of({{"a", "1"}}, {.producer = 5}));
}

batch::batch_header marker_at(std::int64_t offset) {
    return at(offset, marker_of(5, true));
}

last_batches of(const producer_tail& tail) {
    return last_batches(std::span(&tail, 1));
}

TEST(last_batches, the_last_data_batch_is_enough_where_all_of_the_producer_is_stable) {
    const auto last = of({producer_id(5), producer_epoch(0), log_offset(7), false});
    EXPECT_TRUE(last.holds(data_at(7)));
    EXPECT_FALSE(last.holds(data_at(6)));
    EXPECT_FALSE(last.holds(marker_at(6)));
    EXPECT_FALSE(of({producer_id(6), producer_epoch(0), log_offset(7), false}).holds(data_at(7)));
}

TEST(last_batches, markers_of_the_epoch_stay_where_there_is_nothing_else) {
    const auto last = of({producer_id(5), producer_epoch(0), log_offset(-1), false});
    EXPECT_TRUE(last.holds(marker_at(3)));
    EXPECT_FALSE(last.holds(data_at(2)));
    EXPECT_FALSE(of({producer_id(5), producer_epoch(1), log_offset(-1), false}).holds(marker_at(3)));
}

TEST(last_batches, of_a_producer_that_goes_on_the_newest_that_was_noted_stay) {
    auto last = of({producer_id(5), producer_epoch(1), log_offset(-1), true});
    EXPECT_TRUE(last.holds(data_at(1))) << "nothing is known yet";
    EXPECT_TRUE(last.holds(marker_at(2)));
    for (const auto& header : {data_at(4), data_at(3), marker_at(5)})
        last.note(header);
    EXPECT_FALSE(last.holds(data_at(3)));
    EXPECT_TRUE(last.holds(data_at(4)));
    EXPECT_FALSE(last.holds(marker_at(2)));
    EXPECT_TRUE(last.holds(marker_at(5)));
    EXPECT_TRUE(last.holds(data_at(6))) << "nobody has looked there";
}

} // namespace
} // namespace barnabas::replica::last_batches_test
