#include "protocol/kafka/pool.hpp"

#include "protocol/model/assert.hpp"

namespace barnabas::kafka {

void* message_pool::take(std::size_t size) {
    BARNABAS_ASSERT(size <= largest_piece);
    constexpr std::size_t alignment = alignof(std::max_align_t);
    size = (size + alignment - 1) / alignment * alignment;
    if (size > free_size_) {
        auto& added = more_.emplace_front();
        free_ = added.bytes.data();
        free_size_ = added.bytes.size();
    }
    void* taken = free_;
    free_ += size;
    free_size_ -= size;
    return taken;
}

} // namespace barnabas::kafka
