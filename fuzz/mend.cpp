#include "fuzz/mend.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/message_set.hpp"

namespace barnabas::fuzz {

void put_checksum(std::span<std::byte> target, std::span<const std::byte> covered) {
    const auto sum = batch::crc32c(covered);
    for (std::size_t i = 0; i < sizeof sum; ++i)
        target[i] = static_cast<std::byte>(sum >> (24 - 8 * i));
}

void mend_batch_checksums(std::span<std::byte> records) {
    while (records.size() >= batch::batch_header_size) {
        const auto size = batch::batch_size_of(records);
        if (!size || *size > records.size() || *size < batch::batch_header_size)
            return;
        put_checksum(records.subspan(batch::at::crc),
                     records.subspan(batch::at::attributes, *size - batch::at::attributes));
        records = records.subspan(*size);
    }
}

void mend_entry_checksums(std::span<std::byte> records) {
    while (records.size() >= batch::message_overhead(0)) {
        const auto size = batch::batch_size_of(records);
        if (!size || *size > records.size())
            return;
        const auto entry = records.first(*size);
        if (std::to_integer<int>(entry[batch::message_at::magic]) <= 1)
            batch::store_big_endian(entry.data() + batch::message_at::crc,
                                    batch::crc32(entry.subspan(batch::message_at::magic)));
        else
            mend_batch_checksums(entry);
        records = records.subspan(*size);
    }
}

} // namespace barnabas::fuzz
