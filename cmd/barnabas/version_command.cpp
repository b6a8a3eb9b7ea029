#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <array>

namespace barnabas {

namespace {

constexpr std::array version_options{
    cli::option{"output", "FORMAT", "text or json.", "text"},
};

} // namespace

const cli::command& version_command() {
    static const cli::command command = {"version", "Prints the version of this program.", version_options};
    return command;
}

int run_version(const cli::parsed_options& options) {
    const auto format = options.value("output");
    if (format != "text" && format != "json") {
        tools::refuse("version", "--output=" + *format + ": allowed are text and json");
        return exit_usage;
    }
    if (format == "json")
        return tools::print(
            {json_object().add("name", program_name).add("version", BARNABAS_VERSION).text() + "\n", {}});
    return tools::print({std::string(program_name) + " " + BARNABAS_VERSION + "\n", {}});
}

} // namespace barnabas
