#include "cmd/barnabas/running_broker.hpp"

#include "actors/broker/broker_messages.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/node/production_node.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <thread>

namespace barnabas {

namespace {

/// More loops than this bring nothing to a broker without knowledge of its load.
constexpr unsigned default_loops_max = 4;

runtime::production_node_options node_options_for(const broker_config& config, log_level level) {
    runtime::production_node_options options;
    const auto cores = std::clamp(std::thread::hardware_concurrency(), 1U, default_loops_max);
    options.loops =
        config.barnabas_event_loops > 0 ? static_cast<std::uint32_t>(config.barnabas_event_loops) : cores;
    options.disk_threads = static_cast<std::uint32_t>(config.barnabas_disk_threads);
    options.data_directories = data_directories_of(config);
    options.open_files_max = static_cast<std::size_t>(config.barnabas_open_files_max);
    const auto requests = config.queued_max_request_bytes > 0 ? config.queued_max_request_bytes
                                                              : config.barnabas_memory_request_bytes;
    options.client_input_bytes = static_cast<std::size_t>(requests);
    options.fetch_output_bytes = static_cast<std::size_t>(config.barnabas_memory_fetch_bytes);
    options.control_bytes = static_cast<std::size_t>(config.barnabas_memory_control_bytes);
    options.tail_bytes = static_cast<std::size_t>(config.barnabas_memory_tail_bytes);
    options.lowest_log_level = level;
    options.format_of_log = parse_log_format(config.barnabas_log_format).value_or(log_format::text);
    return options;
}

class broker_on_node final : public running_broker {
public:
    broker_on_node(std::unique_ptr<runtime::production_node> node,
                   std::shared_ptr<const broker_config> config, boot_events events,
                   const boot_options& options)
        : node_(std::move(node)),
          broker_(boot_broker(node_->services(), std::move(config), std::move(events), options)) {}

    ~broker_on_node() override {
        // The handle belongs to the node's actor system.
        broker_ = nullptr;
        node_.reset();
    }

    void stop() override { caf::anon_send(broker_, stop_broker{}); }

private:
    std::unique_ptr<runtime::production_node> node_;
    caf::actor broker_;
};

} // namespace

result<std::unique_ptr<running_broker>> start_broker(std::shared_ptr<const broker_config> config,
                                                     log_level level, boot_events events,
                                                     std::string cluster_id) {
    auto node = runtime::production_node::start(node_options_for(*config, level));
    if (!node)
        return node.failure();
    boot_options options;
    options.cluster_id = std::move(cluster_id);
    return std::unique_ptr<running_broker>(
        std::make_unique<broker_on_node>(std::move(*node), std::move(config), std::move(events), options));
}

} // namespace barnabas
