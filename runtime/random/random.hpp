#pragma once

#include <cstdint>
#include <string_view>

namespace barnabas::runtime {

/// One stream of pseudo-random numbers (xoshiro256++, seeded by splitmix64). The same seed gives the same
/// numbers everywhere; the standard library's distributions do not, so the draws below are our own.
/// Not shared between actors: each takes its own stream by `split`.
class random {
public:
    explicit random(std::uint64_t seed) noexcept;

    std::uint64_t next() noexcept;
    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound) noexcept;
    /// Uniform in [low, high]; low <= high.
    std::int64_t between(std::int64_t low, std::int64_t high) noexcept;
    /// True in `numerator` of `denominator` draws.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept;
    /// Log-uniform in [low, high]; 0 < low <= high. For durations and sizes over several magnitudes.
    std::uint64_t log_between(std::uint64_t low, std::uint64_t high) noexcept;

    /// An independent stream named `label`: adding draws to one stream leaves the others as they were.
    random split(std::string_view label) const noexcept;
    random split(std::uint64_t number) const noexcept;
    /// What this stream was made of: `random(seed())` is it from its beginning.
    std::uint64_t seed() const noexcept { return seed_; }

private:
    std::uint64_t seed_;
    std::uint64_t state_[4];
};

/// A well-mixed 64-bit hash of bytes that is the same on every machine (FNV-1a with a final avalanche).
std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0) noexcept;

} // namespace barnabas::runtime
