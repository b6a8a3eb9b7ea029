#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/event_queue.hpp"
#include "cmd/barnabas/running_broker.hpp"
#include "cmd/barnabas/service_manager.hpp"
#include "cmd/barnabas/stop_signals.hpp"
#include "cmd/cli/status_line.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/environment_keys.hpp"
#include "runtime/config/listener.hpp"
#include "runtime/logging/logger.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
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
                "log.dirs."},
    cli::option{"override", "KEY=VALUE", "Sets one key on top of both; may be repeated.", {}, true},
};

constexpr std::string_view start_notes =
    "Without a configuration: broker and controller in one, node.id=1, clients on "
    "PLAINTEXT://127.0.0.1:9092, data in\n"
    "./barnabas-data, /metrics, /ready and /live on http://127.0.0.1:9644; only warnings are logged.\n"
    "SIGTERM and SIGINT (Ctrl-C) stop the broker in good order; a second one ends it at once.\n"
    "\n"
    "Examples:\n"
    "  barnabas start\n"
    "  barnabas start --config server.properties --override log.dirs=/srv/barnabas\n"
    "  barnabas start --override listeners=PLAINTEXT://0.0.0.0:9092 \\\n"
    "                 --override advertised.listeners=PLAINTEXT://broker-1.example.com:9092\n";

/// Supervisors (timeout(1) for one) signal the process and then its group, which is one request and not two.
constexpr std::chrono::milliseconds same_request_within{300};

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
/// The last data directory, or the metadata log's, failed or cannot be used: a restart does not help before
/// somebody has looked after the disk. (2 is for wrong usage.)
constexpr int exit_no_directory = 3;

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

int fail(const error& why) {
    std::fprintf(stderr, "%s: %s\n", program_name,
                 why.detail.empty() ? to_string(why).c_str() : why.detail.c_str());
    return why.code == errc::no_usable_directory ? exit_no_directory : exit_failed;
}

result<std::string> read_file(const std::string& path) {
    // Reading a directory would throw.
    if (!std::filesystem::is_regular_file(path))
        return error{errc::not_found, "the configuration file " + path + " cannot be read: it is no file"};
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        return error{errc::not_found, "the configuration file " + path + " cannot be read"};
    return text;
}

std::vector<std::string> environment() {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one)
        all.emplace_back(*one);
    return all;
}

result<loaded_config> load_config(const cli::parsed_options& options) {
    std::string text;
    const auto path = options.value("config");
    if (path) {
        auto read = read_file(*path);
        if (!read)
            return read.failure();
        text = std::move(*read);
    }
    std::vector<property> on_top;
    if (options.has("environment"))
        on_top = properties_of_environment(environment());
    for (const auto& given : options.values("override")) {
        auto parsed = parse_override(given);
        if (!parsed)
            return parsed.failure();
        on_top.push_back(std::move(*parsed));
    }
    auto loaded = load(path.value_or("the default configuration"), text, on_top);
    if (loaded) {
        std::error_code unknown;
        make_directories_absolute(loaded->config, std::filesystem::current_path(unknown).string());
    }
    return loaded;
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

/// A broker has a file open per segment in use and per connection; the usual soft limit is for shells.
void raise_open_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts)
        text += (text.empty() ? "" : ", ") + part;
    return text;
}

std::string addresses_of(const broker_started& event) {
    std::vector<std::string> addresses;
    for (const auto& one : event.addresses)
        addresses.push_back(to_string(one));
    return joined(addresses);
}

void print_started(const broker_config& config, const broker_started& event) {
    std::printf("%s %s listens on %s, keeps its data in %s; stop it with Ctrl-C or kill %d\n", program_name,
                BARNABAS_VERSION, addresses_of(event).c_str(), joined(config.log_dirs).c_str(),
                static_cast<int>(getpid()));
    std::fflush(stdout);
}

/// "opening_partitions, 120 of 500 to go".
std::string sentence_of(const broker_status& now) {
    std::string text(name_of(now.state));
    if (now.partitions_opening > 0)
        text += ", " + std::to_string(now.partitions_opening) + " of " + std::to_string(now.partitions) +
                " to go";
    return text;
}

/// The main thread's life beside a broker: it waits for signals and for what the broker says.
class start_session {
public:
    start_session(const broker_config& config, stop_signals& signals, event_queue& events,
                  running_broker& broker, log_level level)
        : config_(config), signals_(signals), events_(events), broker_(broker),
          // Log lines tell the same, and would be written into it.
          line_(level < log_level::warn ? cli::status_line::sink() : cli::terminal_sink(),
                std::chrono::steady_clock::now()) {}

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
        const auto* name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
        const auto now = std::chrono::steady_clock::now();
        if (stopping_ && now - stopping_since_ < same_request_within)
            return;
        if (stopping_) {
            std::fprintf(stderr, "%s: second signal (%s), ending at once\n", program_name, name);
            _exit(128 + signal);
        }
        stopping_ = true;
        stopping_since_ = now;
        std::printf("%s: %s, stopping\n", program_name, name);
        std::fflush(stdout);
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
        print_started(config_, event);
        manager_.ready("listens on " + addresses_of(event));
    }
    void on(const broker_failed& event) {
        line_.clear();
        exit_code_ = fail(event.why);
    }
    void on(const broker_stopped& event) {
        line_.clear();
        if (event.not_closed.empty())
            std::printf("%s: stopped, everything is on disk\n", program_name);
        else
            std::printf("%s: stopped; everything is on disk but for what is in %s, which is offline or was "
                        "left before everything in it was closed\n",
                        program_name, joined(event.not_closed).c_str());
        std::fflush(stdout);
        exit_code_ = exit_ok;
    }

    const broker_config& config_;
    stop_signals& signals_;
    event_queue& events_;
    running_broker& broker_;
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
    auto loaded = load_config(options);
    if (!loaded)
        return fail(loaded.failure());
    for (const auto& sentence : loaded->warnings)
        warn(loaded->config, sentence);
    auto config = std::make_shared<broker_config>(std::move(loaded->config));
    if (auto sentence = advertised_warning(config->listeners, config->advertised_listeners))
        warn(*config, *sentence);
    name_this_machine(*config);
    raise_open_file_limit();

    auto level = parse_log_level(config->barnabas_log_level).value_or(log_level::info);
    // Whoever only types `barnabas start` wants one line that says where it listens.
    if (!options.has("config") && !options.has("environment") &&
        !config->set_values.contains("barnabas.log.level"))
        level = log_level::warn;

    stop_signals signals;
    event_queue events;
    auto broker = start_broker(config, level, events.boot());
    if (!broker)
        return fail(broker.failure());
    return start_session(*config, signals, events, **broker, level).run();
}

} // namespace barnabas
