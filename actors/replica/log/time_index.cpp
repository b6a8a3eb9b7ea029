#include "actors/replica/log/time_index.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/index_search.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/steady_read.hpp"

#include <array>
#include <utility>

namespace barnabas::replica {
namespace {

time_point time_entry_at(const std::byte* from, log_offset base) {
    const auto timestamp = batch::load_big_endian<std::int64_t>(from);
    const auto relative = batch::load_big_endian<std::uint32_t>(from + 8);
    return {timestamp_ms(timestamp), base + std::int64_t{relative}};
}

/// The last entry that fits; the first ones fit, up to some place.
template <class Fits>
result<found_time_entry> last_that(runtime::file_system& files, runtime::file_id index, log_offset base,
                                   const Fits& fits) {
    auto found = find_entries(files, index, time_entry_size,
                              [&](const std::byte* bytes) { return fits(time_entry_at(bytes, base)); });
    if (!found)
        return found.failure();
    found_time_entry place;
    time_point last{timestamp_ms(-1), base};
    for (std::size_t at = 0; at < found->bytes.size(); at += time_entry_size) {
        const auto entry = time_entry_at(found->bytes.data() + at, base);
        place.in_order &= entry.timestamp > last.timestamp && entry.offset >= last.offset;
        last = entry;
        if (at / time_entry_size < found->fitting)
            place.before = std::exchange(place.entry, entry);
    }
    return place;
}

/// A batch of which the time rotted says nothing of an index.
result<bool> is_sound(runtime::file_system& files, runtime::file_id log, const located_batch& batch) {
    std::array<std::byte, 8192> window;
    auto checked = check_crc_in_parts(files, log, batch, window);
    if (!checked && !is_damage(checked.code()))
        return checked.failure();
    return checked.has_value();
}

} // namespace

void put_time_entry(std::vector<std::byte>& to, log_offset base, const time_point& entry) {
    const auto relative = entry.offset - base;
    BARNABAS_ASSERT(relative >= 0 && relative <= 0x7fffffff);
    const auto at = to.size();
    to.resize(at + time_entry_size);
    batch::store_big_endian(to.data() + at, entry.timestamp.get());
    batch::store_big_endian(to.data() + at + 8, static_cast<std::int32_t>(relative));
}

result<found_time_entry> find_entry_before(runtime::file_system& files, runtime::file_id index,
                                           log_offset base, timestamp_ms timestamp) {
    return last_that(files, index, base,
                     [&](const time_point& entry) { return entry.timestamp < timestamp; });
}

result<found_time_entry> find_entry_of_largest(runtime::file_system& files, runtime::file_id index,
                                               log_offset base, log_offset upto) {
    return last_that(files, index, base, [&](const time_point& entry) { return entry.offset < upto; });
}

result<std::optional<file_position>> confirm_time_entry(runtime::file_system& files, runtime::file_id log,
                                                        std::uint64_t log_size, file_position hint,
                                                        const time_point& entry) {
    using place = std::optional<file_position>;
    batch_walk walk(files, log, hint, log_size);
    for (;;) {
        auto located = walk.next();
        if (!located)
            return is_damage(located.code()) ? result<place>(place()) : result<place>(located.failure());
        if (!*located || (*located)->header.base_offset > entry.offset)
            return place();
        const auto& header = (*located)->header;
        if (header.last_offset() >= entry.offset)
            return header.max_timestamp == entry.timestamp ? place((*located)->position) : place();
        if (header.record_count <= 0 || header.max_timestamp <= entry.timestamp)
            continue;
        auto younger = is_sound(files, log, **located);
        if (!younger)
            return younger.failure();
        if (BARNABAS_MARK_IF(*younger, time_entry_behind_younger))
            return place();
    }
}

result<std::vector<time_point>> sound_time_entries(runtime::file_system& files, runtime::file_id index,
                                                   log_offset base, log_offset end) {
    auto bytes = read_index(files, index);
    if (!bytes)
        return bytes.failure();
    std::vector<time_point> sound;
    bool is_cut = false;
    for (std::size_t at = 0; at + time_entry_size <= bytes->size(); at += time_entry_size) {
        const auto entry = time_entry_at(bytes->data() + at, base);
        const auto last = sound.empty() ? time_point{timestamp_ms(-1), base} : sound.back();
        const bool fits =
            entry.timestamp > last.timestamp && entry.offset >= last.offset && entry.offset < end;
        if (fits && is_cut)
            return std::vector<time_point>{};
        is_cut |= !fits;
        if (fits)
            sound.push_back(entry);
    }
    return sound;
}

result<std::optional<time_point>> last_time_entry(runtime::file_system& files, runtime::file_id index,
                                                  log_offset base) {
    auto size = files.size(index);
    if (!size)
        return size.failure();
    if (*size < time_entry_size)
        return std::optional<time_point>{};
    std::array<std::byte, time_entry_size> bytes;
    const auto position = *size / time_entry_size * time_entry_size - time_entry_size;
    auto got = runtime::read_steadily(files, index, file_position(position), bytes);
    if (!got)
        return got.failure();
    if (got->count != bytes.size())
        return std::optional<time_point>{};
    return std::optional(time_entry_at(bytes.data(), base));
}

} // namespace barnabas::replica
