#include "actors/replica/log/offset_index.hpp"

#include "actors/replica/log/index_search.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/model/assert.hpp"
#include "runtime/disk/steady_read.hpp"

#include <array>

namespace barnabas::replica {
namespace {

offset_entry offset_entry_at(const std::byte* from, log_offset base) {
    const auto relative = batch::load_big_endian<std::uint32_t>(from);
    const auto position = batch::load_big_endian<std::uint32_t>(from + 4);
    return {base + std::int64_t{relative}, file_position(position)};
}

} // namespace

void put_offset_entry(std::vector<std::byte>& to, log_offset base, const offset_entry& entry) {
    const auto relative = entry.offset - base;
    BARNABAS_ASSERT(relative >= 0 && relative <= 0x7fffffff);
    BARNABAS_ASSERT(entry.position.get() <= 0x7fffffff);
    const auto at = to.size();
    to.resize(at + offset_entry_size);
    batch::store_big_endian(to.data() + at, static_cast<std::int32_t>(relative));
    batch::store_big_endian(to.data() + at + 4, static_cast<std::int32_t>(entry.position.get()));
}

result<indexed_position> look_up_position(runtime::file_system& files, runtime::file_id index,
                                          const readable_range& log, log_offset offset) {
    auto found = find_entries(files, index, offset_entry_size, [&](const std::byte* bytes) {
        return offset_entry_at(bytes, log.base_offset).offset <= offset;
    });
    if (!found)
        return found.failure();
    indexed_position place{file_position(0), log.base_offset};
    offset_entry last{log.base_offset - 1, file_position(0)};
    for (std::size_t at = 0; at < found->bytes.size(); at += offset_entry_size) {
        const auto entry = offset_entry_at(found->bytes.data() + at, log.base_offset);
        place.in_order &= entry.offset > last.offset && entry.position > last.position;
        last = entry;
        if (at / offset_entry_size < found->fitting)
            place = {entry.position, entry.offset, place.in_order};
    }
    place.in_order &= last.position.get() < log.size;
    if (place.position.get() >= log.size)
        place = {file_position(0), log.base_offset, place.in_order};
    return place;
}

result<file_position> find_position(runtime::file_system& files, runtime::file_id index,
                                    const readable_range& log, log_offset offset) {
    auto found = look_up_position(files, index, log, offset);
    return found ? result<file_position>(found->position) : result<file_position>(found.failure());
}

result<std::optional<offset_entry>> last_offset_entry(runtime::file_system& files, runtime::file_id index,
                                                      log_offset base) {
    auto size = files.size(index);
    if (!size)
        return size.failure();
    if (*size < offset_entry_size)
        return std::optional<offset_entry>{};
    std::array<std::byte, offset_entry_size> bytes;
    const auto position = *size / offset_entry_size * offset_entry_size - offset_entry_size;
    auto got = runtime::read_steadily(files, index, file_position(position), bytes);
    if (!got)
        return got.failure();
    if (got->count != bytes.size())
        return std::optional<offset_entry>{};
    return std::optional(offset_entry_at(bytes.data(), base));
}

result<std::vector<offset_entry>> sound_offset_entries(runtime::file_system& files, runtime::file_id index,
                                                       const readable_range& log, log_offset end) {
    auto bytes = read_index(files, index);
    if (!bytes)
        return bytes.failure();
    std::vector<offset_entry> sound;
    for (std::size_t at = 0; at + offset_entry_size <= bytes->size(); at += offset_entry_size) {
        const auto entry = offset_entry_at(bytes->data() + at, log.base_offset);
        const auto last = sound.empty() ? offset_entry{log.base_offset - 1, file_position(0)} : sound.back();
        // Kafka's preallocated zeros end here, too: no entry is made for the batch at position 0.
        if (entry.offset <= last.offset || entry.position <= last.position || entry.offset >= end ||
            entry.position.get() >= log.size)
            break;
        sound.push_back(entry);
    }
    return sound;
}

} // namespace barnabas::replica
