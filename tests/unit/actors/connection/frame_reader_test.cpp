#include "actors/connection/frame_reader.hpp"

#include "actors/connection/limits.hpp"
#include "runtime/memory/reserve.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace barnabas::frame_reader_test {
namespace {

std::string framed(std::string_view body) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<char>((body.size() >> shift) & 0xff));
    return bytes + std::string(body);
}

/// Plays the stream: hands `bytes` over in pieces no larger than `piece` allows, as the reader asks for them.
result<std::vector<std::string>> read_all(frame_reader& reader, std::string_view bytes, std::size_t piece) {
    std::vector<std::string> bodies;
    while (!bytes.empty()) {
        auto wanted = reader.next_read();
        if (!wanted)
            return error{errc::would_block, "no room"};
        const std::size_t count = std::min({bytes.size(), piece, wanted->max});
        auto into = wanted->into != nullptr ? wanted->into : chunk::allocate(count);
        std::memcpy(into->data() + wanted->at, bytes.data(), count);
        bytes.remove_prefix(count);
        std::vector<slice> frames;
        auto read = reader.on_read({into, wanted->at, count}, frames);
        for (const auto& frame : frames)
            bodies.emplace_back(frame.text());
        if (!read)
            return read.failure();
    }
    return bodies;
}

constexpr std::size_t frame_max = 1 << 20;

RC_GTEST_PROP(frame_reader, frames_survive_any_cut_of_the_stream, ()) {
    const auto sizes =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(8, 300'000));
    const auto piece = *rc::gen::element<std::size_t>(1, 3, 7, 1000, 65536, 1 << 20);
    RC_PRE(piece > 7 || sizes.size() < 3);
    std::string bytes;
    std::vector<std::string> bodies;
    for (auto size : sizes) {
        const auto kept = piece > 7 ? size : size % 5000 + 8;
        bodies.push_back(std::string(kept, static_cast<char>('a' + bodies.size() % 26)));
        bytes += framed(bodies.back());
    }
    runtime::memory_reserve reserve("test", 64 << 20);
    frame_reader reader(frame_max, reserve);
    auto read = read_all(reader, bytes, piece);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == bodies);
    RC_ASSERT(reader.partial_bytes() == 0u);
}

TEST(frame_reader, refuses_lengths_that_no_request_has) {
    runtime::memory_reserve reserve("test", 64 << 20);
    for (std::string prefix : {std::string("\x80\x00\x00\x00", 4), std::string("\x7f\xff\xff\xff", 4),
                               std::string("\x00\x00\x00\x00", 4), std::string("\x00\x00\x00\x07", 4),
                               std::string("\x16\x03\x01\x02", 4), std::string("GET ")}) {
        frame_reader reader(frame_max, reserve);
        auto read = read_all(reader, prefix + "some more bytes", 64);
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.code(), errc::malformed);
    }
}

TEST(frame_reader, memory_follows_the_bytes_received_and_not_the_length_announced) {
    runtime::memory_reserve reserve("test", 1 << 30);
    frame_reader reader(100 << 20, reserve);
    // 90 MB announced, 100 bytes sent.
    auto read = read_all(reader, std::string("\x05\x5d\x4a\x80", 4) + std::string(96, 'x'), 4096);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->empty());
    EXPECT_EQ(reader.partial_bytes(), 100u);
    EXPECT_LE(reserve.in_use(), 2 * connection_limits::first_frame_bytes);
}

TEST(frame_reader, waits_when_the_reserve_is_empty_and_goes_on_when_it_has_room) {
    runtime::memory_reserve reserve("test", 128 * 1024);
    frame_reader reader(frame_max, reserve);
    auto everything = reserve.try_acquire(128 * 1024);
    auto overdraft = reserve.try_acquire(1, true);
    ASSERT_NE(everything, nullptr);
    ASSERT_NE(overdraft, nullptr);
    const std::string body(100'000, 'q');
    const std::string bytes = framed(body);
    std::vector<slice> frames;
    auto wanted = reader.next_read();
    auto first = chunk::allocate(50);
    std::memcpy(first->data(), bytes.data(), 50);
    ASSERT_TRUE(reader.on_read({first, 0, 50}, frames));
    EXPECT_FALSE(reader.next_read().has_value());
    everything.reset();
    overdraft.reset();
    auto rest = read_all(reader, std::string_view(bytes).substr(50), 4096);
    ASSERT_TRUE(rest.has_value());
    ASSERT_EQ(rest->size(), 1u);
    EXPECT_EQ(rest->front(), body);
}

} // namespace
} // namespace barnabas::frame_reader_test
