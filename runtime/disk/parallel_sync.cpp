#include "runtime/disk/parallel_sync.hpp"

#include <algorithm>
#include <cerrno>
#include <liburing.h>
#include <utility>

namespace barnabas::runtime {

namespace {

constexpr unsigned entries_max = 64;

/// Made when its thread syncs for the first time.
class thread_ring {
public:
    thread_ring() : made_(io_uring_queue_init(entries_max, &ring_, 0) == 0) {}
    thread_ring(const thread_ring&) = delete;
    thread_ring& operator=(const thread_ring&) = delete;
    ~thread_ring() {
        if (made_)
            io_uring_queue_exit(&ring_);
    }
    bool made() const { return made_; }

    /// At most `entries_max`; the places that failed, each with its number.
    std::optional<parallel_sync::failure> sync(std::span<const int> descriptors) {
        for (std::size_t i = 0; i < descriptors.size(); ++i) {
            auto* entry = io_uring_get_sqe(&ring_);
            io_uring_prep_fsync(entry, descriptors[i], IORING_FSYNC_DATASYNC);
            entry->user_data = i;
        }
        std::optional<parallel_sync::failure> first;
        const auto keep = [&first](std::size_t place, int number) {
            if (!first || place < first->place)
                first = parallel_sync::failure{place, number};
        };
        std::size_t begun = 0;
        while (begun < descriptors.size()) {
            const int count = io_uring_submit(&ring_);
            if (count == -EINTR || count == -EAGAIN)
                continue;
            if (count < 0) {
                keep(begun, -count);
                break;
            }
            begun += static_cast<std::size_t>(count);
        }
        for (std::size_t done = 0; done < begun;) {
            io_uring_cqe* completion = nullptr;
            if (const int waited = io_uring_wait_cqe(&ring_, &completion); waited < 0) {
                if (waited == -EINTR)
                    continue;
                keep(0, -waited);
                break;
            }
            if (completion->res < 0)
                keep(completion->user_data, -completion->res);
            io_uring_cqe_seen(&ring_, completion);
            ++done;
        }
        return first;
    }

private:
    io_uring ring_{};
    bool made_;
};

} // namespace

bool parallel_sync::available() {
    static const bool known = [] {
        io_uring ring{};
        if (io_uring_queue_init(1, &ring, 0) != 0)
            return false;
        io_uring_queue_exit(&ring);
        return true;
    }();
    return known;
}

std::optional<std::optional<parallel_sync::failure>> parallel_sync::run(std::span<const int> descriptors) {
    if (!available())
        return std::nullopt;
    thread_local thread_ring ring;
    if (!ring.made())
        return std::nullopt;
    std::optional<failure> first;
    for (std::size_t begin = 0; begin < descriptors.size(); begin += entries_max) {
        const auto count = std::min<std::size_t>(entries_max, descriptors.size() - begin);
        auto failed = ring.sync(descriptors.subspan(begin, count));
        if (failed && !first)
            first = failure{begin + failed->place, failed->number};
    }
    return std::optional<std::optional<failure>>(std::in_place, first);
}

} // namespace barnabas::runtime
