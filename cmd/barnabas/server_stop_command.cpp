#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/kafka_names.hpp"
#include "cmd/barnabas/start_config.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

// `barnabas server-stop`, which is Kafka's kafka-server-stop.sh.
namespace barnabas {

namespace {

namespace files = std::filesystem;

constexpr std::array server_stop_options{
    cli::option{"node-id", "ID", "Only the broker with this node.id; --process-role does not count then."},
    cli::option{"process-role", "ROLES", "Only brokers with exactly these process.roles."},
    cli::option{"dry-run", "", "Only tell which processes would be stopped."},
    tools::output_format,
};

constexpr std::string_view server_stop_notes =
    "Sends SIGTERM to the brokers of this machine that belong to the caller (for root: to all), and does "
    "not\n"
    "wait for their end. Which node.id a broker has is read where it reads it: from its options, its file\n"
    "and with --environment its environment.\n"
    "\n"
    "Options and exit status are those of Kafka's kafka-server-stop.sh; --dry-run and --output are "
    "additions.\n"
    "\n"
    "Example:\n"
    "  barnabas server-stop --node-id 1\n";

constexpr std::string_view processes = "/proc";

struct running_start {
    pid_t process = 0;
    std::int32_t node = 0;
    std::string roles;
};

/// The strings of a file that ends each with a zero.
std::vector<std::string> strings_of(const files::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\0', at), text.size());
        all.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

/// The arguments behind `start`, whatever the program was called by; nothing if that is no broker.
std::optional<std::vector<std::string>> start_arguments(const std::vector<std::string>& command) {
    if (command.empty())
        return std::nullopt;
    auto arguments = std::vector<std::string>(command.begin() + 1, command.end());
    if (files::path(command[0]).filename() != program_name) {
        const auto call = call_by_kafkas_name(command[0], {arguments.begin(), arguments.end()});
        if (!call || !*call)
            return std::nullopt;
        arguments = (*call)->arguments;
    }
    if (arguments.empty() || arguments.front() != start_command().name)
        return std::nullopt;
    arguments.erase(arguments.begin());
    return arguments;
}

bool may_be_stopped(const files::path& process) {
    struct stat about {};
    const auto me = ::geteuid();
    return ::stat(process.c_str(), &about) == 0 && (me == 0 || about.st_uid == me);
}

/// Nothing as well for one that has just ended, or whose configuration cannot be read any more.
std::optional<running_start> look_at(const files::path& process) {
    std::error_code gone;
    const auto number = tools::whole_number(process.filename().string());
    if (!number || !may_be_stopped(process))
        return std::nullopt;
    const auto given = start_arguments(strings_of(process / "cmdline"));
    if (!given)
        return std::nullopt;
    const std::vector<std::string_view> arguments(given->begin(), given->end());
    const auto options = cli::parse(start_command(), arguments);
    if (!options || options->help())
        return std::nullopt;
    running_start found{static_cast<pid_t>(*number), -1, {}};
    // A pipe of that process is none here, and a named one has no writer any more.
    const auto config = options->value("config");
    if (config && !files::is_regular_file(process / "cwd" / *config, gone))
        return found;
    const auto loaded = start_config(*options, {files::read_symlink(process / "cwd", gone).string(),
                                                options->has("environment") ? strings_of(process / "environ")
                                                                            : std::vector<std::string>()});
    if (!loaded)
        return found;
    found.node = loaded->config.node_id;
    for (const auto& role : loaded->config.process_roles)
        found.roles += (found.roles.empty() ? "" : ",") + role;
    return found;
}

std::vector<running_start> running_starts() {
    std::vector<running_start> all;
    std::error_code unknown;
    for (const auto& entry : files::directory_iterator(processes, unknown))
        if (auto found = look_at(entry.path()); found && found->process != ::getpid())
            all.push_back(std::move(*found));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.process < b.process; });
    return all;
}

result<std::vector<running_start>> wanted_starts(const cli::parsed_options& options) {
    auto all = running_starts();
    if (options.has("node-id")) {
        const auto node = options.number("node-id", 0, std::numeric_limits<std::int32_t>::max());
        if (!node)
            return node.failure();
        std::erase_if(all, [&](const auto& one) { return one.node != *node; });
    } else if (const auto roles = options.value("process-role")) {
        std::erase_if(all, [&](const auto& one) { return one.roles != *roles; });
    }
    return all;
}

tools::said nothing_to_stop(bool json) {
    const std::string sentence = "No kafka server to stop";
    return {json ? tools::error_json({errc::not_found, sentence}) : sentence + "\n", {}, tools::exit_failed};
}

/// Also true of one that has just ended.
bool stop(const running_start& one) {
    return ::kill(one.process, SIGTERM) == 0 || errno == ESRCH;
}

/// Node and roles are unknown where the configuration cannot be read.
json_object json_of(const running_start& one) {
    json_object told;
    told.add("process", static_cast<std::int64_t>(one.process));
    told.add("nodeId", one.node < 0 ? std::nullopt : std::optional(one.node));
    told.add("processRoles", one.roles);
    return told;
}

} // namespace

const cli::command& server_stop_command() {
    static const cli::command command = {"server-stop",       "Stops the brokers of this machine.",
                                         server_stop_options, {},
                                         server_stop_notes,   true};
    return command;
}

int run_server_stop(const cli::parsed_options& options) {
    const auto wanted = wanted_starts(options);
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return tools::refuse("server-stop", "--output=" + *format + ": allowed are text and json");
    if (!wanted)
        return tools::refuse("server-stop", wanted.failure().detail);
    if (wanted->empty())
        return tools::print(nothing_to_stop(tools::wants_json(options)));
    int status = tools::exit_ok;
    std::vector<json_object> told;
    for (const auto& one : *wanted) {
        const bool refused = !options.has("dry-run") && !stop(one);
        if (refused)
            status = tools::refuse("server-stop", "process " + std::to_string(one.process) +
                                                      " cannot be stopped by this user");
        told.push_back(json_of(one).add("stopping", !refused && !options.has("dry-run")));
        if (options.has("dry-run") && !tools::wants_json(options))
            std::printf("%d node.id=%d process.roles=%s\n", static_cast<int>(one.process), one.node,
                        one.roles.c_str());
    }
    if (tools::wants_json(options))
        std::printf("%s\n", json_object().add("processes", told).text().c_str());
    return status;
}

} // namespace barnabas
