#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/lz4_header.hpp"
#include "protocol/batch/xerial.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

namespace barnabas::batch {
namespace {

using packed_bytes = std::vector<std::byte>;

result<packed_bytes> compress_gzip(std::span<const std::byte> input, const packing_options& options);
packed_bytes compress_snappy(std::span<const std::byte> input);
result<packed_bytes> compress_lz4(std::span<const std::byte> input, const packing_options& options);
result<packed_bytes> compress_zstd(std::span<const std::byte> input, const packing_options& options);

constexpr level_bounds gzip_levels{1, 9, Z_DEFAULT_COMPRESSION};
constexpr level_bounds lz4_levels{1, 17, 9};
constexpr level_bounds zstd_levels{-131072, 22, 3};

} // namespace

result<std::vector<std::byte>> compress(codec which, std::span<const std::byte> input,
                                        const packing_options& options) {
    BARNABAS_ASSERT(input.size() <= std::numeric_limits<std::int32_t>::max());
    if (options.level)
        if (auto level = check_level(which, *options.level); !level)
            return level.failure();
    switch (which) {
    case codec::none: return packed_bytes(input.begin(), input.end());
    case codec::gzip: return compress_gzip(input, options);
    case codec::snappy: return compress_snappy(input);
    case codec::lz4: return compress_lz4(input, options);
    case codec::zstd: return compress_zstd(input, options);
    }
    return error{errc::unsupported_compression,
                 "compression type " + std::to_string(static_cast<unsigned>(which)) + " is unknown"};
}

std::optional<level_bounds> levels_of(codec which) noexcept {
    switch (which) {
    case codec::none:
    case codec::snappy: return std::nullopt;
    case codec::gzip: return gzip_levels;
    case codec::lz4: return lz4_levels;
    case codec::zstd: return zstd_levels;
    }
    return std::nullopt;
}

result<void> check_level(codec which, int level) {
    const auto bounds = levels_of(which);
    if (!bounds)
        return error{errc::invalid_config,
                     "compression type " + std::to_string(static_cast<unsigned>(which)) +
                         " has no levels, so level " + std::to_string(level) + " cannot be set"};
    if ((level >= bounds->least && level <= bounds->most) || level == bounds->normal)
        return {};
    return error{errc::invalid_config,
                 "compression type " + std::to_string(static_cast<unsigned>(which)) + " takes the levels " +
                     std::to_string(bounds->least) + " to " + std::to_string(bounds->most) + " and " +
                     std::to_string(bounds->normal) + " as its normal one, not " + std::to_string(level)};
}

namespace {

result<packed_bytes> compress_gzip(std::span<const std::byte> input, const packing_options& options) {
    codec_workspace own;
    auto& stream = (options.workspace != nullptr ? *options.workspace : own).gzip_packer();
    // The stream is at its start, so that this changes its level and writes nothing; the last user's level
    // goes, too.
    if (deflateParams(&stream, options.level.value_or(gzip_levels.normal), Z_DEFAULT_STRATEGY) != Z_OK)
        return error{errc::internal, "zlib did not take a level"};
    packed_bytes packed(deflateBound(&stream, static_cast<uLong>(input.size())));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int status = deflate(&stream, Z_FINISH);
    packed.resize(packed.size() - stream.avail_out);
    if (status != Z_STREAM_END)
        return error{errc::internal, "zlib did not finish a gzip stream"};
    return packed;
}

packed_bytes compress_snappy(std::span<const std::byte> input) {
    packed_bytes packed(xerial_header_size);
    std::memcpy(packed.data(), xerial_magic.data(), xerial_magic.size());
    store_big_endian(packed.data() + 8, xerial_version);
    store_big_endian(packed.data() + 12, xerial_version);
    while (!input.empty()) {
        const auto block = input.first(std::min(input.size(), xerial_block_bytes));
        input = input.subspan(block.size());
        const std::size_t start = packed.size();
        packed.resize(start + 4 + snappy::MaxCompressedLength(block.size()));
        std::size_t size = 0;
        snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                            reinterpret_cast<char*>(packed.data() + start + 4), &size);
        store_big_endian(packed.data() + start, static_cast<std::int32_t>(size));
        packed.resize(start + 4 + size);
    }
    return packed;
}

/// The library's number for one of Kafka's: there the normal level means the fast mode (0 here).
int lz4_library_level(std::optional<int> level) {
    const int wanted = level.value_or(lz4_levels.normal);
    return wanted == lz4_levels.normal ? 0 : wanted;
}

result<packed_bytes> compress_lz4(std::span<const std::byte> input, const packing_options& options) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    // Kafka's Java reader refuses blocks that refer to earlier ones.
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences.compressionLevel = lz4_library_level(options.level);
    packed_bytes packed(LZ4F_compressFrameBound(input.size(), &preferences));
    const std::size_t size =
        LZ4F_compressFrame(packed.data(), packed.size(), input.data(), input.size(), &preferences);
    if (LZ4F_isError(size) != 0)
        return error{errc::internal, std::string("lz4: ") + LZ4F_getErrorName(size)};
    packed.resize(size);
    if (options.old_lz4_checksum)
        set_old_lz4_checksum(packed);
    return packed;
}

result<packed_bytes> compress_zstd(std::span<const std::byte> input, const packing_options& options) {
    codec_workspace own;
    auto& workspace = options.workspace != nullptr ? *options.workspace : own;
    packed_bytes packed(ZSTD_compressBound(input.size()));
    const std::size_t size =
        ZSTD_compressCCtx(&workspace.zstd_packer(), packed.data(), packed.size(), input.data(), input.size(),
                          options.level.value_or(zstd_levels.normal));
    workspace.shrink();
    if (ZSTD_isError(size) != 0)
        return error{errc::internal, std::string("zstd: ") + ZSTD_getErrorName(size)};
    packed.resize(size);
    return packed;
}

} // namespace
} // namespace barnabas::batch
