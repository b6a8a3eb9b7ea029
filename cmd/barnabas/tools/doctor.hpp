#pragma once

#include "actors/client/admin/admin.hpp"
#include "runtime/config/broker_config.hpp"

#include <string>
#include <vector>

/// Parts of `barnabas doctor`.
namespace barnabas::doctor {

enum class finding { good, warning, bad };

/// One thing that was looked at; a warning and a bad one say what to do.
struct check {
    std::string name;
    finding found = finding::good;
    std::string detail;
};

/// How many files a broker may have open.
check open_files();
/// Whether one file may be as large as a segment becomes.
check file_size(const broker_config& config);
/// Whether somebody keeps this machine's clock right.
check clock();
/// For each data directory: that it is there, its room, and that what is written can be synced.
std::vector<check> disks(const broker_config& config);
/// Whether each broker answers where it says that it is.
std::vector<check> listeners(const client::admin& calls);
/// Whether the cluster's own topics have their replicas.
std::vector<check> internal_topics(const client::admin& calls);

} // namespace barnabas::doctor
