#include "protocol/batch/compression.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/lz4_header.hpp"
#include "protocol/batch/xerial.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

namespace barnabas::batch {
namespace {

error damaged(const char* format, std::string why) {
    return error{errc::corrupt_message, std::string(format) + " data is damaged: " + std::move(why)};
}

/// 15 is the largest window, 16 asks for gzip and nothing else.
constexpr int gzip_window = 15 + 16;
/// Of a workspace between two batches. The windows of Kafka's own clients have at most 2 MiB.
constexpr std::size_t zstd_bytes_kept_max = 4 << 20;

/// Counts the output for all codecs; they only unpack.
class bounded_decompressor : public decompressor {
public:
    explicit bounded_decompressor(std::uint64_t output_max) : output_max_(output_max) {}

    result<std::size_t> read(std::span<std::byte> target) final {
        // One byte beyond the bound is asked for, so that a stream which ends right there passes.
        const std::uint64_t allowed = output_max_ - written_ + 1;
        if (target.size() > allowed)
            target = target.first(static_cast<std::size_t>(allowed));
        auto written = unpack(target);
        if (!written)
            return written;
        written_ += *written;
        if (written_ > output_max_)
            return error{errc::message_too_large,
                         "the records unpack to more than " + std::to_string(output_max_) + " bytes"};
        return written;
    }

protected:
    /// As read, without the bound.
    virtual result<std::size_t> unpack(std::span<std::byte> target) = 0;

    std::uint64_t output_left() const noexcept { return output_max_ - written_; }

private:
    std::uint64_t output_max_;
    std::uint64_t written_ = 0;
};

class plain_stream final : public bounded_decompressor {
public:
    plain_stream(std::span<const std::byte> input, std::uint64_t output_max)
        : bounded_decompressor(output_max), input_(input) {}

private:
    result<std::size_t> unpack(std::span<std::byte> target) override {
        const std::size_t size = std::min(target.size(), input_.size());
        if (size != 0)
            std::memcpy(target.data(), input_.data(), size);
        input_ = input_.subspan(size);
        return size;
    }

    std::span<const std::byte> input_;
};

class gzip_stream final : public bounded_decompressor {
public:
    gzip_stream(std::span<const std::byte> input, std::uint64_t output_max, codec_workspace* workspace)
        : bounded_decompressor(output_max),
          stream_(workspace != nullptr ? workspace->gzip_unpacker() : own_.gzip_unpacker()) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
        stream_.avail_in = static_cast<uInt>(input.size());
    }

private:
    result<std::size_t> unpack(std::span<std::byte> target) override {
        BARNABAS_ASSERT(target.size() <= std::numeric_limits<uInt>::max());
        stream_.next_out = reinterpret_cast<Bytef*>(target.data());
        stream_.avail_out = static_cast<uInt>(target.size());
        while (stream_.avail_out != 0 && !(between_members_ && stream_.avail_in == 0)) {
            between_members_ = false;
            const int status = inflate(&stream_, Z_NO_FLUSH);
            if (status == Z_STREAM_END) {
                inflateReset(&stream_);
                between_members_ = true;
            } else if (status != Z_OK || (stream_.avail_in == 0 && stream_.avail_out != 0)) {
                return damaged("gzip", stream_.msg != nullptr ? stream_.msg : "it ends early");
            }
        }
        return target.size() - stream_.avail_out;
    }

    codec_workspace own_;
    z_stream& stream_;
    bool between_members_ = false;
};

class lz4_stream final : public bounded_decompressor {
public:
    lz4_stream(std::span<const std::byte> input, std::uint64_t output_max, lz4_checksum checksum)
        : bounded_decompressor(output_max), input_(input) {
        if (checksum == lz4_checksum::ignored) {
            header_ = mend_lz4_header(input);
            behind_header_ = input.subspan(header_.size);
            if (header_.size != 0)
                input_ = std::span(header_.bytes).first(header_.size);
        }
        const auto status = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
        BARNABAS_ASSERT(LZ4F_isError(status) == 0);
    }
    ~lz4_stream() override { LZ4F_freeDecompressionContext(context_); }

private:
    result<std::size_t> unpack(std::span<std::byte> target) override {
        std::size_t written = 0;
        while (written < target.size() && !(between_frames_ && input_.empty() && behind_header_.empty())) {
            if (input_.empty())
                input_ = std::exchange(behind_header_, {});
            std::size_t produced = target.size() - written;
            std::size_t consumed = input_.size();
            const std::size_t status = LZ4F_decompress(context_, target.data() + written, &produced,
                                                       input_.data(), &consumed, nullptr);
            if (LZ4F_isError(status) != 0)
                return damaged("lz4", LZ4F_getErrorName(status));
            input_ = input_.subspan(consumed);
            written += produced;
            between_frames_ = status == 0;
            if (!between_frames_ && produced == 0 && consumed == 0)
                return damaged("lz4", "it ends early");
        }
        return written;
    }

