#include "tests/unit/protocol/batch/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

} // namespace

// In a file of its own, so that the compiler does not pair an inlined half with the library's other half.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

std::size_t barnabas::batch::allocations_so_far() noexcept {
    return allocations;
}
