#include "protocol/batch/repack.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace barnabas::batch {
namespace {

result<std::vector<std::byte>> unpacked_records(const batch_view& batch, codec_workspace* workspace) {
    const auto stored = batch.records();
    const auto most = std::min(decompressed_bytes_max(stored.size()), conversion_bytes_max);
    auto source = open_decompressor(batch.header.compression(), stored, most, workspace);
    if (!source)
        return source.failure();
    std::vector<std::byte> records;
    std::size_t filled = 0;
    while (true) {
        records.resize(std::max(2 * filled, window_bytes_for(stored.size())));
        const auto read = (*source)->read(std::span(records).subspan(filled));
        if (!read)
            return read.failure();
        filled += *read;
        if (filled < records.size())
            break;
    }
    records.resize(filled);
    return records;
}

batch_view with_records(const batch_header& from, codec which, std::span<const std::byte> stored) {
    batch_view made;
    made.header = from;
    made.header.attributes = static_cast<std::int16_t>((from.attributes & ~attribute::codec_mask) |
                                                       static_cast<std::int16_t>(which));
    made.header.batch_length =
        static_cast<std::int32_t>(batch_header_size - batch_prefix_size + stored.size());
    auto memory = chunk::allocate(batch_header_size + stored.size());
    const std::span<std::byte> bytes(memory->data(), memory->capacity());
    write_header(made.header, bytes);
    std::memcpy(bytes.data() + at::records, stored.data(), stored.size());
    made.bytes = slice(std::move(memory), 0, bytes.size());
    recompute_crc(made);
    return made;
}

} // namespace

result<batch_view> repack(const batch_view& batch, const repack_options& options) {
    BARNABAS_ASSERT(batch.header.record_count > 0);
    auto plain = unpacked_records(batch, options.workspace);
    if (!plain)
        return plain.failure();
    if (options.compression == codec::none)
        return with_records(batch.header, codec::none, *plain);
    packing_options packing;
    packing.level = options.level;
    packing.workspace = options.workspace;
    const auto packed = compress(options.compression, *plain, packing);
    if (!packed)
        return packed.failure();
    return with_records(batch.header, options.compression, *packed);
}

} // namespace barnabas::batch
