#include "sim/world/trace.hpp"

#include <cstring>

namespace barnabas::sim {

std::uint64_t trace_checksum(std::span<const std::byte> bytes, std::uint64_t start) noexcept {
    constexpr std::uint64_t factor = 0x9fb21c651e98df25ULL;
    std::uint64_t sum = start ^ (bytes.size() * factor);
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + at, sizeof(word));
        sum = (sum ^ word) * factor;
        sum ^= sum >> 29;
    }
    if (at < bytes.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, bytes.size() - at);
        sum = (sum ^ word) * factor;
        sum ^= sum >> 29;
    }
    return sum;
}

} // namespace barnabas::sim
