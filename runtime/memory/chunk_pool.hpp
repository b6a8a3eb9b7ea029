#pragma once

#include "protocol/model/slice.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace barnabas::runtime {

/// Large chunks that are used again. Memory that the system gives anew costs a page fault for every 4 KiB of
/// it, which takes longer than to fill it, and lies in no cache. From any thread.
class chunk_pool : public std::enable_shared_from_this<chunk_pool> {
public:
    /// `kept_bytes_max`: what it keeps beside what is in use.
    explicit chunk_pool(std::size_t kept_bytes_max) : kept_bytes_max_(kept_bytes_max) {}

    /// Uninitialised memory of at least `size` bytes; it comes back when its last slice dies. Small ones are
    /// the heap's.
    std::shared_ptr<chunk> take(std::size_t size);

    std::size_t kept_bytes() const;

private:
    std::shared_ptr<chunk> take_kept(std::size_t size);
    void give_back(std::shared_ptr<chunk> unused);

    const std::size_t kept_bytes_max_;
    mutable std::mutex mutex_;
    /// What came back last is the last one: of it most is in the caches.
    std::vector<std::shared_ptr<chunk>> kept_;
    std::size_t kept_bytes_ = 0;
};

} // namespace barnabas::runtime
