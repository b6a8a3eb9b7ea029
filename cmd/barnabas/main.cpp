#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/gone_options.hpp"
#include "cmd/barnabas/kafka_names.hpp"
#include "cmd/barnabas/output_status.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using barnabas::cli::command;
using barnabas::cli::parsed_options;

struct subcommand {
    const command& what;
    int (*run)(const parsed_options&);
};

/// Every subcommand of the program, in the order of the help page. A new one is one row.
const std::vector<subcommand>& subcommands() {
    static const std::vector<subcommand> all = {
        {barnabas::start_command(), barnabas::run_start},
        {barnabas::server_stop_command(), barnabas::run_server_stop},
        {barnabas::topics_command(), barnabas::run_topics},
        {barnabas::get_offsets_command(), barnabas::run_get_offsets},
        {barnabas::consumer_groups_command(), barnabas::run_consumer_groups},
        {barnabas::groups_command(), barnabas::run_groups},
        {barnabas::configs_command(), barnabas::run_configs},
        {barnabas::delete_records_command(), barnabas::run_delete_records},
        {barnabas::log_dirs_command(), barnabas::run_log_dirs},
        {barnabas::broker_api_versions_command(), barnabas::run_broker_api_versions},
        {barnabas::cluster_command(), barnabas::run_cluster},
        {barnabas::features_command(), barnabas::run_features},
        {barnabas::storage_command(), barnabas::run_storage},
        {barnabas::import_command(), barnabas::run_import},
        {barnabas::produce_command(), barnabas::run_produce},
        {barnabas::console_producer_command(), barnabas::run_console_producer},
        {barnabas::producer_perf_command(), barnabas::run_producer_perf},
        {barnabas::console_consumer_command(), barnabas::run_console_consumer},
        {barnabas::consume_command(), barnabas::run_consume},
        {barnabas::consumer_perf_command(), barnabas::run_consumer_perf},
        {barnabas::e2e_latency_command(), barnabas::run_e2e_latency},
        {barnabas::verifiable_producer_command(), barnabas::run_verifiable_producer},
        {barnabas::verifiable_consumer_command(), barnabas::run_verifiable_consumer},
        {barnabas::dump_log_command(), barnabas::run_dump_log},
        {barnabas::doctor_command(), barnabas::run_doctor},
        {barnabas::completion_command(), barnabas::run_completion},
        {barnabas::manual_command(), barnabas::run_manual},
        {barnabas::reference_command(), barnabas::run_reference},
        {barnabas::sim_command(), barnabas::run_sim},
        {barnabas::sim_run_command(), barnabas::run_sim_run},
        {barnabas::sim_sweep_command(), barnabas::run_sim_sweep},
        {barnabas::sim_replay_command(), barnabas::run_sim_replay},
        {barnabas::sim_minimize_command(), barnabas::run_sim_minimize},
        {barnabas::sim_list_command(), barnabas::run_sim_list},
        {barnabas::sim_mutants_command(), barnabas::run_sim_mutants},
        {barnabas::version_command(), barnabas::run_version},
    };
    return all;
}

constexpr int exit_failure = 1;
using barnabas::exit_usage;

int print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return 0;
}

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", barnabas::program_name, why.c_str());
    return exit_usage;
}

int run(const std::vector<std::string_view>& args) {
    const auto& commands = barnabas::all_commands();
    const auto overview =
        barnabas::cli::commands_text(barnabas::program_name, "a Kafka broker made of actors", commands);
    if (args.empty()) {
        std::fputs(overview.c_str(), stderr);
        return exit_usage;
    }
    if (args[0] == "--help" || args[0] == "-h" || args[0] == "help")
        return print(overview);
    if (args[0] == "--version")
        return print(std::string(barnabas::program_name) + " " + BARNABAS_VERSION + "\n");
    auto found = barnabas::cli::find_command(commands, args);
    if (!found)
        return refuse(found.failure().detail);
    const auto rest = std::span(args).subspan(found->words);
    auto options = barnabas::cli::parse(*found->what, rest);
    if (!options) {
        if (!found->what->like_kafka)
            return refuse(options.failure().detail);
        const auto gone = barnabas::find_gone_option(*found->what, args);
        refuse(gone.value_or(options.failure().detail));
        return exit_failure;
    }
    if (options->help())
        return print(barnabas::cli::help_text(barnabas::program_name, *found->what));
    for (const auto& one : subcommands())
        if (one.what.name == found->what->name)
            return one.run(*options);
    return exit_failure;
}

/// By a name of Kafka's, with Kafka's exit status.
int run_as_kafkas(const barnabas::own_call& call) {
    if (call.in_background) {
        const auto goes_on = barnabas::go_into_background();
        if (!goes_on)
            return refuse(goes_on.failure().detail);
        if (!*goes_on)
            return 0;
    }
    const std::vector<std::string_view> arguments(call.arguments.begin(), call.arguments.end());
    const auto found = barnabas::cli::find_command(barnabas::all_commands(), arguments);
    const std::vector<std::string_view> rest(arguments.begin() + (found ? found->words : 0), arguments.end());
    if (found && barnabas::is_help_misuse(found->what->name, rest)) {
        std::fputs(barnabas::cli::help_text(barnabas::program_name, *found->what).c_str(), stderr);
        return exit_failure;
    }
    const int status = run(arguments);
    // Kafka's tools know no other failure than 1.
    if (status == exit_usage && found)
        return exit_failure;
    return status == barnabas::exit_told ? 0 : status;
}

int run_by_name(std::string_view program, const std::vector<std::string_view>& arguments) {
    const auto call = barnabas::call_by_kafkas_name(program, arguments);
    if (!call) {
        refuse(call.failure().detail);
        return exit_failure;
    }
    if (*call)
        return run_as_kafkas(**call);
    const int status = run(arguments);
    return status == barnabas::exit_told ? exit_failure : status;
}

} // namespace

const std::vector<barnabas::cli::command>& barnabas::all_commands() {
    static const auto all = [] {
        std::vector<cli::command> found;
        for (const auto& one : subcommands())
            found.push_back(one.what);
        return found;
    }();
    return all;
}

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return barnabas::status_after_output(run_by_name(argc > 0 ? argv[0] : "", arguments));
}
