// Round trips of one small request at a time on a blocking socket: a Kafka Produce of one record, or as many
// bytes to an echo server of its own. Prints "p50 p99 largest" in microseconds.

#include "tests/bench/process/socket_calls.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace barnabas::bench;
using byte_list = std::vector<std::byte>;

constexpr int warm_up = 500;

template <std::integral Number>
void put(byte_list& to, Number value) {
    for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> shift));
}

void put(byte_list& to, std::string_view text) {
    for (const char c : text)
        to.push_back(static_cast<std::byte>(c));
}

void put(byte_list& to, const byte_list& bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void put_varint(byte_list& to, std::int64_t value) {
    auto zigzag = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
    for (; zigzag > 127; zigzag >>= 7)
        to.push_back(static_cast<std::byte>((zigzag & 127) | 128));
    to.push_back(static_cast<std::byte>(zigzag));
}

/// Bit by bit: it runs once, and needs nothing of the code that is measured.
std::uint32_t crc32c(const byte_list& bytes) {
    constexpr std::uint32_t reversed_polynomial = 0x82f63b78;
    std::uint32_t crc = 0xffffffff;
    for (const auto byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? reversed_polynomial : 0);
    }
    return ~crc;
}

/// A record batch with one record of that many zeros.
byte_list one_record_batch(std::size_t value_bytes) {
    byte_list record;
    put(record, std::int8_t{0});
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{0}, std::int64_t{-1}, std::int64_t(value_bytes)})
        put_varint(record, number); // timestamp and offset deltas, no key, length of the value
    record.resize(record.size() + value_bytes);
    put_varint(record, 0);

    byte_list checked_part;
    put(checked_part, std::int16_t{0});
    put(checked_part, std::int32_t{0});
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t stamp = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    put(checked_part, stamp);
    put(checked_part, stamp);
    put(checked_part, std::int64_t{-1});
    put(checked_part, std::int16_t{-1});
    put(checked_part, std::int32_t{-1});
    put(checked_part, std::int32_t{1});
    put_varint(checked_part, static_cast<std::int64_t>(record.size()));
    put(checked_part, record);

    byte_list batch;
    put(batch, std::int64_t{0});
    put(batch, static_cast<std::int32_t>(checked_part.size() + 9));
    put(batch, std::int32_t{-1});
    put(batch, std::int8_t{2});
    put(batch, crc32c(checked_part));
    put(batch, checked_part);
    return batch;
}

/// A frame with Produce version 7 for partition 0.
byte_list produce_request(std::string_view topic, std::int16_t acks, std::size_t value_bytes) {
    byte_list body;
    put(body, std::int16_t{0}); // Produce
    put(body, std::int16_t{7});
    put(body, std::int32_t{1}); // correlation id
    put(body, std::int16_t{-1});
    put(body, std::int16_t{-1});
    put(body, acks);
    put(body, std::int32_t{10'000});
    put(body, std::int32_t{1});
    put(body, static_cast<std::int16_t>(topic.size()));
    put(body, topic);
    put(body, std::int32_t{1});
    put(body, std::int32_t{0});
    const byte_list batch = one_record_batch(value_bytes);
    put(body, static_cast<std::int32_t>(batch.size()));
    put(body, batch);
    byte_list frame;
    put(frame, static_cast<std::int32_t>(body.size()));
    put(frame, body);
    return frame;
}

std::uint32_t number_at(const byte_list& bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | std::to_integer<std::uint32_t>(bytes.at(at + i));
    return value;
}

/// Sends the request and reads the whole answer; ends the program on an error code.
void produce_once(int stream, const byte_list& request, std::size_t topic_bytes) {
    write_all(stream, request.data(), request.size());
    byte_list length(4);
    if (!read_all(stream, length.data(), length.size())) {
        std::fputs("the broker closed the connection\n", stderr);
        std::exit(1);
    }
    byte_list answer(number_at(length, 0, 4));
    if (!read_all(stream, answer.data(), answer.size()))
        std::exit(1);
    // Correlation id, one topic with its name, one partition with its index, then the error code.
    const auto code = number_at(answer, 4 + 4 + 2 + topic_bytes + 4 + 4, 2);
    if (code != 0) {
        std::fprintf(stderr, "the broker answered with error code %u\n", code);
        std::exit(1);
    }
}

template <class Step>
int measure(int rounds, Step step) {
    std::vector<double> micros;
    for (int round = 0; round < warm_up + rounds; ++round) {
        const auto began = std::chrono::steady_clock::now();
        step();
        if (round >= warm_up)
            micros.push_back(seconds_since(began) * 1e6);
    }
    std::sort(micros.begin(), micros.end());
    const auto at = [&](double part) {
        return micros[static_cast<std::size_t>(part * double(micros.size() - 1))];
    };
    std::printf("%.1f %.1f %.1f\n", at(0.5), at(0.99), micros.back());
    return 0;
}

int produce(std::uint16_t port, std::string_view topic, std::int16_t acks, int rounds,
            std::size_t value_bytes) {
    const int stream = connect_to_loopback(port);
    const byte_list request = produce_request(topic, acks, value_bytes);
    return measure(rounds, [&] { produce_once(stream, request, topic.size()); });
}

/// The child sends back a small answer for each request, as a broker would without doing anything.
void serve_echo(int listener, std::size_t request_bytes, std::size_t answer_bytes) {
    byte_list bytes(std::max(request_bytes, answer_bytes));
    const int stream = accept_one(listener);
    while (read_all(stream, bytes.data(), request_bytes))
        write_all(stream, bytes.data(), answer_bytes);
}

int echo(int rounds, std::size_t value_bytes) {
    constexpr std::size_t answer_bytes = 60;
    const byte_list request = produce_request("echo", 1, value_bytes);
    std::uint16_t port = 0;
    const int listener = listen_on_loopback(port);
    const int child = checked(::fork(), "fork");
    if (child == 0) {
        serve_echo(listener, request.size(), answer_bytes);
        ::_exit(0);
    }
    const int stream = connect_to_loopback(port);
    std::array<std::byte, answer_bytes> answer{};
    measure(rounds, [&] {
        write_all(stream, request.data(), request.size());
        read_all(stream, answer.data(), answer.size());
    });
    ::close(stream);
    checked(::waitpid(child, nullptr, 0), "waitpid");
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    const std::string_view what = count > 1 ? arguments[1] : "";
    const auto number = [&](int at) { return std::strtoul(arguments[at], nullptr, 10); };
    if (what == "echo" && count == 4)
        return echo(static_cast<int>(number(2)), number(3));
    if (what == "produce" && count == 7)
        return produce(static_cast<std::uint16_t>(number(2)), arguments[3],
                       static_cast<std::int16_t>(std::atoi(arguments[4])), static_cast<int>(number(5)),
                       number(6));
    std::fputs("usage: round_trip echo ROUNDS BYTES | round_trip produce PORT TOPIC ACKS ROUNDS BYTES\n",
               stderr);
    return 2;
}
