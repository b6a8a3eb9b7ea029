#include "runtime/node/light_node.hpp"

#include "runtime/clock/system_clock.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/network/asio_network.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <sys/random.h>
#include <utility>

namespace barnabas::runtime {

namespace {

void end_process(const char* role, const char* what) {
    std::fprintf(stderr, "barnabas: a %s actor failed: %s. The process ends now.\n", role, what);
    std::abort();
}

} // namespace

/// In the order in which they are made; what is used comes before what uses it.
struct light_node::parts {
    system_clock clock;
    std::unique_ptr<logger> log;
    metric_registry metrics;
    caf::actor_system_config config;
    std::unique_ptr<caf::actor_system> system;
    std::unique_ptr<asio_network> network;
    node_services services;

    explicit parts(light_node_options& options) : log(std::move(options.log)) {
        if (log == nullptr)
            log = make_stderr_logger([this] { return clock.wall_now(); }, options.lowest_log_level);
        config.module_factories.push_back(loop_scheduler::factory({1, end_process}));
        system = std::make_unique<caf::actor_system>(config);
        // CAF leaves its logger in a variable of this thread. A program's main thread ends those before its
        // statics, and a client among the statics would find it released.
        caf::logger::set_current_actor_system(nullptr);
        system->await_actors_before_shutdown(false);
        auto& scheduler = loop_scheduler::of(*system);
        network = std::make_unique<asio_network>(scheduler);
        services.system = system.get();
        services.scheduling = &scheduler;
        services.network = network.get();
        services.clock = &clock;
        services.log = log.get();
        services.metrics = &metrics;
    }
};

result<std::unique_ptr<light_node>> light_node::start(light_node_options options) {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return error{errc::internal, "the system gives no random numbers (getrandom)"};
    try {
        auto made = std::make_unique<parts>(options);
        made->services.seed = seed;
        return std::unique_ptr<light_node>(new light_node(std::move(made)));
    } catch (const std::exception& failure) {
        return error{errc::internal, std::string("cannot start the loop of a client: ") + failure.what()};
    }
}

light_node::light_node(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

light_node::~light_node() {
    parts_->system.reset();
}

node_services& light_node::services() noexcept {
    return parts_->services;
}

} // namespace barnabas::runtime
