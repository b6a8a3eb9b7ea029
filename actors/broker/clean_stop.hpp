#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <map>
#include <string>
#include <string_view>

/// What a stop in good order leaves in a data directory (docs/log-format.md): the marker, and what all logs
/// were, so that the next start needs no look at them.
namespace barnabas {

inline constexpr std::string_view clean_stop_marker = ".kafka_cleanshutdown";
inline constexpr std::string_view closed_logs_file = "clean-logs.barnabas";

/// By the name of the partition's directory; each begins with the topic's id (replica/log/clean_log.hpp).
using closed_logs = std::map<std::string, slice>;

struct found_clean_stop {
    bool marked = false;
    /// Empty unless it was written together with the marker.
    closed_logs logs;
};

/// Job: what the last stop left. All of it is gone, durably, when this returns.
result<found_clean_stop> take_clean_stop(runtime::file_system& files, const std::string& path,
                                         const planted_bugs& planted = {});

/// Job: leaves the logs, then the marker that vouches for them.
result<void> leave_clean_stop(runtime::file_system& files, const std::string& path, const closed_logs& logs);

/// The topic of a closed log; all zero when it is too short.
topic_id topic_of_closed_log(const slice& log);

} // namespace barnabas
