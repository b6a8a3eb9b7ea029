#include "runtime/config/data_directories.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace barnabas {

namespace {

/// Of a key with a default, whose text was checked when it was set.
std::chrono::milliseconds milliseconds_of(const broker_config& config, std::string_view key) {
    const auto text = config.text_of(key).value_or("");
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::chrono::milliseconds(value);
}

} // namespace

std::vector<std::string> data_directories_of(const broker_config& config) {
    auto all = config.log_dirs;
    const auto& metadata = config.metadata_log_dir;
    if (!metadata.empty() && std::find(all.begin(), all.end(), metadata) == all.end())
        all.push_back(metadata);
    return all;
}

hang_limits hang_limits_of(const broker_config& config) {
    return {milliseconds_of(config, "barnabas.log.dir.hang.ms"),
            milliseconds_of(config, "barnabas.log.dir.hang.offline.ms")};
}

} // namespace barnabas
