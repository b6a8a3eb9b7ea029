#include "actors/replica/log/index_search.hpp"

#include "runtime/disk/steady_read.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

/// Below so many bytes one read is cheaper than more steps.
constexpr std::uint64_t block_bytes = 4096;
constexpr std::uint64_t index_bytes_max = 0x7fffffff;

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

result<std::optional<std::vector<std::byte>>>
find_last_entry(runtime::file_system& files, runtime::file_id index, std::size_t entry_size,
                const std::function<bool(const std::byte*)>& fits) {
    using entry = std::optional<std::vector<std::byte>>;
    auto size = files.size(index);
    if (!size)
        return size.failure();
    std::uint64_t low = 0;
    std::uint64_t high = std::min(*size, index_bytes_max) / entry_size;
    while ((high - low) * entry_size > block_bytes) {
        const auto middle = low + (high - low) / 2;
        auto bytes = read_bytes(files, index, middle * entry_size, entry_size);
        if (!bytes)
            return bytes.failure();
        const bool below = bytes->size() == entry_size && fits(bytes->data());
        (below ? low : high) = middle;
    }
    auto block = read_bytes(files, index, low * entry_size, (high - low) * entry_size);
    if (!block)
        return block.failure();
    entry last;
    for (std::size_t at = 0; at + entry_size <= block->size() && fits(block->data() + at); at += entry_size)
        last.emplace(block->data() + at, block->data() + at + entry_size);
    return last;
}

result<std::vector<std::byte>> read_index(runtime::file_system& files, runtime::file_id index) {
    auto size = files.size(index);
    if (!size)
        return size.failure();
    // What is made of it is written down, and has no checksum that could tell.
    std::vector<std::byte> bytes(std::min(*size, index_bytes_max));
    auto read = runtime::read_steadily(files, index, file_position(0), bytes);
    if (!read)
        return read.failure();
    bytes.resize(read->count);
    return bytes;
}

} // namespace barnabas::replica
