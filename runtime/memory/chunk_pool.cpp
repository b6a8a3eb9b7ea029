#include "runtime/memory/chunk_pool.hpp"

#include <bit>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace barnabas::runtime {

namespace {

/// From here on the heap asks the system for each.
constexpr std::size_t pooled_bytes_min = 128 * 1024;
/// A small answer that somebody keeps must not hold a large chunk.
constexpr std::size_t waste_max = 2;

constexpr std::size_t huge_page = 2 << 20;
/// What the heap and the chunk itself need of a block, and more.
constexpr std::size_t block_front = 256;

/// So that sizes that are nearly alike share their memory: what is not written to is no memory yet. Large
/// ones fill whole huge pages, which cost one fault each and few walks through the page tables.
std::size_t capacity_for(std::size_t size) {
    if (size >= huge_page / 2)
        return (size + block_front + huge_page - 1) / huge_page * huge_page - block_front;
    const std::size_t step = std::bit_floor(size) / 4;
    return (size + step - 1) / step * step;
}

std::shared_ptr<chunk> anew(std::size_t size) {
    auto made = chunk::allocate(capacity_for(size));
    if (made->capacity() >= huge_page / 2) {
        constexpr std::uintptr_t page = 4096;
        const auto first = reinterpret_cast<std::uintptr_t>(made->data()) / page * page;
        // Where there are none, small pages do.
        static_cast<void>(
            ::madvise(reinterpret_cast<void*>(first), made->capacity() + block_front, MADV_HUGEPAGE));
    }
    return made;
}

} // namespace

std::shared_ptr<chunk> chunk_pool::take(std::size_t size) {
    if (size < pooled_bytes_min)
        return chunk::allocate(size);
    auto memory = take_kept(size);
    if (memory == nullptr)
        memory = anew(size);
    auto* const at = memory.get();
    auto back = [memory = std::move(memory), pool = weak_from_this()](chunk*) mutable {
        if (const auto here = pool.lock())
            here->give_back(std::move(memory));
    };
    return {at, std::move(back)};
}

std::shared_ptr<chunk> chunk_pool::take_kept(std::size_t size) {
    std::lock_guard guard(mutex_);
    const auto most = waste_max * capacity_for(size);
    auto best = kept_.end();
    for (auto one = kept_.begin(); one != kept_.end(); ++one) {
        const std::size_t capacity = (*one)->capacity();
        if (capacity >= size && capacity <= most && (best == kept_.end() || capacity <= (*best)->capacity()))
            best = one;
    }
    if (best == kept_.end())
        return nullptr;
    auto memory = std::move(*best);
    kept_.erase(best);
    kept_bytes_ -= memory->capacity();
    return memory;
}

/// The oldest go first: their sizes are the ones that nobody asks for.
void chunk_pool::give_back(std::shared_ptr<chunk> unused) {
    std::vector<std::shared_ptr<chunk>> dying;
    std::lock_guard guard(mutex_);
    kept_bytes_ += unused->capacity();
    kept_.push_back(std::move(unused));
    auto keep = kept_.begin();
    for (; kept_bytes_ > kept_bytes_max_; ++keep) {
        kept_bytes_ -= (*keep)->capacity();
        dying.push_back(std::move(*keep));
    }
    kept_.erase(kept_.begin(), keep);
}

std::size_t chunk_pool::kept_bytes() const {
    std::lock_guard guard(mutex_);
    return kept_bytes_;
}

} // namespace barnabas::runtime
