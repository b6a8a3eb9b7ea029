#include "fuzz/mend.hpp"

#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/record_batch.hpp"

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

} // namespace barnabas::fuzz
