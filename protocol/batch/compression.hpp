#pragma once

#include "protocol/batch/record_batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct z_stream_s;

namespace barnabas::batch {

/// What a compressed batch may grow to. Kafka has no bound; without one a few kilobytes keep a loop busy
/// for minutes. Honest batches compress 2 to 20 times and seldom exceed a few megabytes unpacked.
inline constexpr std::uint64_t decompressed_bytes_floor = 64ull << 20;
inline constexpr std::uint64_t decompression_ratio_max = 100;
/// However large the batch: Kafka and its clients cannot hold more in a buffer.
inline constexpr std::uint64_t decompressed_bytes_most = 0x7fff'ffff;

/// The bound for `packed_bytes` of compressed records.
constexpr std::uint64_t decompressed_bytes_max(std::size_t packed_bytes,
                                               std::uint64_t floor = decompressed_bytes_floor,
                                               std::uint64_t ratio = decompression_ratio_max) noexcept {
    return std::min(std::max(ratio * packed_bytes, floor), decompressed_bytes_most);
}

/// How many bytes to unpack at a time: large enough for several thousand small records, small enough for the
/// second-level cache, and no more than a small batch is likely to need.
constexpr std::size_t window_bytes_for(std::size_t packed_bytes) noexcept {
    return std::clamp<std::size_t>(8 * packed_bytes, 512, 64 * 1024);
}

/// Unpacks one compressed stream piece by piece. Not shared; lives as long as its input does.
/// Reads gzip (also several members), snappy (xerial frames and one raw block), lz4 frames and zstd frames.
/// Memory: the codec's own window. For snappy that is one block, at most about 24 times its packed size.
class decompressor {
public:
    decompressor() = default;
    decompressor(const decompressor&) = delete;
    decompressor& operator=(const decompressor&) = delete;
    virtual ~decompressor() = default;

    /// Fills `target` from its front and returns how many bytes were written: fewer than its size only at
    /// the end of the stream, 0 behind it. corrupt_message: the input is damaged, cut short or followed by
    /// other bytes. message_too_large: more than the bound given to open_decompressor would come out.
    virtual result<std::size_t> read(std::span<std::byte> target) = 0;
};

/// Memory of the codecs that whoever packs or unpacks many batches keeps from one to the next: making zstd's
/// asks the processor what it can, which costs tens of microseconds in a virtual machine, gzip's is cleared
/// each time, and the memory is 40 to 300 KiB. One user at a time; outlives the decompressors opened with it.
/// The bytes that come out are the same.
class codec_workspace {
public:
    codec_workspace() = default;

    /// Each is ready for a new stream, whatever became of the last one.
    ZSTD_CCtx_s& zstd_packer();
    ZSTD_DCtx_s& zstd_unpacker();
    z_stream_s& gzip_packer();
    z_stream_s& gzip_unpacker();
    /// Frees what a stream made larger than honest ones need (a zstd frame may ask for a window of 128 MiB, a
    /// high level for tables of as much).
    void shrink();
    /// What zstd's part holds to unpack.
    std::size_t zstd_unpacker_bytes() const;

private:
    struct release {
        void operator()(ZSTD_CCtx_s* context) const;
        void operator()(ZSTD_DCtx_s* context) const;
    };
    struct end_deflate {
        void operator()(z_stream_s* stream) const;
    };
    struct end_inflate {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, release> zstd_packer_;
    std::unique_ptr<ZSTD_DCtx_s, release> zstd_unpacker_;
    std::unique_ptr<z_stream_s, end_deflate> gzip_packer_;
    std::unique_ptr<z_stream_s, end_inflate> gzip_unpacker_;
};

/// Whether the checksum in an lz4 frame's header must be right. Messages of magic 0 have a wrong one
/// (lz4_header.hpp), so Kafka never looked at it in them.
enum class lz4_checksum : std::uint8_t { checked, ignored };

/// `output_max` bounds the sum of all reads. `codec::none` gives the input unchanged.
result<std::unique_ptr<decompressor>> open_decompressor(codec which, std::span<const std::byte> input,
                                                        std::uint64_t output_max,
                                                        codec_workspace* workspace = nullptr,
                                                        lz4_checksum checksum = lz4_checksum::checked);

/// The levels that a codec takes, and what Kafka's producers and topics use when nobody sets one.
struct level_bounds {
    int least = 0;
    int most = 0;
    int normal = 0;
};

/// gzip 1 to 9, or -1 for zlib's own choice (normal); lz4 1 to 17 (9); zstd -131072 to 22 (3). Nothing for
/// codecs without levels. lz4: 9 is Kafka's fast mode, and so are 1 and 2; every other one searches harder,
/// from 12 on as hard as the library can.
std::optional<level_bounds> levels_of(codec which) noexcept;

/// invalid_config: a level that the codec does not take (0 of gzip, too), or any level of none and snappy.
result<void> check_level(codec which, int level);

struct packing_options {
    /// The codec's normal one unless set; it must pass check_level.
    std::optional<int> level;
    /// Writes the header checksum that readers of magic 0 expect.
    bool old_lz4_checksum = false;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// The packed form of `input`, as Kafka's clients write it (snappy in xerial frames, lz4 frames with
/// independent 64 KiB blocks). invalid_config: see check_level. unsupported_compression: no such codec.
result<std::vector<std::byte>> compress(codec which, std::span<const std::byte> input,
                                        const packing_options& options = {});

} // namespace barnabas::batch
