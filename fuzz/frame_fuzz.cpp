#include "fuzz/fuzz.hpp"

#include "actors/connection/frame_reader.hpp"
#include "actors/connection/limits.hpp"
#include "runtime/memory/reserve.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

/// A stream cut into reads: the first byte is how often and how it is cut, the rest the stream. The frames
/// are those that cutting the stream by hand gives, whatever the reads were, and memory follows what was
/// received.
namespace barnabas {
namespace {

constexpr std::size_t frame_max = 1 << 20;

/// Half read frames grow by a factor, and the old memory lives until the new one is filled.
constexpr std::size_t memory_max(std::size_t received) {
    return (connection_limits::frame_growth + 1) * received + connection_limits::first_frame_bytes +
           connection_limits::first_read_bytes;
}

struct outcome {
    std::vector<std::string> frames;
    bool failed = false;
};

outcome read_stream(std::span<const std::byte> stream, std::uint32_t cuts) {
    outcome got;
    runtime::memory_reserve reserve("fuzz", 64 << 20);
    frame_reader reader(frame_max, reserve);
    std::size_t received = 0;
    while (!stream.empty() && !got.failed) {
        auto wanted = reader.next_read();
        fuzz::require(wanted.has_value() && wanted->max > 0, "a reader with room asks for nothing");
        // A small generator instead of more input: a changed byte of the stream then changes only the stream.
        cuts = cuts * 1664525u + 1013904223u;
        const std::size_t piece = cuts < 1u << 31 ? 1 + (cuts >> 8) % 7 : 1 + (cuts >> 8) % 5000;
        const auto count = std::min({stream.size(), piece, wanted->max});
        auto into = wanted->into != nullptr ? wanted->into : chunk::allocate(count);
        std::memcpy(into->data() + wanted->at, stream.data(), count);
        stream = stream.subspan(count);
        received += count;
        std::vector<slice> frames;
        got.failed = !reader.on_read({into, wanted->at, count}, frames).has_value();
        for (const auto& frame : frames)
            got.frames.emplace_back(frame.text());
        fuzz::require(reserve.in_use() <= memory_max(received),
                      "more memory than the bytes received call for");
    }
    return got;
}

/// What the reads must give, found in the simplest way.
outcome cut_by_hand(std::span<const std::byte> stream) {
    outcome got;
    while (stream.size() >= 4) {
        std::uint32_t length = 0;
        for (std::size_t i = 0; i < 4; ++i)
            length = (length << 8) | static_cast<std::uint32_t>(stream[i]);
        if (length < 8 || length > frame_max) {
            got.failed = true;
            break;
        }
        if (stream.size() - 4 < length)
            break;
        got.frames.emplace_back(reinterpret_cast<const char*>(stream.data()) + 4, length);
        stream = stream.subspan(4 + length);
    }
    return got;
}

} // namespace
} // namespace barnabas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto cuts = given.byte();
    const auto read = read_stream(given.rest(), cuts);
    const auto expected = cut_by_hand(given.rest());
    fuzz::require(read.frames == expected.frames, "other frames than the stream holds");
    fuzz::require(read.failed == expected.failed, "a broken length was taken, or a good one refused");
    return 0;
}
