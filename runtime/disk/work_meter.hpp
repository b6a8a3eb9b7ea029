#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace barnabas::runtime {

/// How much of the work of many jobs is done: each counts its part up as it goes, on whatever thread it runs,
/// and anybody may look. Only for people: nothing is decided by it.
class work_meter {
public:
    struct reading {
        std::uint64_t done = 0;
        std::uint64_t expected = 0;

        friend bool operator==(const reading&, const reading&) = default;
    };

    void expect(std::uint64_t more) noexcept { expected_.fetch_add(more, std::memory_order_relaxed); }
    void advance(std::uint64_t by) noexcept { done_.fetch_add(by, std::memory_order_relaxed); }
    /// The two are of about the same moment.
    reading now() const noexcept {
        const auto done = done_.load(std::memory_order_relaxed);
        return {done, std::max(done, expected_.load(std::memory_order_relaxed))};
    }

private:
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> expected_{0};
};

/// The work of one job, as far as it was known beforehand: the meter expects it already.
struct expected_work {
    std::shared_ptr<work_meter> meter;
    std::uint64_t amount = 0;
};

/// One job's part of a meter, or of none. What turns out to be more than was expected is added; what turns
/// out to be less, or is given up, counts as done with the job's end.
class work_share {
public:
    explicit work_share(expected_work expected) noexcept : expected_(std::move(expected)) {}
    ~work_share() { advance(expected_.amount - done_); }
    work_share(const work_share&) = delete;
    work_share& operator=(const work_share&) = delete;

    void expect(std::uint64_t more) noexcept {
        expected_.amount += more;
        if (expected_.meter)
            expected_.meter->expect(more);
    }
    void advance(std::uint64_t by) noexcept {
        if (by > expected_.amount - done_)
            expect(by - (expected_.amount - done_));
        done_ += by;
        if (expected_.meter)
            expected_.meter->advance(by);
    }

private:
    expected_work expected_;
    std::uint64_t done_ = 0;
};

} // namespace barnabas::runtime
