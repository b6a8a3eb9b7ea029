#pragma once

#include <cstdint>
#include <string_view>

namespace barnabas {

/// FNV-1a in 64 bits: a hash that is the same everywhere and for ever. Its low bits are better than its high
/// ones.
class fnv1a {
public:
    constexpr explicit fnv1a(std::uint64_t seed = 0) noexcept : hash_(0xcbf29ce484222325ULL ^ seed) {}

    constexpr void add_byte(std::uint8_t byte) noexcept { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }
    constexpr void add(std::string_view bytes) noexcept {
        for (const char one : bytes)
            add_byte(static_cast<std::uint8_t>(one));
    }
    constexpr std::uint64_t value() const noexcept { return hash_; }

private:
    std::uint64_t hash_;
};

} // namespace barnabas
