#include "runtime/config/data_directories.hpp"

#include <algorithm>

namespace barnabas {

std::vector<std::string> data_directories_of(const broker_config& config) {
    auto all = config.log_dirs;
    const auto& metadata = config.metadata_log_dir;
    if (!metadata.empty() && std::find(all.begin(), all.end(), metadata) == all.end())
        all.push_back(metadata);
    return all;
}

hang_limits hang_limits_of(const broker_config& config) {
    return {std::chrono::milliseconds(config.barnabas_log_dir_hang_ms),
            std::chrono::milliseconds(config.barnabas_log_dir_hang_offline_ms)};
}

} // namespace barnabas
