#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/message_table.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/golden/made_message.hpp"
#include "tests/golden/messages.hpp"
#include "tests/unit/protocol/batch/allocations.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace barnabas::kafka::testing::made_messages_test {
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

/// Allocations of decoding a frame's header and body, which must read as what was written.
template <class Request>
std::size_t allocations_of_decoding(const Request& request, std::int16_t version) {
    const auto frame =
        join(frame_request(7, "a client's name that fits into no string object", request, version));
    wire_reader in(frame.from(sizeof(std::int32_t)));
    const auto before = batch::allocations_so_far();
    const auto header = decode_request_header(in);
    const auto decoded = Request::decode(in, version);
    const auto after = batch::allocations_so_far();
    EXPECT_TRUE(header.has_value() && decoded.has_value() && in.at_end());
    EXPECT_EQ(join(frame_request(7, header->client_id, *decoded, version)), frame);
    return after - before;
}

/// Names and ids are as long as a topic's name may be.
slice long_name(char letter) {
    return slice::copy_of(std::string(249, letter));
}

/// One topic for each number, with so many partitions.
using spread = std::vector<std::int32_t>;

produce_request produce_of(const spread& topics) {
    produce_request made;
    made.transactional_id = long_name('t');
    for (const auto partitions : topics) {
        auto& topic = made.topic_data.emplace_back();
        topic.name = long_name('n');
        for (std::int32_t i = 0; i < partitions; ++i)
            topic.partition_data.push_back({i, slice::copy_of(std::string(100, 'r')), {}});
    }
    return made;
}

fetch_request fetch_of(const spread& topics) {
    fetch_request made;
    made.cluster_id = long_name('c');
    made.rack_id = long_name('r');
    for (const auto partitions : topics) {
        auto& topic = made.topics.emplace_back();
        topic.topic = long_name('n');
        for (std::int32_t i = 0; i < partitions; ++i)
            topic.partitions.emplace_back().partition = i;
    }
    return made;
}

TEST(made_messages, produce_and_fetch_of_100_partitions_are_decoded_with_3_allocations) {
    const spread spreads[] = {{100},      spread(10, 10),       spread(100, 1), {99, 1},
                              {1, 98, 1}, {1, 2, 3, 4, 30, 60}, {0, 0, 0, 100}};
    for (const auto& topics : spreads) {
        for (std::int16_t version = 0; version <= produce_request::highest_version; ++version)
            EXPECT_LE(allocations_of_decoding(produce_of(topics), version), 3u)
                << "Produce v" << version << ", topics " << topics.size();
        for (std::int16_t version = 0; version <= fetch_request::highest_version; ++version)
            EXPECT_LE(allocations_of_decoding(fetch_of(topics), version), 3u)
                << "Fetch v" << version << ", topics " << topics.size();
    }
}

TEST(made_messages, a_fetch_that_also_forgets_100_partitions_takes_one_allocation_more) {
    for (const auto& topics : {spread{100}, spread(10, 10), spread(100, 1)}) {
        auto request = fetch_of(topics);
        for (const auto partitions : topics) {
            auto& forgotten = request.forgotten_topics_data.emplace_back();
            forgotten.topic = long_name('f');
            forgotten.partitions.resize(static_cast<std::size_t>(partitions));
        }
        for (std::int16_t version = 7; version <= fetch_request::highest_version; ++version)
            EXPECT_LE(allocations_of_decoding(request, version), 4u)
                << "Fetch v" << version << ", topics " << topics.size();
    }
}

TEST(made_messages, requests_of_many_partitions_read_as_they_were_written) {
    for (const auto& topics : {spread{5'000}, spread(3'000, 1), spread(40, 400)}) {
        allocations_of_decoding(produce_of(topics), produce_request::highest_version);
        allocations_of_decoding(fetch_of(topics), fetch_request::highest_version);
    }
}

} // namespace
} // namespace barnabas::kafka::testing::made_messages_test
