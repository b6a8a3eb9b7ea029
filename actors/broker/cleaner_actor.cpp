#include "actors/broker/cleaner_actor.hpp"

#include "actors/broker/broker_events.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace barnabas {

cleaner_shell::cleaner_shell(runtime::node_services& node, const broker_config& config,
                             const partitions_by_id& partitions, caf::event_based_actor& broker)
    : config_(config), partitions_(partitions), broker_(broker),
      machine_({config.log_cleaner_enable, static_cast<std::size_t>(config.log_cleaner_threads),
                std::chrono::milliseconds(config.log_cleaner_backoff_ms)}),
      metrics_(node), secrets_(runtime::random(node.seed).split("cleaner")) {}

void cleaner_shell::on_started() {
    cleaner::effects out;
    machine_.on_started(out);
    carry_out(out);
}

void cleaner_shell::on_due() {
    cleaner::effects out;
    machine_.on_due(out);
    carry_out(out);
}

void cleaner_shell::on_gone(const topic_partition& id) {
    cleaner::effects out;
    machine_.on_gone(id, out);
    carry_out(out);
}

void cleaner_shell::on_paused(const topic_partition& id) {
    cleaner::effects out;
    machine_.on_paused(id, out);
    carry_out(out);
}

void cleaner_shell::on_configured(const topic_partition& id, bool is_compacted, bool moves) {
    if (!is_compacted)
        on_paused(id);
    else if (!moves)
        on_opened(id);
}

void cleaner_shell::on_state(const cleaning_state& state) {
    cleaner::effects out;
    machine_.on_state({state.partition, state.overdue, state.dirty_ratio}, state.wanted, out);
    carry_out(out);
}

void cleaner_shell::on_cleaned(const partition_cleaned& pass) {
    metrics_.pass_ended(pass);
    cleaner::effects out;
    machine_.on_cleaned(pass.partition, pass.code == errc::ok, pass.uncleanable, out);
    carry_out(out);
}

void cleaner_shell::carry_out(const cleaner::effects& out) {
    const auto tell = [this](const topic_partition& id, auto message) {
        // One that is gone has told or will tell of its end.
        if (const auto found = partitions_.find(id); found != partitions_.end())
            broker_.send(found->second, std::move(message));
    };
    for (const auto& id : out.ask)
        tell(id, check_cleaning{});
    for (const auto& id : out.clean)
        tell(id, order());
    metrics_.uncleanable(machine_.uncleanable_count());
    if (out.arm_timer)
        broker_.delayed_send(
            &broker_, std::chrono::milliseconds(std::max<std::int64_t>(config_.log_cleaner_backoff_ms, 1)),
            cleaning_due{});
}

/// Memory and speed are shared by all that are compacted at once.
clean_partition cleaner_shell::order() {
    const auto shares = std::max<std::int64_t>(config_.log_cleaner_threads, 1);
    clean_partition order;
    order.settings.map_bytes = static_cast<std::uint64_t>(config_.log_cleaner_dedupe_buffer_size / shares);
    order.settings.map_load_factor = config_.log_cleaner_io_buffer_load_factor;
    constexpr std::int64_t window_least = 64 << 10;
    order.settings.window_bytes =
        static_cast<std::size_t>(std::max(config_.log_cleaner_io_buffer_size / shares, window_least));
    order.settings.secret = {secrets_.next(), secrets_.next()};
    order.bytes_per_second = config_.log_cleaner_io_max_bytes_per_second / static_cast<double>(shares);
    return order;
}

} // namespace barnabas
