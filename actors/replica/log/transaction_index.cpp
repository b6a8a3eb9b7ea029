#include "actors/replica/log/transaction_index.hpp"

#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/mark.hpp"

namespace barnabas::replica {
namespace {

constexpr std::uint64_t index_bytes_max = 256 << 20;

template <class Number>
void put(std::vector<std::byte>& to, Number number) {
    to.resize(to.size() + sizeof(number));
    batch::store_big_endian(to.data() + to.size() - sizeof(number), number);
}

result<slice> read_steadily(runtime::file_system& files, const std::string& path) {
    auto before = read_small_file(files, path, index_bytes_max);
    for (int look = 2; look <= looks_max && before; ++look) {
        auto now = read_small_file(files, path, index_bytes_max);
        if (!now || *now == *before)
            return now;
        BARNABAS_MARK(transaction_index_looked_at_again);
        before = std::move(now);
    }
    return before;
}

} // namespace

void put_transaction_entry(std::vector<std::byte>& to, const aborted_transaction& entry) {
    put(to, std::int16_t{0});
    put(to, entry.producer.get());
    put(to, entry.first_offset.get());
    put(to, entry.last_offset.get());
    put(to, entry.last_stable_offset.get());
}

std::vector<std::byte> encode_transaction_index(std::span<const aborted_transaction> entries) {
    std::vector<std::byte> bytes;
    for (const auto& entry : entries)
        put_transaction_entry(bytes, entry);
    return bytes;
}

std::vector<aborted_transaction> decode_transaction_index(std::span<const std::byte> bytes) {
    std::vector<aborted_transaction> entries;
    for (; bytes.size() >= transaction_entry_size; bytes = bytes.subspan(transaction_entry_size)) {
        const auto number = [&](std::size_t at) {
            return batch::load_big_endian<std::int64_t>(bytes.data() + 2 + 8 * at);
        };
        aborted_transaction entry{producer_id(number(0)), log_offset(number(1)), log_offset(number(2)),
                                  log_offset(number(3))};
        // The marker comes behind at least one record; so zeros, of a tail that was torn off, are no entry.
        const bool sensible = batch::load_big_endian<std::int16_t>(bytes.data()) == 0 &&
                              entry.producer.get() >= 0 && entry.first_offset.get() >= 0 &&
                              entry.first_offset < entry.last_offset;
        if (!sensible)
            break;
        entries.push_back(entry);
    }
    return entries;
}

result<std::vector<aborted_transaction>> read_transaction_index(runtime::file_system& files,
                                                                const std::string& path) {
    auto bytes = read_steadily(files, path);
    if (bytes.code() == errc::not_found)
        return std::vector<aborted_transaction>{};
    if (!bytes)
        return bytes.failure();
    return decode_transaction_index(bytes->bytes());
}

/// Its key: int16 version, int16 kind.
marker_kind kind_of_marker(const batch::batch_view& marker) {
    constexpr std::size_t key_bytes = 4;
    auto records = batch::record_reader::open(marker);
    if (!records)
        return marker_kind::other;
    auto record = records->next();
    if (!record || *record == nullptr || !(*record)->key || (*record)->key->size() < key_bytes)
        return marker_kind::other;
    switch (batch::load_big_endian<std::int16_t>((*record)->key->data() + 2)) {
    case 0: return marker_kind::abort;
    case 1: return marker_kind::commit;
    default: return marker_kind::other;
    }
}

/// Its value: int16 version, int32 epoch.
std::int32_t coordinator_epoch_of(const batch::batch_view& marker) {
    constexpr std::size_t value_bytes = 6;
    auto records = batch::record_reader::open(marker);
    if (!records)
        return -1;
    auto record = records->next();
    if (!record || *record == nullptr || !(*record)->value || (*record)->value->size() < value_bytes)
        return -1;
    return batch::load_big_endian<std::int32_t>((*record)->value->data() + 2);
}

result<void> write_transaction_entries(runtime::file_system& files, const std::string& path,
                                       file_position position, const slice& entries) {
    auto file = open_scoped(files, path, runtime::open_mode::create);
    if (!file)
        return file.failure();
    if (position.get() == 0)
        if (auto emptied = files.truncate(file->id(), 0); !emptied)
            return emptied;
    return files.write(file->id(), position, std::span(&entries, 1));
}

result<void> cut_transaction_index(runtime::file_system& files, const std::string& path, std::uint64_t size) {
    if (size == 0)
        return remove_if_present(files, path);
    auto file = open_scoped(files, path, runtime::open_mode::read_write);
    if (!file)
        return file.failure();
    if (auto cut = files.truncate(file->id(), size); !cut)
        return cut;
    const auto id = file->id();
    return files.sync(std::span(&id, 1));
}

result<void> sync_transaction_indexes(runtime::file_system& files, const std::string& directory,
                                      std::span<const log_offset> segments) {
    if (segments.empty())
        return {};
    std::vector<scoped_file> opened;
    std::vector<runtime::file_id> ids;
    for (const auto base : segments) {
        const auto path = segment_path(directory, base, transaction_index_suffix);
        auto file = open_scoped(files, path, runtime::open_mode::read_write);
        if (file.code() == errc::not_found)
            continue;
        if (!file)
            return file.failure();
        ids.push_back(file->id());
        opened.push_back(std::move(*file));
    }
    if (auto synced = files.sync(ids); !synced)
        return synced;
    return files.sync_directory(directory);
}

namespace {

/// What the machine knows of the index decides, not whether its bytes make sense.
result<slice> vouched_bytes(runtime::file_system& files, const std::string& path,
                            const transaction_source& source) {
    for (int look = 1;; ++look) {
        auto bytes = source.crc ? read_small_file(files, path, index_bytes_max) : read_steadily(files, path);
        const bool gone = bytes.code() == errc::not_found || (bytes && bytes->size() < source.size);
        if (BARNABAS_MARK_IF(gone, transaction_index_exchanged))
            return error{errc::offset_out_of_range, path + " has been deleted or replaced"};
        if (!bytes)
            return bytes;
        auto written = bytes->sub(0, source.size);
        if (!source.crc || batch::crc32c(written.bytes()) == *source.crc)
            return written;
        if (BARNABAS_MARK_IF(look == looks_max, transaction_index_rotten))
            return error{errc::corrupt_message, path + " is not as it was written"};
    }
}

} // namespace

result<std::vector<aborted_transaction>> find_aborted(runtime::file_system& files,
                                                      const std::string& directory,
                                                      std::span<transaction_source> sources, log_offset from,
                                                      log_offset upto) {
    std::vector<aborted_transaction> found;
    for (auto& source : sources) {
        const auto path = segment_path(directory, source.segment, transaction_index_suffix);
        auto bytes = vouched_bytes(files, path, source);
        source.is_wrong = bytes.code() == errc::offset_out_of_range || is_damage(bytes.code());
        if (!bytes)
            return bytes.failure();
        const auto entries = decode_transaction_index(bytes->bytes());
        source.is_wrong = entries.size() * transaction_entry_size != source.size;
        if (source.is_wrong)
            return error{errc::corrupt_message, path + " has entries without sense"};
        for (const auto& entry : entries) {
            if (entry.first_offset < upto && entry.last_offset >= from)
                found.push_back(entry);
            // Whatever ends later began behind it.
            if (entry.last_stable_offset >= upto)
                return found;
        }
    }
    return found;
}

} // namespace barnabas::replica
