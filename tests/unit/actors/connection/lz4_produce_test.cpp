#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/lz4_header.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/validate.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// lz4's library reads more than Kafka's consumers do; what those cannot read is not stored.
namespace barnabas::lz4_produce_test {
namespace {

using bytes = std::vector<std::byte>;

constexpr std::uint8_t independent = 0x60;
constexpr std::uint8_t linked = 0x40;

void put_number(bytes& to, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        to.push_back(static_cast<std::byte>((number >> shift) & 0xff));
}

/// A frame whose blocks hold the content as it is.
bytes frame_of(std::span<const std::byte> content, std::uint8_t flags, std::size_t block = 20) {
    bytes frame;
    put_number(frame, 0x184d2204);
    const bytes descriptor{std::byte{flags}, std::byte{0x40}};
    frame.insert(frame.end(), descriptor.begin(), descriptor.end());
    frame.push_back(static_cast<std::byte>((batch::short_xxhash32(descriptor) >> 8) & 0xff));
    while (!content.empty()) {
        const auto part = content.first(std::min(content.size(), block));
        content = content.subspan(part.size());
        put_number(frame, static_cast<std::uint32_t>(part.size()) | 0x80000000);
        frame.insert(frame.end(), part.begin(), part.end());
    }
    put_number(frame, 0);
    return frame;
}

/// The batch with its records packed as given.
slice packed_batch(const slice& plain, const bytes& packed) {
    const auto header = plain.bytes().first(batch::at::records);
    bytes whole(header.begin(), header.end());
    whole.insert(whole.end(), packed.begin(), packed.end());
    constexpr std::size_t length_at = 8;
    constexpr std::size_t behind_length = 12;
    batch::store_big_endian(whole.data() + length_at,
                            static_cast<std::int32_t>(whole.size() - behind_length));
    whole[batch::at::attributes + 1] |= std::byte{3};
    auto view = batch::split_batches(slice::copy_of(std::span<const std::byte>(whole)));
    EXPECT_TRUE(view.has_value());
    batch::recompute_crc(view->front());
    return view->front().bytes;
}

class lz4_produce : public connection_test {
protected:
    lz4_produce() { machine.start(); }

    std::span<const std::byte> records() const { return plain_.bytes().subspan(batch::at::records); }

    /// What is answered; nothing while the batch is on its way to the log.
    std::optional<kafka::produce_response::partition_produce_response> send(const bytes& packed) {
        auto message = produce(0);
        message.topic_data[0].partition_data[0].records = packed_batch(plain_, packed);
        const auto stored = port.appends.size();
        deliver(request(message, 8, ++correlation_));
        if (port.appends.size() > stored)
            return std::nullopt;
        return response<kafka::produce_response>(port.written.size() - 1, 8, correlation_)
            .responses[0]
            .partition_responses[0];
    }

    void expect_refused(const bytes& packed, std::string_view why) {
        const auto valid = batch::split_batches(packed_batch(plain_, packed));
        EXPECT_TRUE(batch::validate_batch(valid->front(), {}).has_value()) << "lz4 itself reads it";
        const auto counted = mark_hits("produce_lz4_unreadable");
        const auto answer = send(packed);
        ASSERT_TRUE(answer) << "it was stored";
        EXPECT_EQ(mark_hits("produce_lz4_unreadable"), counted + 1);
        EXPECT_EQ(answer->error_code, kafka::wire_value(errc::invalid_record));
        EXPECT_NE(answer->error_message.value_or("").find(why), std::string::npos)
            << answer->error_message.value_or("");
    }

    slice plain_ = produce(0).topic_data[0].partition_data[0].records.value();
    std::int32_t correlation_ = 0;
};

TEST_F(lz4_produce, a_frame_of_independent_blocks_is_stored) {
    EXPECT_FALSE(send(frame_of(records(), independent)));
}

TEST_F(lz4_produce, blocks_that_refer_to_earlier_ones_are_refused) {
    expect_refused(frame_of(records(), linked), "independent blocks");
}

TEST_F(lz4_produce, two_frames_are_refused) {
    auto packed = frame_of(records().first(5), independent);
    const auto second = frame_of(records().subspan(5), independent);
    packed.insert(packed.end(), second.begin(), second.end());
    expect_refused(packed, "behind its frame");
}

TEST_F(lz4_produce, a_frame_to_be_skipped_is_refused_before_and_behind) {
    bytes skipped;
    put_number(skipped, 0x184d2a50);
    put_number(skipped, 3);
    skipped.resize(skipped.size() + 3);
    const auto frame = frame_of(records(), independent);
    auto before = skipped;
    before.insert(before.end(), frame.begin(), frame.end());
    expect_refused(before, "does not begin with");
    auto behind = frame;
    behind.insert(behind.end(), skipped.begin(), skipped.end());
    expect_refused(behind, "behind its frame");
}

TEST(lz4_for_consumers, a_frame_cut_anywhere_is_no_frame) {
    const bytes content(70, std::byte{7});
    for (const std::uint8_t flags : {independent, static_cast<std::uint8_t>(independent | 0x14)}) {
        auto frame = frame_of(content, flags, content.size());
        if (flags != independent) {
            // Checksums behind the block and the content; nobody looks at their values here.
            frame.resize(frame.size() - 4);
            put_number(frame, 1);
            put_number(frame, 0);
            put_number(frame, 2);
        }
        EXPECT_TRUE(batch::check_lz4_for_consumers(frame).has_value());
        for (std::size_t size = 0; size < frame.size(); ++size) {
            const bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_FALSE(batch::check_lz4_for_consumers(cut).has_value()) << size;
        }
    }
}

} // namespace
} // namespace barnabas::lz4_produce_test
