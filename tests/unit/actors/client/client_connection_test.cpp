#include "actors/client/client_connection.hpp"

#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace barnabas::client::client_connection_test {
namespace {

constexpr monotonic_ns now{1'000'000'000};
constexpr std::int16_t fetch_version = 11;

slice fetch_answer(std::int32_t correlation, std::size_t record_bytes, std::byte filled_with) {
    const std::vector<std::byte> records(record_bytes, filled_with);
    kafka::fetch_response said;
    said.responses.emplace_back().partitions.emplace_back().records = slice::copy_of(records);
    return join(kafka::frame_response(correlation, said, fetch_version));
}

/// A connection whose stream gives bytes in pieces, each to where it was asked for.
struct stream_of {
    explicit stream_of(std::shared_ptr<runtime::chunk_pool> frames)
        : connection({"test", 10'000'000'000, std::move(frames)}) {
        connection.on_connected(now);
        kafka::api_versions_response versions;
        versions.api_keys.push_back({1, 0, 99, {}});
        receive(join(kafka::frame_response(1, versions, 3)), SIZE_MAX);
    }
    void receive(const slice& sent, std::size_t piece) {
        for (std::size_t begin = 0; begin < sent.size();) {
            const auto wanted = connection.next_read();
            auto some = sent.bytes().subspan(begin, std::min({sent.size() - begin, wanted.max, piece}));
            begin += some.size();
            if (wanted.into == nullptr) {
                connection.on_bytes(some, now);
                continue;
            }
            placed += some.size();
            std::memcpy(wanted.into->data() + wanted.at, some.data(), some.size());
            connection.on_bytes({wanted.into->data() + wanted.at, some.size()}, now);
        }
    }

    client_connection connection;
    std::size_t placed = 0;
};

void expect_records(const answer& got, std::size_t record_bytes, std::byte filled_with) {
    const auto said = got.decode<kafka::fetch_response>();
    ASSERT_TRUE(said.has_value());
    const auto& records = said->responses.at(0).partitions.at(0).records;
    ASSERT_TRUE(records.has_value());
    ASSERT_EQ(records->size(), record_bytes);
    EXPECT_TRUE(std::all_of(records->bytes().begin(), records->bytes().end(),
                            [&](std::byte one) { return one == filled_with; }));
}

TEST(client_connection, an_answer_is_whole_however_it_comes) {
    constexpr std::size_t first_bytes = 200'000;
    constexpr std::size_t second_bytes = 20'000;
    for (const std::size_t piece : {1u, 7u, 5'000u, 16'384u, 1u << 20}) {
        SCOPED_TRACE(piece);
        stream_of from(nullptr);
        ASSERT_TRUE(from.connection.is_ready());
        from.connection.send(kafka::fetch_request{}, fetch_version, now);
        from.connection.send(kafka::fetch_request{}, fetch_version, now);
        const auto first = fetch_answer(2, first_bytes, std::byte{1});
        const auto second = fetch_answer(3, second_bytes, std::byte{2});
        from.receive(join(std::vector{first, second}), piece);
        const auto answers = from.connection.take_answers();
        ASSERT_EQ(answers.size(), 2u);
        expect_records(answers[0], first_bytes, std::byte{1});
        expect_records(answers[1], second_bytes, std::byte{2});
    }
}

TEST(client_connection, the_rest_of_a_long_answer_is_read_in_place) {
    constexpr std::size_t record_bytes = 1'000'000;
    stream_of from(nullptr);
    from.connection.send(kafka::fetch_request{}, fetch_version, now);
    from.receive(fetch_answer(2, record_bytes, std::byte{1}), 16'384);
    EXPECT_GT(from.placed, record_bytes - 3 * 16'384);
    EXPECT_EQ(from.connection.next_read().into, nullptr) << "between answers nothing holds memory";
}

TEST(client_connection, memory_of_answers_is_used_again_and_never_of_one_that_is_held) {
    constexpr std::size_t record_bytes = 1'000'000;
    const auto frames = std::make_shared<runtime::chunk_pool>(std::size_t{16} << 20);
    stream_of from(frames);
    std::vector<answer> held;
    for (int number = 0; number < 6; ++number) {
        from.connection.send(kafka::fetch_request{}, fetch_version, now);
        from.receive(fetch_answer(2 + number, record_bytes, std::byte(number)), 50'000);
        auto answers = from.connection.take_answers();
        ASSERT_EQ(answers.size(), 1u);
        if (number % 2 == 0)
            held.push_back(std::move(answers[0]));
    }
    // One serves all that were let go.
    EXPECT_GT(frames->kept_bytes(), record_bytes);
    EXPECT_LT(frames->kept_bytes(), 2 * record_bytes);
    for (std::size_t at = 0; at < held.size(); ++at)
        expect_records(held[at], record_bytes, std::byte(2 * at));
}

} // namespace
} // namespace barnabas::client::client_connection_test
