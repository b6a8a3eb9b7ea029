#pragma once

#include <cstddef>

namespace barnabas::runtime {

/// Memory for one large table that is looked into at random places: zeros at first, aligned for any type,
/// with huge pages where the system has them. Small pages cost a walk through the page tables for nearly
/// each look, before the look costs a cache miss, and a prefetch waits for that walk.
class zeroed_table {
public:
    zeroed_table() = default;
    /// `data` is null when there was no memory.
    explicit zeroed_table(std::size_t bytes) noexcept;
    zeroed_table(zeroed_table&& other) noexcept;
    zeroed_table& operator=(zeroed_table&& other) noexcept;
    ~zeroed_table();

    std::byte* data() const noexcept { return data_; }

private:
    std::byte* data_ = nullptr;
    /// None: it came from the heap.
    std::size_t mapped_ = 0;
};

} // namespace barnabas::runtime
