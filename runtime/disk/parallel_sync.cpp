#include "runtime/disk/parallel_sync.hpp"

#include <algorithm>
#include <cerrno>
#include <liburing.h>
#include <unistd.h>
#include <utility>

namespace barnabas::runtime {

namespace {

constexpr unsigned entries_max = 64;

using failure = parallel_sync::failure;

void keep_first(std::optional<failure>& first, std::size_t place, int number) {
    if (!first || place < first->place)
        first = failure{place, number};
}

std::optional<failure> sync_one_by_one(std::span<const int> descriptors) {
    std::optional<failure> first;
    for (std::size_t place = 0; place < descriptors.size(); ++place)
        if (::fdatasync(descriptors[place]) != 0)
            keep_first(first, place, errno);
    return first;
}

/// Made when its thread syncs for the first time, and not again once it has failed: what is left in it of
/// requests that were not begun, or whose ends were not seen, would be taken for those of the next sync.
class thread_ring {
public:
    thread_ring() : made_(io_uring_queue_init(entries_max, &ring_, 0) == 0) {}
    thread_ring(const thread_ring&) = delete;
    thread_ring& operator=(const thread_ring&) = delete;
    ~thread_ring() { drop(); }
    bool made() const { return made_; }

    /// At most `entries_max`. What the ring does not take is synced one by one.
    std::optional<failure> sync(std::span<const int> descriptors) {
        std::size_t prepared = 0;
        for (; prepared < descriptors.size(); ++prepared) {
            auto* entry = io_uring_get_sqe(&ring_);
            if (entry == nullptr)
                break;
            io_uring_prep_fsync(entry, descriptors[prepared], IORING_FSYNC_DATASYNC);
            entry->user_data = prepared;
        }
        const auto begun = begin(prepared);
        auto first = wait(begun);
        if (begun < descriptors.size())
            drop();
        if (auto failed = sync_one_by_one(descriptors.subspan(begun)))
            keep_first(first, begun + failed->place, failed->number);
        return first;
    }

private:
    /// How many the system has taken, always the first ones.
    std::size_t begin(std::size_t prepared) {
        std::size_t begun = 0;
        for (int refusals = 0; begun < prepared && refusals < refusals_max;) {
            const int count = io_uring_submit(&ring_);
            if (count > 0)
                begun += static_cast<std::size_t>(count);
            else if (count == 0 || count == -EINTR || count == -EAGAIN)
                ++refusals;
            else
                break;
        }
        return begun;
    }

    std::optional<failure> wait(std::size_t begun) {
        std::optional<failure> first;
        for (std::size_t done = 0; done < begun;) {
            io_uring_cqe* completion = nullptr;
            const int waited = io_uring_wait_cqe(&ring_, &completion);
            if (waited == -EINTR)
                continue;
            if (waited < 0) {
                // Nobody knows how the others end.
                drop();
                keep_first(first, 0, -waited);
                return first;
            }
            if (completion->res < 0)
                keep_first(first, completion->user_data, -completion->res);
            io_uring_cqe_seen(&ring_, completion);
            ++done;
        }
        return first;
    }

    void drop() {
        if (std::exchange(made_, false))
            io_uring_queue_exit(&ring_);
    }

    /// In a row of tries that the system has no memory for.
    static constexpr int refusals_max = 16;

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
        const auto some = descriptors.subspan(begin, count);
        // It may have failed with the last ones.
        auto failed = ring.made() ? ring.sync(some) : sync_one_by_one(some);
        if (failed && !first)
            first = failure{begin + failed->place, failed->number};
    }
    return std::optional<std::optional<failure>>(std::in_place, first);
}

} // namespace barnabas::runtime
