#include "protocol/model/slice.hpp"

#include "protocol/model/assert.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace barnabas {

namespace {

/// A chunk, its bytes and what counts its owners lie in one block: every request takes and gives back two of
/// them. The front of a block is the counter's, the chunk and its bytes follow.
constexpr std::size_t counter_room = 64;

/// Where the counter of a chunk lives, and so the last to go.
template <class Counter>
struct block_allocator {
    using value_type = Counter;

    explicit block_allocator(std::byte* at) noexcept : block(at) {}
    template <class Other>
    block_allocator(const block_allocator<Other>& other) noexcept : block(other.block) {}

    Counter* allocate(std::size_t count) noexcept {
        static_assert(sizeof(Counter) <= counter_room && alignof(Counter) <= alignof(std::max_align_t));
        BARNABAS_ASSERT(count == 1);
        return reinterpret_cast<Counter*>(block);
    }
    void deallocate(Counter*, std::size_t) noexcept { std::free(block); }

    std::byte* block;
};

struct chunk_end {
    void operator()(chunk* ended) const noexcept { ended->~chunk(); }
};

} // namespace

std::shared_ptr<chunk> chunk::allocate(std::size_t capacity) {
    constexpr std::size_t head = counter_room + sizeof(chunk);
    static_assert(head % alignof(std::max_align_t) == 0);
    auto* block = static_cast<std::byte*>(std::malloc(head + capacity));
    BARNABAS_ASSERT(block != nullptr);
    auto* made = new (block + counter_room) chunk(block + head, capacity);
    return std::shared_ptr<chunk>(made, chunk_end{}, block_allocator<chunk>(block));
}

chunk::~chunk() = default;

slice::slice(std::shared_ptr<chunk> owner, std::size_t offset, std::size_t size)
    : owner_(std::move(owner)), size_(size) {
    BARNABAS_ASSERT(owner_ != nullptr);
    BARNABAS_ASSERT(offset <= owner_->capacity() && size <= owner_->capacity() - offset);
    data_ = owner_->data() + offset;
}

slice slice::copy_of(std::span<const std::byte> bytes) {
    auto owner = chunk::allocate(bytes.size());
    if (!bytes.empty())
        std::memcpy(owner->data(), bytes.data(), bytes.size());
    return slice(std::move(owner), 0, bytes.size());
}

slice slice::copy_of(std::string_view text) {
    return copy_of(std::as_bytes(std::span(text.data(), text.size())));
}

slice slice::of_static(std::span<const std::byte> bytes) noexcept {
    slice view;
    view.data_ = bytes.data();
    view.size_ = bytes.size();
    return view;
}

slice slice::sub(std::size_t offset, std::size_t size) const {
    BARNABAS_ASSERT(offset <= size_ && size <= size_ - offset);
    slice part = *this;
    part.data_ += offset;
    part.size_ = size;
    return part;
}

bool operator==(const slice& a, const slice& b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
}

std::size_t total_size(std::span<const slice> parts) noexcept {
    std::size_t total = 0;
    for (const auto& part : parts)
        total += part.size();
    return total;
}

slice join(std::span<const slice> parts) {
    if (parts.size() == 1)
        return parts.front();
    auto owner = chunk::allocate(total_size(parts));
    std::size_t at = 0;
    for (const auto& part : parts) {
        if (!part.empty())
            std::memcpy(owner->data() + at, part.data(), part.size());
        at += part.size();
    }
    return slice(std::move(owner), 0, at);
}

} // namespace barnabas
