#pragma once

#include "tests/unit/actors/replica/memory_files.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

/// Directories that Kafka wrote, with what it says of them.
namespace barnabas::replica {

namespace fs = std::filesystem;

inline fs::path kafka_data() {
    const char* given = std::getenv("BARNABAS_SHARED");
    const fs::path shared =
        given != nullptr ? fs::path(given) : fs::path(BARNABAS_REPO_ROOT) / ".." / "shared";
    return shared / "kafka-data";
}

inline std::string text_of(const fs::path& path) {
    std::string text;
    gzFile file = ::gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return text;
    char block[65536];
    for (int got; (got = ::gzread(file, block, sizeof block)) > 0;)
        text.append(block, static_cast<std::size_t>(got));
    ::gzclose(file);
    return text;
}

/// The integer behind `"key":` at or after `from`.
inline std::int64_t integer_after(const std::string& text, const std::string& key, std::size_t from) {
    const auto at = text.find(key, from);
    return at == std::string::npos ? -1 : std::strtoll(text.c_str() + at + key.size(), nullptr, 10);
}

/// End offsets by directory name, from a file of lines with "dir" and "logEndOffset".
inline std::map<std::string, std::int64_t> end_offsets_of(const fs::path& lines) {
    const std::string key = "\"dir\":\"";
    std::map<std::string, std::int64_t> ends;
    const auto text = text_of(lines);
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
        const auto begin = at + key.size();
        ends[text.substr(begin, text.find('"', begin) - begin)] =
            integer_after(text, "\"logEndOffset\":", at);
    }
    return ends;
}

inline std::string content_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Unpacks one of them, and puts its partitions into memory.
class kafka_files : public ::testing::Test {
protected:
    /// False where there are none at all. What does not unpack is a failure.
    bool unpack(const std::string& name) {
        unpacked_ = fs::path(scratch_.path()) / name;
        const auto script = kafka_data() / "unpack.sh";
        if (!fs::exists(script))
            return false;
        const auto command = "sh '" + script.string() + "' " + name + " '" + unpacked_.string() + "'";
        EXPECT_EQ(std::system(command.c_str()), 0) << name;
        return true;
    }

    /// At "/data/<partition>".
    std::unique_ptr<memory_files> files_of(const std::string& partition) const {
        auto files = std::make_unique<memory_files>();
        for (const auto& entry : fs::directory_iterator(unpacked_ / partition)) {
            const auto bytes = content_of(entry.path());
            files->put("/data/" + partition + "/" + entry.path().filename().string(),
                       std::as_bytes(std::span(bytes)));
        }
        return files;
    }

    /// Of this run alone: others may unpack the same at the same time.
    runtime::scratch_directory scratch_;
    fs::path unpacked_;
};

} // namespace barnabas::replica
