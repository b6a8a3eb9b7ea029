#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "tests/unit/actors/replica/kafka_files.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <cstdlib>
#include <memory>
#include <string>

namespace barnabas::replica {

/// Opens the partitions of a directory of Kafka's.
class kafka_directory : public kafka_files {
protected:
    /// The checkpoints of the unpacked directory, read as a broker reads them.
    void read_checkpoints_of_directory() {
        memory_files directory;
        directory.add_directory("/data");
        for (const auto kind : all_checkpoints) {
            const auto path = unpacked_ / file_name_of(kind);
            if (!fs::exists(path))
                continue;
            const auto bytes = content_of(path);
            directory.put("/data/" + std::string(file_name_of(kind)), std::as_bytes(std::span(bytes)));
        }
        auto found = read_checkpoints(directory, "/data");
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->damage.empty());
        checkpoints_ = std::move(found->offsets);
    }

    result<void> open(const std::string& partition) {
        files = files_of(partition);
        log_options options;
        options.directory = "/data/" + partition;
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

    offsets_by_partition checkpoints_;
    std::unique_ptr<memory_files> files;
    std::unique_ptr<log_host> host;
};

} // namespace barnabas::replica
