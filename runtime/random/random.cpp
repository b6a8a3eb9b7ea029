#include "runtime/random/random.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/fnv1a.hpp"

#include <bit>

namespace barnabas::runtime {

namespace {

std::uint64_t splitmix(std::uint64_t& state) noexcept {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

} // namespace

random::random(std::uint64_t seed) noexcept : seed_(seed) {
    std::uint64_t state = seed;
    for (auto& word : state_)
        word = splitmix(state);
}

std::uint64_t random::next() noexcept {
    const std::uint64_t drawn = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return drawn;
}

std::uint64_t random::below(std::uint64_t bound) noexcept {
    BARNABAS_ASSERT(bound > 0);
    // Refusing the incomplete last range keeps the draw uniform.
    const std::uint64_t refused = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t drawn = next();
        if (drawn >= refused)
            return drawn % bound;
    }
}

std::int64_t random::between(std::int64_t low, std::int64_t high) noexcept {
    BARNABAS_ASSERT(low <= high);
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t drawn = span == UINT64_MAX ? next() : below(span + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
}

bool random::chance(std::uint64_t numerator, std::uint64_t denominator) noexcept {
    return below(denominator) < numerator;
}

std::uint64_t random::log_between(std::uint64_t low, std::uint64_t high) noexcept {
    BARNABAS_ASSERT(low > 0 && low <= high);
    // Integers only: pick a power-of-two band, then uniformly inside it.
    const auto bands = static_cast<std::uint64_t>(std::bit_width(high / low));
    const std::uint64_t start = low << below(bands);
    const std::uint64_t end = start > high / 2 ? high : start * 2 - 1;
    return start + below(end - start + 1);
}

random random::split(std::string_view label) const noexcept {
    return random(stable_hash(label, seed_));
}

random random::split(std::uint64_t number) const noexcept {
    std::uint64_t state = seed_ ^ (number * 0xd6e8feb86659fd93ULL);
    return random(splitmix(state));
}

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) noexcept {
    fnv1a hash(seed);
    hash.add(bytes);
    std::uint64_t state = hash.value();
    return splitmix(state);
}

} // namespace barnabas::runtime
