#include "protocol/batch/lz4_header.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

namespace barnabas::batch {
namespace {

constexpr std::size_t magic_size = 4;
constexpr std::size_t flags_at = magic_size;
/// Magic, flags and block descriptor; content size and dictionary id follow where the flags say so.
constexpr std::size_t fixed_size = magic_size + 2;
constexpr unsigned has_content_size = 0x08;
constexpr unsigned has_dictionary = 0x01;
constexpr unsigned has_content_checksum = 0x04;
constexpr unsigned has_block_checksums = 0x10;
constexpr unsigned blocks_stand_alone = 0x20;
constexpr std::uint32_t frame_magic = 0x184d2204;

/// Where the checksum stands.
std::size_t checksum_at(std::byte flags) {
    const auto bits = static_cast<unsigned>(flags);
    return fixed_size + ((bits & has_content_size) != 0 ? 8 : 0) + ((bits & has_dictionary) != 0 ? 4 : 0);
}

/// Four bytes, the lowest first; the caller has seen that they are there.
std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i > 0; --i)
        number = (number << 8) | std::to_integer<std::uint32_t>(bytes[at + i - 1]);
    return number;
}

/// Where the first frame ends, or somewhere behind the input when it is cut short.
std::size_t end_of_frame(std::span<const std::byte> packed, unsigned flags) {
    constexpr std::size_t size_bytes = 4;
    constexpr std::size_t checksum_bytes = 4;
    constexpr std::uint32_t is_stored_plain = 0x80000000;
    std::size_t at = checksum_at(packed[flags_at]) + 1;
    while (at + size_bytes <= packed.size()) {
        const auto size = number_at(packed, at);
        at += size_bytes;
        if (size == 0)
            return at + ((flags & has_content_checksum) != 0 ? checksum_bytes : 0);
        at += (size & ~is_stored_plain) + ((flags & has_block_checksums) != 0 ? checksum_bytes : 0);
    }
    return packed.size() + 1;
}

error unreadable(std::string_view why) {
    return error{errc::invalid_record,
                 "consumers cannot unpack the lz4 data of this batch: " + std::string(why)};
}

std::byte checksum_of(std::span<const std::byte> covered) {
    return static_cast<std::byte>((short_xxhash32(covered) >> 8) & 0xff);
}

} // namespace

lz4_header mend_lz4_header(std::span<const std::byte> frame) {
    lz4_header header;
    if (frame.size() <= fixed_size)
        return header;
    const std::size_t at = checksum_at(frame[flags_at]);
    if (frame.size() <= at)
        return header;
    header.size = at + 1;
    std::copy_n(frame.begin(), at, header.bytes.begin());
    header.bytes[at] = checksum_of(std::span(header.bytes).subspan(magic_size, at - magic_size));
    return header;
}

void set_old_lz4_checksum(std::span<std::byte> frame) {
    BARNABAS_ASSERT(frame.size() > fixed_size);
    const std::size_t at = checksum_at(frame[flags_at]);
    BARNABAS_ASSERT(frame.size() > at);
    frame[at] = checksum_of(frame.first(at));
}

result<void> check_lz4_for_consumers(std::span<const std::byte> packed) {
    if (packed.size() <= fixed_size || number_at(packed, 0) != frame_magic)
        return unreadable("it does not begin with an lz4 frame");
    const auto flags = std::to_integer<unsigned>(packed[flags_at]);
    if ((flags & blocks_stand_alone) == 0)
        return unreadable("blocks refer to earlier ones; pack with independent blocks");
    if ((flags & has_dictionary) != 0)
        return unreadable("it needs a dictionary");
    const auto end = end_of_frame(packed, flags);
    if (end > packed.size())
        return unreadable("its frame ends early");
    if (end < packed.size())
        return unreadable("more stands behind its frame; pack all records into one");
    return {};
}

std::uint32_t short_xxhash32(std::span<const std::byte> bytes) {
    BARNABAS_ASSERT(bytes.size() < 16);
    constexpr std::uint32_t prime_1 = 2654435761u;
    constexpr std::uint32_t prime_2 = 2246822519u;
    constexpr std::uint32_t prime_3 = 3266489917u;
    constexpr std::uint32_t prime_4 = 668265263u;
    constexpr std::uint32_t prime_5 = 374761393u;
    auto hash = prime_5 + static_cast<std::uint32_t>(bytes.size());
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
        std::uint32_t lane;
        std::memcpy(&lane, bytes.data(), sizeof lane);
        hash = std::rotl(hash + lane * prime_3, 17) * prime_4;
    }
    for (const auto byte : bytes)
        hash = std::rotl(hash + static_cast<std::uint32_t>(byte) * prime_5, 11) * prime_1;
    hash = (hash ^ (hash >> 15)) * prime_2;
    hash = (hash ^ (hash >> 13)) * prime_3;
    return hash ^ (hash >> 16);
}

} // namespace barnabas::batch
