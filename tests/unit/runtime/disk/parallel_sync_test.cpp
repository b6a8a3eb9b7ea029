#include "runtime/disk/parallel_sync.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <liburing.h>
#include <optional>
#include <thread>
#include <unistd.h>
#include <vector>

/// The linker puts these in the place of the library's own: they refuse as often as a test wishes.
namespace {
thread_local int submits_refused = 0;
thread_local int refusal = 0;
thread_local bool waits_fail = false;
} // namespace

extern "C" {
int __real_io_uring_submit(io_uring* ring);
int __real___io_uring_get_cqe(io_uring* ring, io_uring_cqe** cqe, unsigned submit, unsigned wait,
                              sigset_t* mask);
int __wrap_io_uring_submit(io_uring* ring) {
    if (submits_refused > 0) {
        --submits_refused;
        return refusal;
    }
    return __real_io_uring_submit(ring);
}
int __wrap___io_uring_get_cqe(io_uring* ring, io_uring_cqe** cqe, unsigned submit, unsigned wait,
                              sigset_t* mask) {
    return waits_fail ? -EIO : __real___io_uring_get_cqe(ring, cqe, submit, wait, mask);
}
}

namespace barnabas::runtime::parallel_sync_test {
namespace {

/// On a thread, and so a ring, of its own.
template <class Test>
void with_a_ring(const Test& test) {
    if (!parallel_sync::available())
        GTEST_SKIP() << "this kernel refuses io_uring";
    scratch_directory directory;
    const int descriptor = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY);
    std::thread(test, std::vector<int>(100, descriptor)).join();
    ::close(descriptor);
}

constexpr int not_a_descriptor = 1'000'000;

TEST(parallel_sync, a_ring_that_is_refused_for_a_while_goes_on) {
    with_a_ring([](const std::vector<int>& descriptors) {
        submits_refused = 3;
        refusal = -EAGAIN;
        const auto done = parallel_sync::run(descriptors);
        ASSERT_TRUE(done);
        EXPECT_FALSE(*done);
        EXPECT_TRUE(parallel_sync::run(descriptors));
    });
}

TEST(parallel_sync, what_a_ring_does_not_take_is_synced_without_it_and_the_ring_is_given_up) {
    for (const int number : {EAGAIN, EBUSY, EBADFD})
        with_a_ring([number](std::vector<int> descriptors) {
            descriptors[90] = not_a_descriptor;
            submits_refused = 1'000'000;
            refusal = -number;
            const auto done = parallel_sync::run(descriptors);
            ASSERT_TRUE(done && *done) << number;
            EXPECT_EQ((*done)->place, 90u);
            EXPECT_EQ((*done)->number, EBADF);
            submits_refused = 0;
            EXPECT_FALSE(parallel_sync::run(descriptors)) << "the caller does it one by one";
        });
}

TEST(parallel_sync, syncs_whose_ends_are_not_seen_have_failed) {
    with_a_ring([](const std::vector<int>& descriptors) {
        waits_fail = true;
        const auto done = parallel_sync::run(descriptors);
        ASSERT_TRUE(done && *done);
        EXPECT_EQ((*done)->number, EIO);
        waits_fail = false;
        EXPECT_FALSE(parallel_sync::run(descriptors)) << "it would see the ends of the first ones";
    });
}

} // namespace
} // namespace barnabas::runtime::parallel_sync_test
