#pragma once

#include "actors/controller/controller_messages.hpp"
#include "actors/controller/controller_state.hpp"
#include "actors/controller/metadata_image.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "runtime/random/random.hpp"

#include <optional>
#include <set>
#include <vector>

namespace barnabas {

/// The feature level that this version writes and reads (docs of `featureLevel` in metadata.capnp).
inline constexpr std::uint16_t supported_feature_level = 3;
/// From these levels on there are configs of brokers, and of groups.
inline constexpr std::uint16_t broker_configs_level = 2;
inline constexpr std::uint16_t group_configs_level = 3;

/// The cluster's metadata, made by the records of the metadata log. Guarantees: a handler changes nothing but
/// draws ids; `apply` is the only thing that changes the state, live and on replay, so that every reader of
/// the log at one offset has the same image. Assumes: the records of one decision are appended and applied
/// before the next is asked for; nothing of it is shown to anybody before they are stable, and if they never
/// become so, this machine is thrown away.
class controller {
public:
    controller(controller_options options, runtime::random ids);

    decision<topics_response> on_create_topics(const create_topics_request& request);
    decision<topics_response> on_delete_topics(const delete_topics_request& request) const;
    decision<topics_response> on_create_partitions(const create_partitions_request& request) const;
    decision<topics_response> on_alter_configs(const alter_configs_request& request) const;
    decision<allocate_producer_ids_response>
    on_allocate_producer_ids(const allocate_producer_ids_request& request) const;
    /// Records that a starting broker needs: the feature level in an empty log, and its registration.
    std::vector<metadata_record> on_broker_started(const broker_registered_record& broker) const;

    /// Applies the record at `offset`, which must be the next one. An error means that the log is not one
    /// that a controller wrote: corrupt_message, or unsupported_version. The state is then of no use any
    /// more.
    result<void> apply(log_offset offset, const metadata_record& record);

    /// End offset (exclusive) of the records applied.
    log_offset applied() const noexcept { return state_.image.applied; }
    const planted_bugs& planted() const noexcept { return options_.planted; }
    const metadata_image& state() const noexcept { return state_.image; }
    /// A copy that never changes.
    metadata_image_ptr image() const;
    /// The topics that the records applied so far have removed. Asked once, when the log is replayed: later
    /// removals are not kept.
    std::set<topic_id> take_removed_topics();

private:
    result<void> apply_one(const no_op_record& record);
    result<void> apply_one(const feature_level_record& record);
    result<void> apply_one(const topic_created_record& record);
    result<void> apply_one(const partition_record& record);
    result<void> apply_one(const topic_removed_record& record);
    result<void> apply_one(const config_changed_record& record);
    result<void> apply_one(const broker_registered_record& record);
    result<void> apply_one(const producer_ids_allocated_record& record);
    result<void> apply_topic_config(const topic_id& id, const config_changed_record& record);
    result<void> apply_group_config(const named_group& group, const config_changed_record& record);

    controller_options options_;
    runtime::random ids_;
    controller_state state_;
    /// No part of the image: all of a log's life are in it, and only a start needs them. A few words each,
    /// far fewer than the records that it was read from.
    std::optional<std::set<topic_id>> removed_topics_ = std::set<topic_id>();
};

} // namespace barnabas
