#include "runtime/memory/zeroed_table.hpp"

#include <cstdlib>
#include <sys/mman.h>
#include <utility>

namespace barnabas::runtime {
namespace {

constexpr std::size_t huge_page = 2 << 20;

} // namespace

zeroed_table::zeroed_table(std::size_t bytes) noexcept {
    if (bytes < huge_page) {
        data_ = static_cast<std::byte*>(std::calloc(bytes, 1));
        return;
    }
    const auto whole = (bytes + huge_page - 1) / huge_page * huge_page;
    void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    // Where there are none, small pages do.
    static_cast<void>(::madvise(memory, whole, MADV_HUGEPAGE));
    data_ = static_cast<std::byte*>(memory);
    mapped_ = whole;
}

zeroed_table::zeroed_table(zeroed_table&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), mapped_(std::exchange(other.mapped_, 0)) {}

zeroed_table& zeroed_table::operator=(zeroed_table&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

zeroed_table::~zeroed_table() {
    if (mapped_ > 0)
        ::munmap(data_, mapped_);
    else
        std::free(data_);
}

} // namespace barnabas::runtime
