#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/start_config.hpp"
#include "cmd/barnabas/tools/doctor.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "runtime/config/listener.hpp"

#include <array>
#include <filesystem>

// `barnabas doctor`.
namespace barnabas {

namespace {

constexpr std::array doctor_options{
    cli::option{
        "config", "FILE", "The broker's configuration; without it the default one.", {}, false, false, 'c'},
    cli::option{"bootstrap-server", "HOST:PORT,...",
                "Brokers to ask; without it the listeners of the configuration."},
    tools::command_config,
    cli::option{"timeout", "MS", "How long a broker may take to answer.", "10000"},
    cli::option{"output", "FORMAT", "text or json.", "text"},
};

constexpr std::string_view doctor_notes = "Looks at the cluster, its brokers and their own topics, and at "
                                          "this machine: open files, how large one may be, clock, room and "
                                          "sync of the\ndata directories. A line each: good, warning or bad, "
                                          "and what to do. Ends with 1 when anything "
                                          "is bad.\n"
                                          "\n"
                                          "Examples:\n"
                                          "  barnabas doctor\n"
                                          "  barnabas doctor --config server.properties\n";

std::string_view name_of(doctor::finding found) {
    switch (found) {
    case doctor::finding::good: return "good";
    case doctor::finding::warning: return "warning";
    case doctor::finding::bad: return "bad";
    }
    return "bad";
}

/// Where clients are told to go, else where the broker listens.
std::string servers_of(const broker_config& config) {
    const auto& listeners =
        config.advertised_listeners.empty() ? config.listeners : config.advertised_listeners;
    std::vector<std::string> servers;
    for (const auto& one : listeners) {
        const bool any = one.host.empty() || one.host == "0.0.0.0" || one.host == "::";
        servers.push_back((any ? std::string("127.0.0.1") : one.host) + ":" + std::to_string(one.port));
    }
    return tools::joined(servers, ",");
}

result<std::vector<doctor::check>> look(const cli::parsed_options& options) {
    const auto config = config_here(options, {});
    if (!config)
        return config.failure();
    const auto servers = options.value("bootstrap-server").value_or(servers_of(*config));
    auto cluster =
        tools::connect_within("doctor", options, servers, *options.number("timeout", 1, 0x7fffffff));
    if (!cluster)
        return cluster.failure();
    auto all = doctor::listeners(cluster->admin_calls());
    const auto add = [&](std::vector<doctor::check> more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    if (all.front().found == doctor::finding::good)
        add(doctor::internal_topics(cluster->admin_calls()));
    add(doctor::disks(*config));
    add({doctor::open_files(), doctor::file_size(*config), doctor::clock()});
    return all;
}

tools::said shown(const std::vector<doctor::check>& checks, bool json) {
    tools::said told;
    std::vector<json_object> rows;
    for (const auto& one : checks) {
        told.out += tools::padded(name_of(one.found), 8) + one.name + ": " + one.detail + "\n";
        rows.push_back(
            json_object().add("name", one.name).add("finding", name_of(one.found)).add("detail", one.detail));
        if (one.found == doctor::finding::bad)
            told.status = tools::exit_failed;
    }
    if (json)
        told.out = json_object().add("checks", rows).text() + "\n";
    return told;
}

} // namespace

const cli::command& doctor_command() {
    static const cli::command command = {"doctor",
                                         "Looks for what is wrong with a cluster and this machine.",
                                         doctor_options,
                                         {},
                                         doctor_notes};
    return command;
}

int run_doctor(const cli::parsed_options& options) {
    const auto format = options.value("output");
    if (format != "text" && format != "json") {
        tools::refuse("doctor", "--output=" + *format + ": allowed are text and json");
        return exit_usage;
    }
    if (const auto timeout = options.number("timeout", 1, 0x7fffffff); !timeout) {
        tools::refuse("doctor", timeout.failure().detail);
        return exit_usage;
    }
    const auto checks = look(options);
    if (checks)
        return tools::print(shown(*checks, tools::wants_json(options)));
    if (tools::wants_json(options))
        return tools::print({tools::error_json(checks.failure()), {}, tools::exit_failed});
    return tools::refuse("doctor", checks.failure().detail);
}

} // namespace barnabas
