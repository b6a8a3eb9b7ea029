#include "tests/golden/checks.hpp"
#include "tests/golden/reasons.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace barnabas::golden::golden_subset_test {
namespace {

TEST(golden_subset, every_vector_of_the_repository_holds) {
    std::size_t passed = 0;
    for (const auto& file : check_folder(BARNABAS_REPO_ROOT "/tests/golden/protocol")) {
        EXPECT_EQ(file.not_checked, "") << file.name;
        EXPECT_EQ(file.failed, 0u) << file.name << " " << (file.failures.empty() ? "" : file.failures[0]);
        EXPECT_GT(file.passed, 0u) << file.name;
        passed += file.passed;
    }
    EXPECT_GT(passed, 900u);
}

TEST(golden_checks, tell_line_and_reason_of_what_does_not_hold) {
    const auto path = (std::filesystem::temp_directory_path() / "barnabas-golden-varints.jsonl").string();
    std::ofstream(path) << R"({"type":"varint","value":1,"hex":"02","valid":true})" << '\n'
                        << R"({"type":"varint","value":2,"hex":"02","valid":true})" << '\n'
                        << "not JSON\n";
    const auto done = check_file(path, "some/varints");
    std::filesystem::remove(path);
    EXPECT_EQ(done.passed, 1u);
    EXPECT_EQ(done.failed, 2u);
    ASSERT_EQ(done.failures.size(), 2u);
    EXPECT_EQ(done.failures[0], "line 2: reads as 1");
    EXPECT_TRUE(done.failures[1].starts_with("line 3: the line cannot be used")) << done.failures[1];
    EXPECT_NE(check_file(path, "scram").not_checked, "");
    EXPECT_EQ(check_file(path, "varints").failed, 1u) << "the file is gone";
}

TEST(golden_checks, an_unknown_name_and_an_empty_file_fail) {
    const auto path = (std::filesystem::temp_directory_path() / "barnabas-golden-nothing.jsonl").string();
    std::ofstream(path).close();
    const auto empty = check_file(path, "varints");
    const auto unknown = check_file(path, "varint");
    const auto known = check_file(path, "scram");
    std::filesystem::remove(path);
    EXPECT_EQ(empty.failed, 1u);
    EXPECT_EQ(empty.failures.at(0), "it has no lines, or only empty ones");
    EXPECT_EQ(unknown.failed, 1u);
    EXPECT_EQ(unknown.failures.at(0), "nobody knows a file of this name");
    EXPECT_EQ(known.failed, 0u);
}

error damaged(const char* codec) {
    return {errc::corrupt_message, std::string(codec) + " data is damaged: it ends early"};
}

TEST(golden_reasons, a_damaged_body_is_known_by_the_classes_of_exceptions) {
    const auto is_same = [](std::string_view java, const error& ours) {
        return !compare_reasons(reason_format::record_set, java, ours);
    };
    const std::string lz4 = "org.apache.kafka.common.KafkaException: java.io.IOException: Stream unsupported "
                            "(invalid magic bytes) <- java.io.IOException: Stream unsupported";
    const std::string zstd = "org.apache.kafka.common.KafkaException: Failed to decompress record stream <- "
                             "com.github.luben.zstd.ZstdIOException: Unknown frame descriptor";
    const std::string gzip =
        "org.apache.kafka.common.KafkaException: java.util.zip.ZipException: invalid block "
        "type <- java.util.zip.ZipException: invalid block type";
    const std::string early =
        "org.apache.kafka.common.KafkaException: java.io.EOFException: Unexpected end of "
        "ZLIB input stream <- java.io.EOFException";
    EXPECT_TRUE(is_same(lz4, damaged("lz4")));
    EXPECT_TRUE(is_same(lz4, damaged("snappy")));
    EXPECT_TRUE(is_same(zstd, damaged("zstd")));
    EXPECT_FALSE(is_same(zstd, damaged("gzip")));
    EXPECT_TRUE(is_same(gzip, damaged("gzip")));
    EXPECT_FALSE(is_same(gzip, damaged("lz4")));
    EXPECT_TRUE(is_same(early, damaged("gzip")));
    EXPECT_FALSE(is_same(early, error{errc::invalid_record, "gzip data is damaged"}));
    EXPECT_FALSE(is_same(early, error{errc::corrupt_message, "the CRC is 1"}));
    EXPECT_FALSE(is_same("org.apache.kafka.common.KafkaException: it rained", damaged("gzip")));
}

} // namespace
} // namespace barnabas::golden::golden_subset_test
