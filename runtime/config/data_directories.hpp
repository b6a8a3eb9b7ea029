#pragma once

#include "runtime/config/broker_config.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace barnabas {

/// All directories that a broker uses, each once: `log.dirs` and `metadata.log.dir`.
std::vector<std::string> data_directories_of(const broker_config& config);

/// How long a call on a data directory may take; 0: as long as it likes.
struct hang_limits {
    std::chrono::milliseconds told_after{0};
    std::chrono::milliseconds offline_after{0};
};
hang_limits hang_limits_of(const broker_config& config);

} // namespace barnabas
