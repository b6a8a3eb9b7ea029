#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/kafka_names.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/cli/completion.hpp"
#include "cmd/cli/option_pages.hpp"

// What is made of the tables of all commands: `barnabas completion`, `manual` and `reference`.
namespace barnabas {

namespace {

constexpr std::string_view completion_notes = "Examples:\n"
                                              "  source <(barnabas completion bash)\n"
                                              "  source <(barnabas completion zsh)    # behind compinit\n";

constexpr std::string_view manual_notes = "Example:\n"
                                          "  barnabas manual topics | man -l -\n";

} // namespace

const cli::command& completion_command() {
    static const cli::command command = {"completion",
                                         "Prints a script with which a shell completes command lines.",
                                         {},
                                         {"bash|zsh"},
                                         completion_notes};
    return command;
}

int run_completion(const cli::parsed_options& options) {
    const auto& shell = options.positionals().front();
    if (shell == "bash")
        return tools::print({cli::bash_completion(program_name, all_commands(), kafka_scripts()), {}});
    if (shell == "zsh")
        return tools::print({cli::zsh_completion(program_name, all_commands(), kafka_scripts()), {}});
    tools::refuse("completion", "'" + shell + "' is none of bash, zsh");
    return exit_usage;
}

const cli::command& manual_command() {
    static const cli::command command = {
        "manual", "Prints a page for man: of a command, or of all.", {}, {"[COMMAND...]"}, manual_notes};
    return command;
}

int run_manual(const cli::parsed_options& options) {
    const auto name = tools::joined(options.positionals(), " ");
    if (name.empty())
        return tools::print({cli::man_overview(program_name, BARNABAS_VERSION, all_commands()), {}});
    for (const auto& one : all_commands())
        if (one.name == name)
            return tools::print({cli::man_page(program_name, BARNABAS_VERSION, one), {}});
    tools::refuse("manual", "no command is named '" + name + "'");
    return exit_usage;
}

const cli::command& reference_command() {
    static const cli::command command = {"reference", "Prints docs/tools.md, the page of all commands.", {}};
    return command;
}

int run_reference(const cli::parsed_options&) {
    return tools::print({cli::reference_page(program_name, all_commands()), {}});
}

} // namespace barnabas
