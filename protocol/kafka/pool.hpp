#pragma once

#include <array>
#include <cstddef>
#include <forward_list>
#include <memory>
#include <utility>
#include <vector>

/// Arrays of a message that is decoded all the time: they lie side by side in memory that they share, so that
/// a request costs a few allocations however its partitions are spread over topics.
namespace barnabas::kafka {

/// Memory that is given out piece by piece and returns as a whole. One decoding fills it; whoever holds an
/// array in it keeps it alive.
class message_pool {
public:
    /// The most that is given out at once. What is larger is worth an allocation of its own, which an array
    /// that grows returns.
    static constexpr std::size_t largest_piece = 32 * 1024;

    message_pool() noexcept {}
    message_pool(const message_pool&) = delete;
    message_pool& operator=(const message_pool&) = delete;

    /// At most `largest_piece` bytes, aligned for anything.
    void* take(std::size_t size);

    void hold() noexcept { ++holders_; }
    /// Ends the pool with the last of its holders.
    void release() noexcept {
        if (--holders_ == 0)
            delete this;
    }

private:
    /// Uninitialised; an aggregate would be filled with zeros.
    struct block {
        block() noexcept {}
        alignas(std::max_align_t) std::array<std::byte, largest_piece> bytes;
    };

    block first_;
    std::forward_list<block> more_;
    std::byte* free_ = first_.bytes.data();
    std::size_t free_size_ = largest_piece;
    std::size_t holders_ = 0;
};

/// Takes memory from a pool, or from the heap as long as it has none: for messages that are built by hand,
/// and for copies of arrays.
///
/// Holders are counted without a lock, which would cost as much as the allocations that are saved. So a
/// decoded message stays in one thread together with what is moved out of it; a copy may go anywhere.
template <class Element>
class pool_allocator {
public:
    using value_type = Element;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    pool_allocator() = default;
    explicit pool_allocator(message_pool* pool) noexcept : pool_(pool) { hold(); }
    template <class Other>
    pool_allocator(const pool_allocator<Other>& other) noexcept : pool_allocator(other.pool()) {}
    // Moving is copying: an allocator that is moved from must stay what it was.
    pool_allocator(const pool_allocator& other) noexcept : pool_allocator(other.pool_) {}
    pool_allocator& operator=(const pool_allocator& other) noexcept {
        pool_allocator(other).swap(*this);
        return *this;
    }
    ~pool_allocator() {
        if (pool_ != nullptr)
            pool_->release();
    }
    void swap(pool_allocator& other) noexcept { std::swap(pool_, other.pool_); }

    Element* allocate(std::size_t count) {
        if (is_pooled(count))
            return static_cast<Element*>(pool_->take(count * sizeof(Element)));
        return std::allocator<Element>().allocate(count);
    }
    void deallocate(Element* at, std::size_t count) noexcept {
        if (!is_pooled(count))
            std::allocator<Element>().deallocate(at, count);
    }
    pool_allocator select_on_container_copy_construction() const noexcept { return {}; }

    /// Null for the heap.
    message_pool* pool() const noexcept { return pool_; }
    friend bool operator==(const pool_allocator& a, const pool_allocator& b) noexcept = default;

private:
    void hold() noexcept {
        if (pool_ != nullptr)
            pool_->hold();
    }
    bool is_pooled(std::size_t count) const noexcept {
        return pool_ != nullptr && count <= message_pool::largest_piece / sizeof(Element);
    }

    message_pool* pool_ = nullptr;
};

template <class Element>
using pooled_vector = std::vector<Element, pool_allocator<Element>>;

} // namespace barnabas::kafka
