#pragma once

#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// What every fuzz target is written with. A target is one function, `LLVMFuzzerTestOneInput`: any bytes in,
/// and nothing may come of it but a return. It links with libFuzzer (clang, `-Dfuzz=true`) or with
/// `replay.cpp`.
namespace barnabas::fuzz {

/// Ends the process unless it holds, which is how a target says that it found something.
void require(bool holds, std::string_view what);

/// Draws numbers from the front of an input; when nothing is left, zeros. What it leaves is the rest.
class input {
public:
    input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    std::uint8_t byte() {
        if (rest_.empty())
            return 0;
        const auto first = rest_.front();
        rest_ = rest_.subspan(1);
        return first;
    }
    std::uint16_t number16() {
        const unsigned high = byte();
        return static_cast<std::uint16_t>((high << 8) | byte());
    }
    /// The next `size` bytes, fewer when fewer are there.
    std::span<const std::byte> take(std::size_t size);
    std::span<const std::byte> rest() const { return std::as_bytes(rest_); }
    std::string_view text() const { return {reinterpret_cast<const char*>(rest_.data()), rest_.size()}; }
    bool empty() const { return rest_.empty(); }

private:
    std::span<const std::uint8_t> rest_;
};

} // namespace barnabas::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
