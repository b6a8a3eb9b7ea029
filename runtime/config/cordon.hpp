#pragma once

#include "protocol/model/error.hpp"

#include <map>
#include <string>
#include <vector>

/// `cordoned.log.dirs` (KIP-1066): which data directories take no new partitions. The key stands in the
/// broker's file, and clients alter it while the broker runs.
namespace barnabas {

inline constexpr const char* cordon_key = "cordoned.log.dirs";

/// The directories of `log_dirs` that are named: by whole paths, or all of them by `*` alone, in the order of
/// `log_dirs`. The detail of invalid_config names the first that is none of them.
result<std::vector<std::string>> cordoned_directories(const std::vector<std::string>& log_dirs,
                                                      const std::vector<std::string>& named);
/// Checks a text that clients want to set.
result<void> check_cordon(const std::vector<std::string>& log_dirs, const std::string& text);

/// Those that are cordoned now: what was altered for this broker wins over what was altered for all, and that
/// over the file. Names that `log_dirs` had in an earlier life cordon nothing.
std::vector<std::string> cordoned_now(const std::vector<std::string>& log_dirs,
                                      const std::vector<std::string>& in_file,
                                      const std::map<std::string, std::string>& for_all,
                                      const std::map<std::string, std::string>& here);

} // namespace barnabas
