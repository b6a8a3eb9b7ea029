#include "actors/replica/log/index_search.hpp"

#include "runtime/disk/steady_read.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::replica {
namespace {

/// Below so many bytes one read is cheaper than more steps.
constexpr std::uint64_t block_bytes = 4096;
constexpr std::uint64_t searched_bytes_max = 0x7fffffff;

result<std::vector<std::byte>> read_bytes(runtime::file_system& files, runtime::file_id index,
                                          std::uint64_t position, std::uint64_t count) {
    std::vector<std::byte> bytes(count);
    auto got = files.read(index, file_position(position), bytes);
    if (!got)
        return got.failure();
    bytes.resize(*got);
    return bytes;
}

} // namespace

result<found_entries> find_entries(runtime::file_system& files, runtime::file_id index,
                                   std::size_t entry_size,
                                   const std::function<bool(const std::byte*)>& fits) {
    auto size = files.size(index);
    if (!size)
        return size.failure();
    const auto count = std::min(*size, searched_bytes_max) / entry_size;
    std::uint64_t low = 0;
    std::uint64_t high = count;
    while ((high - low) * entry_size > block_bytes) {
        const auto middle = low + (high - low) / 2;
        auto bytes = read_bytes(files, index, middle * entry_size, entry_size);
        if (!bytes)
            return bytes.failure();
        const bool below = bytes->size() == entry_size && fits(bytes->data());
        (below ? low : high) = middle;
    }
    // Of the neighbours the caller may see that an entry is not where it belongs.
    low -= low > 0 ? 1 : 0;
    high += high < count ? 1 : 0;
    auto block = read_bytes(files, index, low * entry_size, (high - low) * entry_size);
    if (!block)
        return block.failure();
    found_entries found{std::move(*block)};
    found.bytes.resize(found.bytes.size() / entry_size * entry_size);
    const auto there = found.bytes.size() / entry_size;
    while (found.fitting < there && fits(found.bytes.data() + found.fitting * entry_size))
        ++found.fitting;
    return found;
}

result<std::vector<std::byte>> read_index(runtime::file_system& files, runtime::file_id index) {
    auto size = files.size(index);
    if (!size)
        return size.failure();
    // What is made of it is written down, and has no checksum that could tell.
    std::vector<std::byte> bytes(std::min(*size, searched_bytes_max));
    auto read = runtime::read_steadily(files, index, file_position(0), bytes);
    if (!read)
        return read.failure();
    bytes.resize(read->count);
    return bytes;
}

} // namespace barnabas::replica
