#include "sim/cluster/furniture.hpp"

#include "runtime/memory/reserve.hpp"
#include "runtime/memory/tail_cache.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/node_services.hpp"

#include <memory>

namespace barnabas::sim {

namespace {

class observed_logger final : public logger {
public:
    observed_logger(world& time, observation& watched, std::string host)
        : time_(time), watched_(watched), host_(std::move(host)) {}

    void write(log_level level, std::string_view event, const log_fields& fields) override {
        if (!watched_.on_log)
            return;
        std::string line(event);
        for (const auto& field : fields)
            line += " " + field.key + "=" + field.value;
        watched_.on_log(time_.now(), host_, level, line);
    }

private:
    world& time_;
    observation& watched_;
    std::string host_;
};

struct furniture {
    furniture(world& time, observation& watched, const std::string& host, const memory_sizes& sizes)
        : log(time, watched, host), memory{{"client_input", sizes.client_input},
                                           {"fetch_output", sizes.fetch_output},
                                           {"control", sizes.control},
                                           std::make_shared<runtime::tail_cache>(sizes.tail)} {}

    observed_logger log;
    runtime::metric_registry metrics;
    runtime::memory_reserves memory;
};

} // namespace

node_options furnished(scheduler_options scheduler, world& time, observation& watched,
                       const std::string& host, const memory_sizes& memory) {
    node_options options;
    options.scheduler = scheduler;
    options.furnish = [&time, &watched, host, memory](runtime::node_services& node) {
        auto made = std::make_shared<furniture>(time, watched, host, memory);
        node.log = &made->log;
        node.metrics = &made->metrics;
        node.memory = &made->memory;
        return std::static_pointer_cast<void>(made);
    };
    return options;
}

std::vector<node_reading::reserve> reserve_readings(runtime::node_services& node, std::size_t largest_request,
                                                    std::size_t largest_read) {
    std::vector<node_reading::reserve> readings;
    const auto read = [&](const runtime::memory_reserve& reserve, std::size_t overdraft) {
        readings.push_back({reserve.name(), reserve.in_use(), reserve.capacity(), overdraft});
    };
    read(node.memory->client_input, largest_request);
    read(node.memory->fetch_output, largest_read);
    read(node.memory->control, 0);
    return readings;
}

std::uint64_t replies_dropped(runtime::node_services& node) {
    std::uint64_t count = 0;
    node.metrics->for_each([&](const std::string& name, const runtime::metric_registry::family& family) {
        if (name != "replies_dropped" && name != "replies_dropped_total")
            return;
        for (const auto& [labels, series] : family.series_by_labels)
            count += series.count != nullptr ? series.count->value() : 0;
    });
    return count;
}

} // namespace barnabas::sim
