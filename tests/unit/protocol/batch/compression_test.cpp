#include "protocol/batch/builder.hpp"
#include "protocol/batch/compression.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <snappy.h>
#include <zstd.h>

#include <array>
#include <string>

namespace barnabas::batch {
namespace {

constexpr std::array packing_codecs{codec::gzip, codec::snappy, codec::lz4, codec::zstd};

result<std::string> unpack(codec which, std::span<const std::byte> packed, std::uint64_t output_max,
                           std::size_t piece = 1000, codec_workspace* workspace = nullptr) {
    auto source = open_decompressor(which, packed, output_max, workspace);
    if (!source)
        return source.failure();
    std::string text;
    std::vector<std::byte> target(piece);
    while (true) {
        const auto size = (*source)->read(target);
        if (!size)
            return size.failure();
        text.append(reinterpret_cast<const char*>(target.data()), *size);
        if (*size < target.size())
            return text;
    }
}

std::string sample_text() {
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += "line " + std::to_string(i * 7919 % 10'007) + '\n';
    return text;
}

TEST(compression, every_codec_returns_the_input) {
    const auto text = sample_text();
    for (const auto which : packing_codecs) {
        const auto packed = compress(which, bytes_of(text));
        ASSERT_TRUE(packed.has_value());
        EXPECT_LT(packed->size(), text.size());
        for (const std::size_t piece : {1u, 777u, 65536u, 1u << 20}) {
            const auto back = unpack(which, *packed, text.size(), piece);
            ASSERT_TRUE(back.has_value()) << to_string(back.failure());
            EXPECT_EQ(*back, text);
        }
    }
}

TEST(compression, a_kept_workspace_changes_no_byte) {
    const auto text = sample_text();
    codec_workspace workspace;
    for (int round = 0; round < 3; ++round) {
        for (const auto which : packing_codecs) {
            const auto packed = compress(which, bytes_of(text), &workspace);
            ASSERT_TRUE(packed.has_value());
            EXPECT_EQ(*packed, compress(which, bytes_of(text)).value());
            const auto back = unpack(which, *packed, text.size(), 1'000, &workspace);
            ASSERT_TRUE(back.has_value()) << to_string(back.failure());
            EXPECT_EQ(*back, text);
        }
    }
}

TEST(compression, a_kept_workspace_forgets_a_stream_that_was_damaged) {
    const std::string text = sample_text();
    for (const auto which : packing_codecs) {
        codec_workspace workspace;
        const auto packed = compress(which, bytes_of(text), &workspace).value();
        const auto half = std::span(packed).first(packed.size() / 2);
        EXPECT_FALSE(unpack(which, half, text.size(), 1'000, &workspace).has_value());
        const auto back = unpack(which, packed, text.size(), 1'000, &workspace);
        ASSERT_TRUE(back.has_value()) << static_cast<int>(which);
        EXPECT_EQ(*back, text);
    }
}

TEST(compression, a_kept_workspace_frees_a_window_that_a_stranger_asked_for) {
    const std::string text = sample_text();
    std::vector<std::byte> packed(ZSTD_compressBound(text.size()));
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> packer(ZSTD_createCCtx(), &ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(packer.get(), ZSTD_c_windowLog, 27);
    // Without the size in its header the frame is unpacked through a window.
    ZSTD_CCtx_setParameter(packer.get(), ZSTD_c_contentSizeFlag, 0);
    ZSTD_inBuffer input{text.data(), text.size(), 0};
    ZSTD_outBuffer output{packed.data(), packed.size(), 0};
    ASSERT_EQ(ZSTD_compressStream2(packer.get(), &output, &input, ZSTD_e_end), 0u);
    packed.resize(output.pos);
    codec_workspace workspace;
    const auto back = unpack(codec::zstd, packed, text.size(), 1'000, &workspace);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, text);
    EXPECT_LE(workspace.zstd_unpacker_bytes(), 4u << 20);
}

TEST(compression, streams_behind_each_other_count_as_one) {
    const auto text = sample_text();
    for (const auto which : packing_codecs) {
        auto packed = compress(which, bytes_of(text)).value();
        const auto once = packed;
        packed.insert(packed.end(), once.begin(), once.end());
        const auto back = unpack(which, packed, 2 * text.size());
        ASSERT_TRUE(back.has_value()) << to_string(back.failure());
        EXPECT_EQ(*back, text + text);
    }
}

TEST(compression, raw_snappy_block_is_read) {
    const auto text = sample_text();
    std::string packed;
    snappy::Compress(text.data(), text.size(), &packed);
    const auto back = unpack(codec::snappy, bytes_of(packed), text.size());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, text);
}

TEST(compression, bound_on_output_is_exact) {
    const auto text = sample_text();
    for (const auto which : packing_codecs) {
        const auto packed = compress(which, bytes_of(text)).value();
        EXPECT_TRUE(unpack(which, packed, text.size()).has_value());
        EXPECT_EQ(unpack(which, packed, text.size() - 1).code(), errc::message_too_large);
        EXPECT_EQ(unpack(which, packed, 0).code(), errc::message_too_large);
    }
}

TEST(compression, snappy_block_that_lies_about_its_size_gets_no_memory) {
    std::string packed{"\xff\xff\xff\xff\x0f", 5};
    packed += "some bytes";
    EXPECT_EQ(unpack(codec::snappy, bytes_of(packed), 1ull << 40).code(), errc::corrupt_message);
}

TEST(compression, truncation_is_noticed) {
    const auto text = sample_text().substr(0, 3000);
    for (const auto which : packing_codecs) {
        const auto packed = compress(which, bytes_of(text)).value();
        for (std::size_t size = 1; size < packed.size(); ++size) {
            const auto back = unpack(which, std::span(packed).first(size), text.size());
            // A snappy frame may end behind any of its blocks, so only the header stands alone.
            if (which == codec::snappy && size == 16)
                continue;
            EXPECT_EQ(back.code(), errc::corrupt_message) << static_cast<int>(which) << " at " << size;
        }
    }
}

TEST(compression, bytes_behind_the_stream_are_refused) {
    for (const auto which : packing_codecs) {
        auto packed = compress(which, bytes_of("text")).value();
        packed.push_back(std::byte{0x55});
        EXPECT_EQ(unpack(which, packed, 1000).code(), errc::corrupt_message) << static_cast<int>(which);
    }
}

RC_GTEST_PROP(compression, garbage_gives_an_error_or_bounded_output, (std::vector<std::uint8_t> bytes)) {
    for (const auto which : packing_codecs) {
        // Half of the runs start with an honest stream that is then overwritten in places.
        auto packed = compress(which, bytes_of("some text, some text, some text")).value();
        for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
            packed[bytes[i] % packed.size()] = static_cast<std::byte>(bytes[i + 1]);
        for (const auto& input : {std::span<const std::byte>(packed), std::as_bytes(std::span(bytes))}) {
            const auto back = unpack(which, input, 5000);
            if (back)
                RC_ASSERT(back->size() <= 5000u);
        }
    }
}

} // namespace
} // namespace barnabas::batch
