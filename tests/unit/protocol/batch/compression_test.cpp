#include "protocol/batch/builder.hpp"
#include "protocol/batch/compression.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <snappy.h>
#include <zstd.h>

#include <array>
#include <string>
#include <tuple>

namespace barnabas::batch::compression_test {
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

packing_options with(codec_workspace& workspace) {
    packing_options options;
    options.workspace = &workspace;
    return options;
}

packing_options with_level(int level) {
    packing_options options;
    options.level = level;
    return options;
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
            const auto packed = compress(which, bytes_of(text), with(workspace));
            ASSERT_TRUE(packed.has_value());
            EXPECT_EQ(*packed, compress(which, bytes_of(text)).value());
            const auto back = unpack(which, *packed, text.size(), 1'000, &workspace);
            ASSERT_TRUE(back.has_value()) << to_string(back.failure());
            EXPECT_EQ(*back, text);
        }
    }
}

/// Found by fuzzing: zstd itself sees it only when it may unpack in one go.
TEST(compression, zstd_frame_that_lies_about_its_size_is_damaged_however_it_is_read) {
    // A header that claims 49 bytes, and one empty block, the last.
    const std::array<unsigned char, 9> frame{0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x31, 1, 0, 0};
    for (const std::size_t piece : {1u, 10u, 49u, 1000u})
        EXPECT_EQ(unpack(codec::zstd, std::as_bytes(std::span(frame)), 4096, piece).code(),
                  errc::corrupt_message);
}

TEST(compression, levels_inside_of_the_bounds_pack) {
    const auto text = sample_text();
    const std::vector<std::pair<codec, std::vector<int>>> table{
        {codec::gzip, {-1, 1, 6, 9}},
        {codec::lz4, {1, 2, 3, 9, 12, 17}},
        {codec::zstd, {-131072, -5, 0, 1, 3, 19, 22}},
    };
    codec_workspace workspace;
    for (const auto& [which, levels] : table) {
        const auto normal = compress(which, bytes_of(text)).value();
        for (const int level : levels) {
            auto options = with_level(level);
            options.workspace = &workspace;
            const auto packed = compress(which, bytes_of(text), options);
            ASSERT_TRUE(packed.has_value()) << to_string(packed.failure());
            EXPECT_EQ(unpack(which, *packed, text.size()).value(), text);
            // The level of one call does not stay for the next.
            EXPECT_EQ(compress(which, bytes_of(text), with(workspace)).value(), normal);
        }
        EXPECT_EQ(compress(which, bytes_of(text), with_level(levels_of(which)->normal)).value(), normal);
    }
}

TEST(compression, higher_levels_pack_smaller) {
    const std::array<std::string_view, 8> words{"order ",   "customer ", "2026-08-21T", "shipped ",
                                                "invoice ", "pending ",  "warehouse ",  "returned "};
    std::string text;
    for (std::uint32_t i = 0, state = 1; i < 30'000; ++i, state = state * 1664525 + 1013904223)
        text += std::string(words[state >> 29]) + std::to_string((state >> 8) % 1000);
    for (const auto& [which, low, high] :
         {std::tuple{codec::gzip, 1, 9}, std::tuple{codec::lz4, 1, 12}, std::tuple{codec::zstd, 1, 19}})
        EXPECT_LT(compress(which, bytes_of(text), with_level(high)).value().size(),
                  compress(which, bytes_of(text), with_level(low)).value().size());
}

TEST(compression, other_levels_are_refused_with_the_bounds) {
    for (const auto& [which, level] :
         {std::pair{codec::none, 1}, std::pair{codec::snappy, 1}, std::pair{codec::gzip, 0},
          std::pair{codec::gzip, 10}, std::pair{codec::gzip, -2}, std::pair{codec::lz4, 0},
          std::pair{codec::lz4, 18}, std::pair{codec::zstd, 23}, std::pair{codec::zstd, -131073}}) {
        const auto refused = compress(which, bytes_of("text"), with_level(level));
        ASSERT_EQ(refused.code(), errc::invalid_config) << static_cast<int>(which) << ' ' << level;
        EXPECT_EQ(refused.failure(), check_level(which, level).failure());
        EXPECT_NE(refused.failure().detail.find(std::to_string(level)), std::string::npos);
    }
    EXPECT_NE(check_level(codec::gzip, 10).failure().detail.find("1 to 9"), std::string::npos);
}

TEST(compression, old_lz4_header_checksum_is_written_and_read) {
    const auto text = sample_text();
    packing_options old;
    old.old_lz4_checksum = true;
    const auto packed = compress(codec::lz4, bytes_of(text), old).value();
    const auto right = compress(codec::lz4, bytes_of(text)).value();
    // The seventh byte, and nothing else; 0x1a and 0x82 are what Kafka's golden vectors have.
    ASSERT_EQ(packed.size(), right.size());
    EXPECT_EQ(std::to_integer<int>(packed[6]), 0x1a);
    EXPECT_EQ(std::to_integer<int>(right[6]), 0x82);
    EXPECT_TRUE(std::equal(packed.begin() + 7, packed.end(), right.begin() + 7));
    EXPECT_EQ(unpack(codec::lz4, packed, text.size()).code(), errc::corrupt_message);
    for (const auto& either : {packed, right}) {
        auto source = open_decompressor(codec::lz4, either, text.size(), nullptr, lz4_checksum::ignored);
        std::string back(text.size() + 1, ' ');
        const auto size = (*source)->read(std::as_writable_bytes(std::span(back)));
        ASSERT_TRUE(size.has_value()) << to_string(size.failure());
        back.resize(*size);
        EXPECT_EQ(back, text);
    }
    // A header that ends early is damaged in this mode, too.
    for (std::size_t size = 1; size < 12; ++size) {
        const std::vector<std::byte> cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
        auto source = open_decompressor(codec::lz4, cut, text.size(), nullptr, lz4_checksum::ignored);
        std::vector<std::byte> target(100);
        EXPECT_EQ((*source)->read(target).code(), errc::corrupt_message) << size;
    }
}

TEST(compression, a_kept_workspace_forgets_a_stream_that_was_damaged) {
    const std::string text = sample_text();
    for (const auto which : packing_codecs) {
        codec_workspace workspace;
        const auto packed = compress(which, bytes_of(text), with(workspace)).value();
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
} // namespace barnabas::batch::compression_test
