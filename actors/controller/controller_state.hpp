#pragma once

#include "actors/controller/metadata_image.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/group_config.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace barnabas {

/// What the controller is told once.
struct controller_options {
    node_id node;
    std::string cluster_id;
    std::int32_t default_partition_count = 1;
    std::int16_t default_replication_factor = 1;
    bool delete_topics_enabled = true;
    /// With whole paths, and `cordoned.log.dirs` as the broker's file has it.
    std::vector<std::string> log_dirs;
    std::vector<std::string> cordoned_log_dirs;
    group_rules groups;
    planted_bugs planted;
};

/// What the records applied so far make. Only `controller::apply` changes it.
struct controller_state {
    metadata_image image;
    /// Topic names by `collision_key`, for the check of new ones.
    std::map<std::string, std::string> names_by_key;
    std::uint16_t feature_level = 0;
};

/// What a handler decides: records to be committed as one batch (none: nothing changes), and the answer that
/// leaves once they are.
template <class Response>
struct decision {
    std::vector<metadata_record> records;
    Response response;
};

} // namespace barnabas
