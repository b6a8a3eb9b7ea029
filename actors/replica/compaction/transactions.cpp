#include "actors/replica/compaction/transactions.hpp"

#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/record_reader.hpp"

namespace barnabas::replica {
namespace {

constexpr std::uint64_t index_bytes_max = 256 << 20;

template <class Number>
void put(std::vector<std::byte>& to, Number number) {
    to.resize(to.size() + sizeof(number));
    batch::store_big_endian(to.data() + to.size() - sizeof(number), number);
}

} // namespace

void put_transaction_entry(std::vector<std::byte>& to, const aborted_transaction& entry) {
    put(to, std::int16_t{0});
    put(to, entry.producer.get());
    put(to, entry.first_offset.get());
    put(to, entry.last_offset.get());
    put(to, entry.last_stable_offset.get());
}

std::vector<aborted_transaction> decode_transaction_index(std::span<const std::byte> bytes) {
    std::vector<aborted_transaction> entries;
    for (; bytes.size() >= transaction_entry_size; bytes = bytes.subspan(transaction_entry_size)) {
        const auto number = [&](std::size_t at) {
            return batch::load_big_endian<std::int64_t>(bytes.data() + 2 + 8 * at);
        };
        aborted_transaction entry{producer_id(number(0)), log_offset(number(1)), log_offset(number(2)),
                                  log_offset(number(3))};
        const bool sensible = batch::load_big_endian<std::int16_t>(bytes.data()) == 0 &&
                              entry.producer.get() >= 0 && entry.first_offset.get() >= 0 &&
                              entry.first_offset <= entry.last_offset;
        if (!sensible)
            break;
        entries.push_back(entry);
    }
    return entries;
}

result<std::vector<aborted_transaction>> read_transaction_index(runtime::file_system& files,
                                                                const std::string& path) {
    auto bytes = read_small_file(files, path, index_bytes_max);
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

void transaction_walk::add(const aborted_transaction& entry) {
    aborted_[entry.producer].emplace(entry.last_offset, entry);
}

void transaction_walk::rewind() {
    met_.clear();
}

bool transaction_walk::on_data(const batch::batch_header& header) {
    if (!header.is_transactional())
        return false;
    met_.insert(header.producer_id);
    const auto found = aborted_.find(header.producer_id);
    if (found == aborted_.end())
        return false;
    const auto next = found->second.lower_bound(header.base_offset);
    return next != found->second.end() && next->second.first_offset <= header.base_offset;
}

bool transaction_walk::on_marker(const batch::batch_header& header) {
    return met_.erase(header.producer_id) == 0;
}

const aborted_transaction* transaction_walk::ended_by(const batch::batch_header& marker) const {
    const auto found = aborted_.find(marker.producer_id);
    if (found == aborted_.end())
        return nullptr;
    const auto entry = found->second.find(marker.base_offset);
    return entry == found->second.end() ? nullptr : &entry->second;
}

void transaction_scan::on_data(const batch::batch_header& header) {
    if (header.is_transactional())
        open_.emplace(header.producer_id, header.base_offset);
}

void transaction_scan::on_marker(const batch::batch_view& marker, transaction_walk& into) {
    const auto& header = marker.header;
    const auto begun = open_.find(header.producer_id);
    if (begun == open_.end())
        return;
    // Readers stop at the first entry whose last stable offset is high enough, so a low one is always safe.
    if (kind_of_marker(marker) == marker_kind::abort)
        into.add({header.producer_id, begun->second, header.base_offset, begun->second});
    open_.erase(begun);
}

} // namespace barnabas::replica
