#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/event_queue.hpp"
#include "cmd/barnabas/running_broker.hpp"
#include "cmd/barnabas/service_manager.hpp"
#include "cmd/barnabas/start_config.hpp"
#include "cmd/barnabas/start_words.hpp"
#include "cmd/barnabas/stop_signals.hpp"
#include "cmd/barnabas/tools/doctor.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/cli/status_line.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/listener.hpp"
#include "runtime/logging/logger.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <malloc.h>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace barnabas {

namespace {

constexpr std::array start_options{
    cli::option{
        "config", "FILE", "Configuration in Kafka's own keys (server.properties).", {}, false, false, 'c'},
    cli::option{"environment", "",
                "Takes keys from the environment as well, as Kafka's container images do: KAFKA_LOG_DIRS is "
                "log.dirs. CLUSTER_ID is the id of a cluster whose directories are empty."},
    cli::option{"override", "KEY=VALUE", "Sets one key on top of both; may be repeated.", {}, true},
    cli::option{"output", "FORMAT",
                "text, or json: a line when it serves, stops and has stopped; the log is in JSON as well, if "
                "barnabas.log.format is not set. Without this option: as barnabas.log.format."},
};

constexpr std::string_view start_notes =
    "Without a configuration: broker and controller in one, node.id=1, clients on "
    "PLAINTEXT://127.0.0.1:9092, data in\n"
    "./barnabas-data, /metrics, /ready and /live on http://127.0.0.1:9644; only warnings are logged.\n"
    "SIGTERM, SIGINT (Ctrl-C) and SIGHUP stop the broker in good order; a second one ends it at once.\n"
    "\n"
    "Examples:\n"
    "  barnabas start\n"
    "  barnabas start --config server.properties --override log.dirs=/srv/barnabas\n"
    "  barnabas start --override listeners=PLAINTEXT://0.0.0.0:9092 \\\n"
    "                 --override advertised.listeners=PLAINTEXT://broker-1.example.com:9092\n";

/// Supervisors (timeout(1) for one) signal the process and then its group, which is one request and not two.
constexpr std::chrono::milliseconds same_request_within{300};

constexpr int exit_ok = 0;

/// In the form of the log, if programs read that.
void warn(const broker_config& config, const std::string& sentence) {
    if (parse_log_format(config.barnabas_log_format) == log_format::json) {
        const runtime::system_clock clock;
        make_stderr_logger([&] { return clock.wall_now(); }, log_level::warn, log_format::json)
            ->warn("configuration", log_fields{}.message(sentence));
        return;
    }
    std::fprintf(stderr, "%s: warning: %s\n", program_name, sentence.c_str());
}

/// Kafka's images take it from there; it is no key. Empty where nobody says it.
result<std::string> cluster_id_of_environment(const cli::parsed_options& options, const start_place& place) {
    constexpr std::string_view name = "CLUSTER_ID=";
    std::string id;
    if (options.has("environment"))
        for (const auto& one : place.environment)
            if (one.starts_with(name))
                id = one.substr(name.size());
    if (!id.empty() && !parse_uuid(id))
        return error{errc::invalid_config,
                     "CLUSTER_ID=" + id +
                         ": a cluster's id is 22 characters of URL-safe base64, as `barnabas storage "
                         "random-uuid` makes them"};
    return id;
}

/// An empty advertised host stands for this machine's name.
void name_this_machine(broker_config& config) {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return;
    for (auto& one : config.advertised_listeners)
        if (one.host.empty())
            one.host = name.data();
}

void raise_limit(__rlimit_resource which) {
    rlimit limit{};
    if (getrlimit(which, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(which, &limit);
}

/// A broker has a file open per segment in use and per connection, and segments are large; the usual soft
/// limits are for shells.
void raise_file_limits() {
    raise_limit(RLIMIT_NOFILE);
    raise_limit(RLIMIT_FSIZE);
}

/// "opening_partitions, 120 of 500 to go".
std::string sentence_of(const broker_status& now) {
    std::string text(name_of(now.state));
    if (now.partitions_opening > 0)
        text += ", " + std::to_string(now.partitions_opening) + " of " + std::to_string(now.partitions) +
                " to go";
    return text;
}

struct session_screen {
    start_words words;
    /// Log lines tell the same, and would be written into it.
    bool has_status_line = false;
};

/// The main thread's life beside a broker: it waits for signals and for what the broker says.
class start_session {
public:
    start_session(const broker_config& config, stop_signals& signals, event_queue& events,
                  running_broker& broker, session_screen screen)
        : config_(config), signals_(signals), events_(events), broker_(broker), words_(screen.words),
          line_(screen.has_status_line ? cli::error_stream_sink() : cli::status_line::sink(),
                std::chrono::steady_clock::now(), cli::kind_of_error_stream()) {}

    int run() {
        while (!exit_code_) {
            std::array<pollfd, 2> wanted{pollfd{signals_.descriptor(), POLLIN, 0},
                                         pollfd{events_.descriptor(), POLLIN, 0}};
            ::poll(wanted.data(), wanted.size(), -1);
            while (const int signal = signals_.take())
                on_signal(signal);
            while (auto event = events_.take())
                std::visit([this](const auto& one) { on(one); }, *event);
        }
        return *exit_code_;
    }

private:
    void on_signal(int signal) {
        const auto* name = name_of_stop_signal(signal);
        const auto now = std::chrono::steady_clock::now();
        if (stopping_ && now - stopping_since_ < same_request_within)
            return;
        if (stopping_) {
            std::fprintf(stderr, "%s: second signal (%s), ending at once\n", program_name, name);
            _exit(128 + signal);
        }
        stopping_ = true;
        stopping_since_ = now;
        words_.stopping(name);
        manager_.stopping();
        line_.begin(now);
        broker_.stop();
    }
    void on(const broker_busy& event) {
        const auto sentence = sentence_of(event.now);
        manager_.busy(sentence);
        line_.tell(program_name + (": " + sentence), std::chrono::steady_clock::now());
    }
    void on(const broker_started& event) {
        line_.clear();
        // What only the start needed, a few hundred bytes per partition, goes back to the system.
        malloc_trim(0);
        words_.started(config_, event.addresses);
        manager_.ready("listens on " + addresses_of(event.addresses));
    }
    void on(const broker_failed& event) {
        line_.clear();
        exit_code_ = words_.failed(event.why);
    }
    void on(const broker_stopped& event) {
        line_.clear();
        words_.stopped(event.not_closed);
        exit_code_ = exit_ok;
    }

    const broker_config& config_;
    stop_signals& signals_;
    event_queue& events_;
    running_broker& broker_;
    start_words words_;
    service_manager manager_;
    cli::status_line line_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point stopping_since_;
    std::optional<int> exit_code_;
};

} // namespace

const cli::command& start_command() {
    static const cli::command command = {"start", "Starts a broker.", start_options, {}, start_notes};
    return command;
}

int run_start(const cli::parsed_options& options) {
    const auto format = options.value("output");
    if (format && format != "text" && format != "json") {
        tools::refuse("start", "--output=" + *format + ": allowed are text and json");
        return exit_usage;
    }
    auto loaded = start_config(options, start_place_here());
    if (!loaded)
        return start_words(format == "json").failed(loaded.failure());
    auto config = std::make_shared<broker_config>(std::move(loaded->config));
    // Both streams often end up in one file.
    if (format == "json" && !config->set_values.contains("barnabas.log.format"))
        config->barnabas_log_format = "json";
    const start_words words((format ? *format : config->barnabas_log_format) == "json");
    for (const auto& sentence : loaded->warnings)
        warn(*config, sentence);
    if (auto sentence = advertised_warning(config->listeners, config->advertised_listeners))
        warn(*config, *sentence);
    name_this_machine(*config);
    raise_file_limits();
    if (const auto size = doctor::file_size(*config); size.found != doctor::finding::good)
        warn(*config, size.detail);

    auto level = parse_log_level(config->barnabas_log_level).value_or(log_level::info);
    // Whoever only types `barnabas start` wants one line that says where it listens.
    if (!options.has("config") && !options.has("environment") &&
        !config->set_values.contains("barnabas.log.level"))
        level = log_level::warn;

    auto cluster = cluster_id_of_environment(options, start_place_here());
    if (!cluster)
        return words.failed(cluster.failure());
    stop_signals signals;
    event_queue events;
    auto broker = start_broker(config, level, events.boot(), std::move(*cluster));
    if (!broker)
        return words.failed(broker.failure());
    const bool has_status_line = level >= log_level::warn && !words.json();
    return start_session(*config, signals, events, **broker, {words, has_status_line}).run();
}

} // namespace barnabas
