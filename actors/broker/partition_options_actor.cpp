#include "actors/broker/partition_options_actor.hpp"

#include "actors/broker/small_files.hpp"
#include "runtime/random/random.hpp"

namespace barnabas {

loop_index home_of(const topic_partition& id, std::uint32_t loops) {
    const auto* bytes = reinterpret_cast<const char*>(id.topic.bytes.data());
    const auto hash =
        runtime::stable_hash({bytes, id.topic.bytes.size()}, static_cast<std::uint64_t>(id.partition.get()));
    return loop_index(static_cast<std::uint32_t>(hash % loops));
}

partition_options partition_options_of(const broker_effects::open_partition& effect,
                                       const partition_furniture& with) {
    const auto name = partition_directory_name(effect.topic, effect.id.partition);
    partition_options wanted;
    wanted.directory = join_path(effect.data_directory, name);
    wanted.gate = with.gates.at(effect.data_directory);
    wanted.topic_name = effect.topic;
    wanted.id = effect.id;
    wanted.config = effective(with.config, effect.configs);
    wanted.was_compacted = effect.was_compacted;
    wanted.led = effect.led;
    wanted.create = effect.create;
    wanted.producer_id_expiration_ms = with.config.producer_id_expiration_ms;
    wanted.recovery_point_interval_bytes = with.config.barnabas_recovery_point_interval_bytes;
    wanted.journal = with.journals.use_for(effect.data_directory, name, effect.id);
    if (effect.was_closed_here) {
        wanted.journal.held.clear();
        wanted.journal.damage.reset();
    }
    wanted.checkpointed = effect.checkpointed;
    wanted.closed = effect.closed;
    wanted.progress = effect.progress;
    wanted.checkpoints = with.checkpoints.of(effect.data_directory);
    return wanted;
}

} // namespace barnabas
