#include "tests/golden/checks.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace barnabas::golden {
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

} // namespace
} // namespace barnabas::golden
