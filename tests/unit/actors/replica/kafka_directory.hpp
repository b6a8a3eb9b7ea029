#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
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

/// Unpacks one, and opens its partitions in memory.
class kafka_directory : public ::testing::Test {
protected:
    bool unpack(const std::string& name) {
        unpacked_ = fs::path(scratch_.path()) / name;
        const auto script = kafka_data() / "unpack.sh";
        if (!fs::exists(script))
            return false;
        const auto command = "sh '" + script.string() + "' " + name + " '" + unpacked_.string() + "'";
        return std::system(command.c_str()) == 0;
    }

    /// The checkpoints of the unpacked directory, read as a broker reads them.
    void read_checkpoints_of_directory() {
        memory_files directory;
        directory.add_directory("/data");
        for (const auto kind : all_checkpoints) {
            std::ifstream in(unpacked_ / file_name_of(kind), std::ios::binary);
            if (!in)
                continue;
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            directory.put("/data/" + std::string(file_name_of(kind)), std::as_bytes(std::span(bytes)));
        }
        auto found = read_checkpoints(directory, "/data");
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->damage.empty());
        checkpoints_ = std::move(found->offsets);
    }

    result<void> open(const std::string& partition) {
        files = std::make_unique<memory_files>();
        const std::string directory = "/data/" + partition;
        for (const auto& entry : fs::directory_iterator(unpacked_ / partition)) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            files->put(directory + "/" + entry.path().filename().string(), std::as_bytes(std::span(bytes)));
        }
        log_options options;
        options.directory = directory;
        options.delete_policy =
            partition.find("compact") == std::string::npos && !partition.starts_with("__");
        const auto dash = partition.rfind('-');
        const auto line = checkpoints_.find(
            {partition.substr(0, dash), partition_index(std::atoi(partition.c_str() + dash + 1))});
        if (line != checkpoints_.end())
            options.checkpointed = line->second;
        host = std::make_unique<log_host>(*files, options);
        return host->open(false);
    }

    /// Of this run alone: others may unpack the same at the same time.
    runtime::scratch_directory scratch_;
    fs::path unpacked_;
    offsets_by_partition checkpoints_;
    std::unique_ptr<memory_files> files;
    std::unique_ptr<log_host> host;
};

} // namespace barnabas::replica
