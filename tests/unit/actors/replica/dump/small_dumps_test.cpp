#include "actors/replica/dump/findings.hpp"
#include "protocol/model/utf8_text.hpp"
#include "tests/unit/actors/replica/dump/samples.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::dump::small_dumps_test {
namespace {

using texts = std::vector<std::string>;

TEST(small_dumps, show_producers_in_the_order_of_the_file) {
    dump_host host;
    host.put(".snapshot", {sample_snapshot()});
    const auto said = host.dump(".snapshot");
    ASSERT_EQ(said.lines.size(), 2u);
    EXPECT_EQ(
        said.lines[1],
        "producerId: 7 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong[20] "
        "lastTimestamp: 1234 firstSequence: 4 lastSequence: 6 lastOffset: 22 offsetDelta: 2 timestamp: 1234");
    EXPECT_EQ(host.failures, 0u);
}

TEST(small_dumps, name_a_snapshot_that_is_damaged) {
    dump_host host;
    host.put(".snapshot", {sample_snapshot().sub(0, 30)});
    const auto said = host.dump(".snapshot");
    EXPECT_EQ(host.failures, 1u);
    EXPECT_NE(said.complaints.at(0).find(host.path(".snapshot")), std::string::npos);
}

TEST(small_dumps, show_transactions_that_were_given_up) {
    dump_host host;
    host.put(".txnindex", {sample_transactions()});
    const auto said = host.dump(".txnindex");
    ASSERT_EQ(said.lines.size(), 3u);
    EXPECT_EQ(said.lines[1], "version: 0 producerId: 0 firstOffset: 1 lastOffset: 2 lastStableOffset: 3");
    EXPECT_EQ(said.lines[2],
              "version: 0 producerId: 100 firstOffset: 101 lastOffset: 102 lastStableOffset: 103");
}

TEST(small_dumps, show_whole_transactions_in_front_of_half_a_one) {
    dump_host host;
    host.put(".txnindex", {sample_transactions().sub(0, 50)});
    const auto said = host.dump(".txnindex");
    EXPECT_EQ(said.lines.size(), 2u);
    EXPECT_EQ(said.complaints,
              texts{"Error: " + host.path(".txnindex") + " at byte 34: the file ends inside of an entry"});
}

TEST(small_dumps, leave_unknown_files_alone) {
    dump_host host;
    const auto said =
        host.dump_all({"/data/orders-0/partition.metadata", "plain", "/data/orders-0/x.deleted"});
    EXPECT_EQ(said.complaints,
              (texts{"Ignoring unknown file /data/orders-0/partition.metadata", "Ignoring unknown file plain",
                     "Ignoring unknown file /data/orders-0/x.deleted"}));
    EXPECT_EQ(host.failures, 0u);
}

TEST(findings, beyond_their_bound_are_counted) {
    findings found;
    for (std::size_t i = 0; i < findings::pairs_max + 3; ++i)
        found.add(finding::offset_gap, "a.log", 1, 3);
    kept_lines said;
    found.tell(said);
    EXPECT_EQ(said.complaints.size(), findings::pairs_max + 2);
    EXPECT_EQ(said.complaints.back(), "  ... and 3 more");
}

std::string decoded(std::string_view bytes) {
    std::string text;
    append_utf8(text, std::as_bytes(std::span(bytes)));
    return text;
}

TEST(utf8_text, keeps_what_is_text) {
    EXPECT_EQ(decoded("plain h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
              "plain h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST(utf8_text, replaces_what_is_none_piece_by_piece) {
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(decoded("a\xff\xfe"), "a" + mark + mark);
    EXPECT_EQ(decoded("\xc0\xaf"), mark + mark);                       // an over-long form
    EXPECT_EQ(decoded("\xe2\x82"), mark);                              // cut short
    EXPECT_EQ(decoded("\xe2\x82z"), mark + "z");                       // cut short by another character
    EXPECT_EQ(decoded("\xed\xa0\x80"), mark + mark + mark);            // a surrogate
    EXPECT_EQ(decoded("\xf4\x90\x80\x80"), mark + mark + mark + mark); // beyond Unicode
}

} // namespace
} // namespace barnabas::replica::dump::small_dumps_test
