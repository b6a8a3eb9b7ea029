#pragma once

#include "actors/controller/metadata_image.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/config/topic_config.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Messages of the controller role. An answer leaves when its records are on stable storage and this node's
/// broker has applied them, so that whoever got the answer finds the change everywhere on this node.
namespace barnabas {

struct new_topic {
    std::string name;
    /// -1: the broker's default.
    std::int32_t partition_count = -1;
    std::int16_t replication_factor = -1;
    /// Replicas by partition; given instead of count and factor.
    std::map<std::int32_t, std::vector<node_id>> assignments;
    std::map<std::string, std::optional<std::string>> configs;
};

struct create_topics_request {
    std::uint64_t token = 0;
    bool validate_only = false;
    std::vector<new_topic> topics;
};

/// What became of one topic; `code` is `ok` or why nothing was done to it.
struct topic_result {
    std::string name;
    topic_id id;
    errc code = errc::ok;
    std::string detail;
    std::int32_t partition_count = -1;
    std::int16_t replication_factor = -1;
};

struct delete_topics_request {
    struct item {
        /// By name, or by id where the name is absent.
        std::optional<std::string> name;
        topic_id id;
    };
    std::uint64_t token = 0;
    std::vector<item> topics;
};

struct create_partitions_request {
    struct item {
        std::string name;
        /// The total wanted, not how many more.
        std::int32_t count = 0;
        /// Replicas of each new partition; absent for automatic placement.
        std::optional<std::vector<std::vector<node_id>>> assignments;
    };
    std::uint64_t token = 0;
    bool validate_only = false;
    std::vector<item> topics;
};

struct alter_configs_request {
    struct change {
        std::string key;
        config_operation what = config_operation::set;
        /// Of no meaning for `remove`.
        std::string value;
    };
    struct item {
        /// All brokers, a topic by its name, one broker, or a group.
        std::variant<cluster_resource, std::string, node_id, named_group> resource;
        std::vector<change> changes;
        /// What is not named goes back to its default (AlterConfigs).
        bool replaces = false;
    };
    std::uint64_t token = 0;
    bool validate_only = false;
    std::vector<item> resources;
};

/// Answers the requests above, topics (or resources) in the order asked.
struct topics_response {
    std::uint64_t token = 0;
    std::vector<topic_result> topics;
    /// Other than `ok`: the request as a whole failed and `topics` is empty.
    errc code = errc::ok;
    std::string detail;

    static topics_response dropped(std::uint64_t token) {
        return {token, {}, errc::dropped, "the controller ended before it answered"};
    }
};

/// A block of producer ids that no other block overlaps, ever.
struct allocate_producer_ids_request {
    std::uint64_t token = 0;
};
struct allocate_producer_ids_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    producer_id first;
    std::int32_t count = 0;

    static allocate_producer_ids_response dropped(std::uint64_t token) {
        return {token, errc::dropped, producer_id{-1}, 0};
    }
};

/// To the broker: these records are on stable storage. Answered by `metadata_applied`.
struct metadata_committed {
    metadata_image_ptr image;
};
struct metadata_applied {
    log_offset applied;
};

/// To the broker: the controller cannot go on (its log cannot be opened or written); the node must end.
struct controller_failed {
    errc code = errc::ok;
    std::string detail;
};

/// Flushes and closes the metadata log; answered by `controller_closed`, then the actor ends.
struct close_controller {};
struct controller_closed {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::create_topics_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::delete_topics_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::create_partitions_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::alter_configs_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::topics_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::allocate_producer_ids_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::allocate_producer_ids_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_applied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::controller_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_controller)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::controller_closed)