    std::span<const std::byte> input_;
    lz4_header header_;
    std::span<const std::byte> behind_header_;
    LZ4F_dctx* context_ = nullptr;
    bool between_frames_ = false;
};

class zstd_stream final : public bounded_decompressor {
public:
    zstd_stream(std::span<const std::byte> input, std::uint64_t output_max, codec_workspace* workspace)
        : bounded_decompressor(output_max), input_{input.data(), input.size(), 0},
          workspace_(workspace != nullptr ? *workspace : own_), context_(workspace_.zstd_unpacker()) {}
    ~zstd_stream() override { workspace_.shrink(); }

private:
    result<std::size_t> unpack(std::span<std::byte> target) override {
        ZSTD_outBuffer output{target.data(), target.size(), 0};
        while (output.pos < output.size && !(between_frames_ && input_.pos == input_.size)) {
            const std::size_t written_before = output.pos;
            const std::size_t read_before = input_.pos;
            if (between_frames_ || read_before == 0)
                begin_frame();
            const std::size_t status = ZSTD_decompressStream(&context_, &output, &input_);
            if (ZSTD_isError(status) != 0)
                return damaged("zstd", ZSTD_getErrorName(status));
            frame_written_ += output.pos - written_before;
            between_frames_ = status == 0;
            if (between_frames_ && frame_size_ && *frame_size_ != frame_written_)
                return damaged("zstd", "a frame has another size than it says");
            if (!between_frames_ && output.pos == written_before && input_.pos == read_before)
                return damaged("zstd", "it ends early");
        }
        return output.pos;
    }

    /// The library compares the size that a frame claims with what came out only when it unpacks in one go,
    /// not when it is read in pieces and ends with an empty block: whether bytes are sound must not depend on
    /// that.
    void begin_frame() {
        const auto* next = static_cast<const std::byte*>(input_.src) + input_.pos;
        const unsigned long long size = ZSTD_getFrameContentSize(next, input_.size - input_.pos);
        frame_size_.reset();
        if (size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR)
            frame_size_ = size;
        frame_written_ = 0;
    }

    ZSTD_inBuffer input_;
    codec_workspace own_;
    codec_workspace& workspace_;
    ZSTD_DCtx& context_;
    bool between_frames_ = false;
    std::optional<std::uint64_t> frame_size_;
    std::uint64_t frame_written_ = 0;
};

bool starts_with_xerial_magic(std::span<const std::byte> input) {
    return input.size() >= xerial_header_size &&
           std::memcmp(input.data(), xerial_magic.data(), xerial_magic.size()) == 0;
}

class snappy_stream final : public bounded_decompressor {
public:
    snappy_stream(std::span<const std::byte> input, std::uint64_t output_max)
        : bounded_decompressor(output_max), input_(input), framed_(starts_with_xerial_magic(input)) {}

private:
    result<std::size_t> unpack(std::span<std::byte> target) override {
        std::size_t written = 0;
        while (written < target.size()) {
            if (unread_.empty()) {
                if (input_.empty())
                    break;
                const auto next = next_block();
                if (!next)
                    return next.failure();
                continue;
            }
            const std::size_t size = std::min(target.size() - written, unread_.size());
            std::memcpy(target.data() + written, unread_.data(), size);
            unread_ = unread_.subspan(size);
            written += size;
        }
        return written;
    }

    result<void> next_block() {
        if (!framed_)
            return unpack_block(std::exchange(input_, {}), output_left());
        // Streams that were glued together have another header in the middle.
        if (starts_with_xerial_magic(input_)) {
            input_ = input_.subspan(xerial_header_size);
            return {};
        }
        if (input_.size() < 4)
            return damaged("snappy", "it ends inside a block length");
        const auto packed_size = load_big_endian<std::int32_t>(input_.data());
        input_ = input_.subspan(4);
        if (packed_size < 0 || static_cast<std::size_t>(packed_size) > input_.size())
            return damaged("snappy", "a block of " + std::to_string(packed_size) + " bytes, but " +
                                         std::to_string(input_.size()) + " are left");
        const auto block = input_.first(static_cast<std::size_t>(packed_size));
        input_ = input_.subspan(block.size());
        return unpack_block(block, output_left());
    }

