#include "actors/broker/checkpoint_owners_actor.hpp"

#include <caf/send.hpp>

#include <chrono>

namespace barnabas {

checkpoint_options checkpoint_owners::options(const broker_config& config, const planted_bugs& planted) {
    using std::chrono::milliseconds;
    checkpoint_options wanted;
    wanted.recovery_points = milliseconds(config.log_flush_offset_checkpoint_interval_ms);
    wanted.log_starts = milliseconds(config.log_flush_start_offset_checkpoint_interval_ms);
    wanted.high_watermarks = milliseconds(config.replica_high_watermark_checkpoint_interval_ms);
    wanted.planted = planted;
    return wanted;
}

void checkpoint_owners::open(runtime::node_services& node, checkpoint_options options,
                             const std::vector<data_directory>& directories, const gates_by_path& gates,
                             const caf::actor& broker) {
    for (const auto& directory : directories) {
        if (!directory.holds_partitions || directory.offline)
            continue;
        options.directory = directory.path;
        by_directory_[directory.path] =
            spawn_checkpoints(node, options, directory.checkpoints, {gates.at(directory.path), broker});
    }
}

bool checkpoint_owners::close(const std::string& directory) {
    const auto found = by_directory_.find(directory);
    if (found == by_directory_.end())
        return false;
    caf::anon_send(found->second, close_checkpoints{});
    return true;
}

} // namespace barnabas
