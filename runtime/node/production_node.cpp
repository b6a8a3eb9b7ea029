#include "runtime/node/production_node.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/disk/parallel_sync.hpp"
#include "runtime/disk/posix_disk.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/memory/tail_cache.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/network/asio_network.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace barnabas::runtime {

namespace {

result<std::uint64_t> seed_from_system() {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return error{errc::internal, "the system gives no random numbers (getrandom)"};
    return seed;
}

/// The other half is for connections.
std::size_t open_files_bound(std::size_t wanted) {
    if (wanted != 0)
        return wanted;
    constexpr std::size_t most = 1'000'000;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return posix_disk::open_files_default;
    return std::clamp<std::size_t>(limit.rlim_cur / 2, 1, most);
}

/// As /proc has it. Linux 6.2 and later tell the number; before, they are counted, and one is for looking.
double descriptors_open() {
    struct stat directory {};
    if (::stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0)
        return static_cast<double>(directory.st_size);
    std::error_code failed;
    double open = 0;
    for (std::filesystem::directory_iterator one("/proc/self/fd", failed), end; !failed && one != end;
         one.increment(failed))
        ++open;
    return std::max(open - 1, 0.0);
}

double descriptors_max() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

void end_process(const char* role, const char* what) {
    std::fprintf(stderr, "barnabas: a %s actor failed: %s. The node ends now.\n", role, what);
    std::abort();
}

} // namespace

/// In the order in which they are made; what is used comes before what uses it.
struct production_node::parts {
    system_clock clock;
    std::unique_ptr<logger> log;
    metric_registry metrics;
    memory_reserves memory;
    posix_disk disk;
    caf::actor_system_config config;
    std::unique_ptr<caf::actor_system> system;
    std::unique_ptr<asio_network> network;
    node_services services;

    parts(production_node_options& options, std::uint64_t seed);
    void publish_levels();
    void publish_files_and_tail();
    void stop_disk();
};

production_node::parts::parts(production_node_options& options, std::uint64_t seed)
    : log(std::move(options.log)), memory{{"client_input", options.client_input_bytes},
                                          {"fetch_output", options.fetch_output_bytes},
                                          {"control", options.control_bytes},
                                          std::make_shared<tail_cache>(options.tail_bytes)},
      disk({options.disk_threads, open_files_bound(options.open_files_max), options.data_directories}) {
    if (log == nullptr)
        log = make_stderr_logger([this] { return clock.wall_now(); }, options.lowest_log_level,
                                 options.format_of_log);
    log->info("disk_chosen",
              log_fields{}.message(parallel_sync::available()
                                       ? "several files are synced at once, by io_uring"
                                       : "this kernel refuses io_uring; disk threads sync one file after "
                                         "another"));
    config.module_factories.push_back(loop_scheduler::factory({options.loops, end_process}));
    system = std::make_unique<caf::actor_system>(config);
    system->await_actors_before_shutdown(false);
    auto& scheduler = loop_scheduler::of(*system);
    network = std::make_unique<asio_network>(scheduler);
    services.system = system.get();
    services.scheduling = &scheduler;
    services.network = network.get();
    services.disk = &disk;
    services.clock = &clock;
    services.log = log.get();
    services.metrics = &metrics;
    services.memory = &memory;
    services.seed = seed;
    publish_levels();
    publish_files_and_tail();
}

void production_node::parts::publish_levels() {
    for (auto* reserve : {&memory.client_input, &memory.fetch_output, &memory.control}) {
        const metric_labels labels{{"reserve", reserve->name()}};
        metrics.computed_gauge(
            "memory_in_use_bytes", "Memory that permits of the reserve stand for.",
            [reserve] { return static_cast<double>(reserve->in_use()); }, labels);
        metrics.computed_gauge(
            "memory_capacity_bytes", "Memory that the reserve may give out.",
            [reserve] { return static_cast<double>(reserve->capacity()); }, labels);
    }
    metrics.computed_counter("network_accept_pauses_total",
                             "Times that accepting paused for lack of descriptors or memory.",
                             [this] { return static_cast<double>(network->accept_pauses()); });
}

void production_node::parts::publish_files_and_tail() {
    metrics.computed_gauge("disk_files_open", "Files that the log uses, whether a descriptor is open or not.",
                           [this] { return static_cast<double>(disk.open_files().files); });
    metrics.computed_gauge("disk_descriptors_open", "Descriptors of such files that are open.",
                           [this] { return static_cast<double>(disk.open_files().descriptors); });
    metrics.computed_gauge("process_open_fds", "Descriptors that the process has open, connections as well.",
                           descriptors_open);
    metrics.computed_gauge("process_max_fds", "How many descriptors it may have.", descriptors_max);
    metrics.computed_gauge("disk_syncs_by_io_uring",
                           "1 when several files are synced at once by io_uring, 0 when one after the other.",
                           [] { return parallel_sync::available() ? 1.0 : 0.0; });
    metrics.computed_counter("disk_files_reopened_total", "Files opened with their first use, or once more.",
                             [this] { return static_cast<double>(disk.open_files().reopened); });
    metrics.computed_counter("tail_cache_hits_total", "Reads that found their records in the tail cache.",
                             [this] { return static_cast<double>(memory.tail->now().hits); });
    metrics.computed_counter("tail_cache_misses_total", "Reads that did not, and went to the disk.",
                             [this] { return static_cast<double>(memory.tail->now().misses); });
    metrics.computed_gauge("tail_cache_bytes", "Memory of the tail cache, and what readers hold of it.",
                           [this] { return static_cast<double>(memory.tail->now().bytes); });
}

/// Completions still reach actors; what actors submit from here on is dropped.
void production_node::parts::stop_disk() {
    for (const auto& directory : disk.shutdown())
        log->error(
            "disk_not_back",
            log_fields{}.message((directory.empty() ? "a job on several data directories" : directory) +
                                 " does not come back: its calls are left behind, and end with the "
                                 "process or when the disk answers"));
}

result<std::unique_ptr<production_node>> production_node::start(production_node_options options) {
    if (options.loops == 0 || options.disk_threads == 0)
        return error{errc::invalid_config, "a node needs at least one event loop and one disk thread"};
    if (!options.seed) {
        auto drawn = seed_from_system();
        if (!drawn)
            return drawn.failure();
        options.seed = *drawn;
    }
    try {
        return std::unique_ptr<production_node>(
            new production_node(std::make_unique<parts>(options, *options.seed)));
    } catch (const std::exception& failure) {
        return error{errc::internal, std::string("cannot start the node's loops: ") + failure.what()};
    }
}

production_node::production_node(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

production_node::~production_node() {
    parts_->stop_disk();
    parts_->system.reset();
}

node_services& production_node::services() noexcept {
    return parts_->services;
}

file_system& production_node::files() noexcept {
    return parts_->disk.files();
}

} // namespace barnabas::runtime
