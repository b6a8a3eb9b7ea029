#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/message_table.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/golden/made_message.hpp"
#include "tests/golden/messages.hpp"
#include "tests/unit/protocol/batch/allocations.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace barnabas::kafka::testing {
namespace {

using golden::filling;
using golden::make_message;
using golden::message_description;

std::string place(const message_description& of, int version) {
    return std::string(of.name) + " v" + std::to_string(version);
}

/// Every message in every version.
template <class Visit>
void for_each_version(const Visit& visit) {
    for (const auto& of : golden::message_descriptions())
        for (int version = of.lowest_version; version <= of.highest_version; ++version)
            visit(of, static_cast<std::int16_t>(version));
}

/// Nothing when the generated codec reads the message as what it is and writes it as it was.
std::optional<std::string> check(const message_description& of, std::int16_t version, std::uint64_t seed,
                                 filling how) {
    const auto made = make_message(of, version, seed, how);
    return check_message({std::string(of.name), version, made.json, made.bytes, std::nullopt});
}

RC_GTEST_PROP(made_messages, of_every_kind_and_version_read_as_what_they_are_and_are_written_as_they_were,
              (std::uint64_t seed)) {
    for_each_version([&](const message_description& of, std::int16_t version) {
        if (const auto wrong = check(of, version, seed, filling::drawn))
            RC_FAIL(*wrong);
    });
}

TEST(made_messages, minimal_ones_round_trip) {
    for_each_version([](const message_description& of, std::int16_t version) {
        const auto wrong = check(of, version, 0, filling::minimal);
        EXPECT_FALSE(wrong) << *wrong;
    });
}

TEST(made_messages, cut_short_anywhere_are_errors) {
    for_each_version([](const message_description& of, std::int16_t version) {
        const auto made = make_message(of, version, 7);
        const auto* type = find_message(of.name);
        for (std::size_t size = 0; size < made.bytes.size(); ++size) {
            // A copy of its own, so that a read beyond the end leaves the allocation.
            const auto cut = slice::copy_of(made.bytes.sub(0, size).bytes());
            ASSERT_EQ(type->run_round_trip(cut, version).code(), errc::malformed)
                << place(of, version) << " of " << size << " bytes";
        }
    });
}

TEST(made_messages, with_any_byte_changed_are_refused_or_mean_what_they_are_written_as) {
    for_each_version([](const message_description& of, std::int16_t version) {
        const auto made = make_message(of, version, 11);
        const auto* type = find_message(of.name);
        for (std::size_t at = 0; at < made.bytes.size(); ++at) {
            for (const auto changed : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
                auto damaged = slice::copy_of(made.bytes.bytes());
                damaged.patch_before_sharing()[at] = static_cast<std::byte>(changed);
                const auto first = type->run_round_trip(damaged, version);
                if (!first)
                    continue;
                const auto second = type->run_round_trip(join(first->encoded), version);
                ASSERT_TRUE(second.has_value()) << place(of, version) << ": " << to_string(second.failure());
                ASSERT_EQ(first->json, second->json) << place(of, version);
            }
        }
    });
}

/// Allocations of decoding a request for one topic with 100 partitions.
template <class Request>
std::size_t allocations_of_decoding(const Request& request, std::int16_t version) {
    wire_writer out;
    request.encode(out, version);
    const auto bytes = out.finish_contiguous();
    wire_reader in(bytes);
    const auto before = batch::allocations_so_far();
    const auto decoded = Request::decode(in, version);
    const auto after = batch::allocations_so_far();
    EXPECT_TRUE(decoded.has_value());
    return after - before;
}

TEST(made_messages, produce_and_fetch_of_100_partitions_are_decoded_with_3_allocations) {
    const std::string topic = "a name that is longer than fits into a string object";
    produce_request produce;
    produce.topic_data.emplace_back().name = topic;
    for (int i = 0; i < 100; ++i)
        produce.topic_data[0].partition_data.push_back({i, slice::copy_of(std::string(100, 'r')), {}});
    fetch_request fetch;
    fetch.topics.emplace_back().topic = topic;
    for (int i = 0; i < 100; ++i)
        fetch.topics[0].partitions.emplace_back().partition = i;
    for (std::int16_t version = 0; version <= produce_request::highest_version; ++version)
        EXPECT_LE(allocations_of_decoding(produce, version), 3u) << "Produce v" << version;
    for (std::int16_t version = 0; version <= fetch_request::highest_version; ++version)
        EXPECT_LE(allocations_of_decoding(fetch, version), 3u) << "Fetch v" << version;
}

} // namespace
} // namespace barnabas::kafka::testing
