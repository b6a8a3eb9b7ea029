#include "tests/unit/actors/replica/dump/samples.hpp"

#include <gtest/gtest.h>

/// Whatever the bytes are, a dump ends, and shows that they are not what they were.
namespace barnabas::replica::dump::damage_test {
namespace {

constexpr std::array<std::string_view, 5> suffixes{".log", ".index", ".timeindex", ".txnindex", ".snapshot"};

dump_options everything() {
    dump_options options;
    options.deep_iteration = true;
    options.print_data_log = true;
    return options;
}

class damage : public ::testing::TestWithParam<std::string_view> {
protected:
    damage() {
        put_sound_segment(host);
        sound_bytes = host.files.content(host.path(GetParam()));
        sound = host.dump(GetParam(), everything());
        EXPECT_EQ(host.failures, 0u);
        EXPECT_TRUE(sound.complaints.empty()) << sound.complaints[0];
    }

    kept_lines dump(const std::vector<std::byte>& bytes, const dump_options& options) {
        host.files.put(host.path(GetParam()), bytes);
        auto said = host.dump(GetParam(), options);
        EXPECT_EQ(host.files.open_count(), 0u);
        EXPECT_EQ(host.files.content(host.path(GetParam())), bytes);
        return said;
    }

    dump_host host;
    std::vector<std::byte> sound_bytes;
    kept_lines sound;
};

TEST_P(damage, of_any_bit_shows) {
    dump_options sanity;
    sanity.index_sanity_check = true;
    for (std::size_t bit = 0; bit < sound_bytes.size() * 8; ++bit) {
        auto bytes = sound_bytes;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(dump(bytes, everything()) == sound) << "bit " << bit;
        dump(bytes, sanity);
    }
}

TEST_P(damage, by_a_cut_anywhere_shows) {
    for (std::size_t size = 0; size < sound_bytes.size(); ++size) {
        auto bytes = sound_bytes;
        bytes.resize(size);
        EXPECT_FALSE(dump(bytes, everything()) == sound) << size << " bytes";
    }
}

TEST_P(damage, of_the_log_does_not_end_the_dump_of_what_lies_beside_it) {
    const auto log = host.files.content(host.path(".log"));
    for (std::size_t byte = 0; byte < log.size(); ++byte) {
        auto bytes = log;
        bytes[byte] ^= std::byte{0xff};
        host.files.put(host.path(".log"), bytes);
        host.dump(GetParam(), everything());
        EXPECT_EQ(host.files.open_count(), 0u);
    }
}

TEST_P(damage, by_a_disk_that_fails_is_told) {
    const auto before = host.files.operations();
    host.dump(GetParam(), everything());
    const auto count = host.files.operations() - before;
    ASSERT_GT(count, 0u);
    for (std::uint64_t n = 0; n < count; ++n) {
        host.files.fail_after(n);
        const auto said = host.dump(GetParam(), everything());
        EXPECT_GE(host.failures, 1u) << "operation " << n;
        EXPECT_FALSE(said.complaints.empty());
        EXPECT_EQ(host.files.open_count(), 0u);
        host.files.never_fail();
    }
}

TEST_P(damage, by_random_bytes_ends_in_words) {
    std::mt19937_64 random(20411);
    for (int round = 0; round < 300; ++round) {
        auto bytes = sound_bytes;
        const auto from = random() % bytes.size();
        for (auto at = from; at < bytes.size(); ++at)
            bytes[at] = static_cast<std::byte>(random());
        EXPECT_FALSE(dump(bytes, everything()) == sound);
    }
}

INSTANTIATE_TEST_SUITE_P(files, damage, ::testing::ValuesIn(suffixes),
                         [](const auto& info) { return std::string(info.param.substr(1)); });

} // namespace
} // namespace barnabas::replica::dump::damage_test