    result<void> unpack_block(std::span<const std::byte> packed, std::uint64_t size_max) {
        const auto* data = reinterpret_cast<const char*>(packed.data());
        std::size_t size = 0;
        if (!snappy::GetUncompressedLength(data, packed.size(), &size))
            return damaged("snappy", "a block without its length");
        // Three bytes of snappy give at most 64, so a longer claim is a lie and gets no memory.
        if (size / 64 > packed.size() / 3 + 1)
            return damaged("snappy", "a block of " + std::to_string(packed.size()) + " bytes claims " +
                                         std::to_string(size));
        if (size > size_max)
            return error{errc::message_too_large,
                         "the records unpack to more bytes than their bound leaves (" +
                             std::to_string(size_max) + ")"};
        block_.resize(size);
        if (!snappy::RawUncompress(data, packed.size(), reinterpret_cast<char*>(block_.data())))
            return damaged("snappy", "a block does not unpack");
        unread_ = block_;
        return {};
    }

    std::span<const std::byte> input_;
    bool framed_;
    std::vector<std::byte> block_;
    std::span<const std::byte> unread_;
};

} // namespace

void codec_workspace::release::operator()(ZSTD_CCtx* context) const {
    ZSTD_freeCCtx(context);
}

void codec_workspace::release::operator()(ZSTD_DCtx* context) const {
    ZSTD_freeDCtx(context);
}

ZSTD_CCtx& codec_workspace::zstd_packer() {
    if (zstd_packer_ == nullptr)
        zstd_packer_.reset(ZSTD_createCCtx());
    BARNABAS_ASSERT(zstd_packer_ != nullptr);
    return *zstd_packer_;
}

ZSTD_DCtx& codec_workspace::zstd_unpacker() {
    if (zstd_unpacker_ == nullptr)
        zstd_unpacker_.reset(ZSTD_createDCtx());
    BARNABAS_ASSERT(zstd_unpacker_ != nullptr);
    ZSTD_DCtx_reset(zstd_unpacker_.get(), ZSTD_reset_session_only);
    return *zstd_unpacker_;
}

void codec_workspace::shrink() {
    if (zstd_unpacker_bytes() > zstd_bytes_kept_max)
        zstd_unpacker_.reset();
    if (zstd_packer_ != nullptr && ZSTD_sizeof_CCtx(zstd_packer_.get()) > zstd_bytes_kept_max)
        zstd_packer_.reset();
}

std::size_t codec_workspace::zstd_unpacker_bytes() const {
    return zstd_unpacker_ == nullptr ? 0 : ZSTD_sizeof_DCtx(zstd_unpacker_.get());
}

void codec_workspace::end_deflate::operator()(z_stream* stream) const {
    deflateEnd(stream);
    delete stream;
}

void codec_workspace::end_inflate::operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
}

z_stream& codec_workspace::gzip_packer() {
    if (gzip_packer_ == nullptr) {
        gzip_packer_.reset(new z_stream{});
        // 8 is zlib's own memory level.
        const int status = deflateInit2(gzip_packer_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                                        Z_DEFAULT_STRATEGY);
        BARNABAS_ASSERT(status == Z_OK);
    } else {
        deflateReset(gzip_packer_.get());
    }
    return *gzip_packer_;
}

z_stream& codec_workspace::gzip_unpacker() {
    if (gzip_unpacker_ == nullptr) {
        gzip_unpacker_.reset(new z_stream{});
        const int status = inflateInit2(gzip_unpacker_.get(), gzip_window);
        BARNABAS_ASSERT(status == Z_OK);
    } else {
        inflateReset(gzip_unpacker_.get());
    }
    return *gzip_unpacker_;
}

result<std::unique_ptr<decompressor>> open_decompressor(codec which, std::span<const std::byte> input,
                                                        std::uint64_t output_max, codec_workspace* workspace,
                                                        lz4_checksum checksum) {
    BARNABAS_ASSERT(input.size() <= std::numeric_limits<std::int32_t>::max());
    BARNABAS_ASSERT(output_max < std::numeric_limits<std::uint64_t>::max());
    switch (which) {
    case codec::none: return std::unique_ptr<decompressor>(new plain_stream(input, output_max));
    case codec::gzip: return std::unique_ptr<decompressor>(new gzip_stream(input, output_max, workspace));
    case codec::snappy: return std::unique_ptr<decompressor>(new snappy_stream(input, output_max));
    case codec::lz4: return std::unique_ptr<decompressor>(new lz4_stream(input, output_max, checksum));
    case codec::zstd: return std::unique_ptr<decompressor>(new zstd_stream(input, output_max, workspace));
    }
    return error{errc::unsupported_compression,
                 "compression type " + std::to_string(static_cast<unsigned>(which)) + " is unknown"};
}

} // namespace barnabas::batch
