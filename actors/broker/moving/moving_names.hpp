#pragma once

#include "protocol/model/ids.hpp"

#include <optional>
#include <string>

/// Names of directories while a partition moves between data directories, as Kafka has them:
/// `<topic>-<partition>.<32 hexadecimal digits>-future` and `-delete`.
namespace barnabas {

enum class moving_kind { future, discarded };

struct moving_name {
    /// `<topic>-<partition>`.
    std::string partition_directory;
    /// Of one move; its two directories have the same.
    std::string unique_id;
    moving_kind kind = moving_kind::future;
};

std::string to_string(const moving_name& name);
/// Absent for other names.
std::optional<moving_name> parse_moving_name(const std::string& name);

/// A file system takes no longer names.
inline constexpr std::size_t directory_name_bytes_max = 255;
inline constexpr std::size_t unique_id_digits = 32;

} // namespace barnabas
