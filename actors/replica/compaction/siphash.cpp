#include "actors/replica/compaction/siphash.hpp"

#include <bit>
#include <cstring>

namespace barnabas::replica {
namespace {

/// The four words of the state, and the rounds over them.
struct state {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t c;
    std::uint64_t d;

    void round() noexcept {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32) + d;
        c += b;
        d = std::rotl(d, 21) ^ a;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    void take(std::uint64_t word) noexcept {
        d ^= word;
        round();
        round();
        a ^= word;
    }
    std::uint64_t finish() noexcept {
        for (int i = 0; i < 4; ++i)
            round();
        return a ^ b ^ c ^ d;
    }
};

std::uint64_t little_endian(const std::byte* from, std::size_t count) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    if constexpr (std::endian::native == std::endian::big)
        word = __builtin_bswap64(word);
    return word;
}

} // namespace

hash_128 siphash(std::span<const std::byte> bytes, const siphash_key& key) noexcept {
    constexpr std::size_t word_bytes = 8;
    // The constants are the ASCII of "somepseudorandomlygeneratedbytes".
    state words{key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d ^ 0xee,
                key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= word_bytes; left -= word_bytes, at += word_bytes)
        words.take(little_endian(at, word_bytes));
    const auto length = static_cast<std::uint64_t>(bytes.size()) << 56;
    words.take(length | (left == 0 ? 0 : little_endian(at, left)));
    words.c ^= 0xee;
    hash_128 hash;
    hash.low = words.finish();
    words.b ^= 0xdd;
    hash.high = words.finish();
    return hash;
}

} // namespace barnabas::replica
