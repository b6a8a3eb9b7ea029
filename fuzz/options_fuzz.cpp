#include "fuzz/fuzz.hpp"

#include "cmd/cli/options.hpp"
#include "runtime/config/broker_config.hpp"

#include <string>
#include <vector>

/// Command lines: the input is cut into arguments at line ends. A command is found and its options are
/// parsed, with a table like the program's; overrides and listeners are parsed as `start` does.
namespace barnabas::cli {
namespace {

const option start_options[] = {
    {"config", "FILE", "a properties file", {}, false, false, 'c'},
    {"override", "KEY=VALUE", "a key on top", {}, true},
    {"quiet", "", "say less"},
};
const option run_options[] = {
    {"seed", "N", "where the run comes from", {}, false, true},
    {"seconds", "S", "how long", "60"},
    {"verbose", "", "say more"},
};
const command commands[] = {
    {"start", "runs a broker", start_options, {"[FILE]"}},
    {"sim", "about the simulator", {}},
    {"sim run", "runs one seed", run_options, {"SCENARIO", "REST..."}},
};

std::vector<std::string_view> arguments_of(std::string_view text) {
    std::vector<std::string_view> found;
    while (!text.empty()) {
        const auto end = text.find('\n');
        found.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return found;
}

void check_values(const command& what, const parsed_options& given) {
    for (const auto& row : what.options) {
        const auto value = given.value(row.name);
        fuzz::require(!row.required || value.has_value(), "a required option is absent");
        fuzz::require(row.value.empty() || given.has(row.name) == !given.values(row.name).empty(),
                      "an option was given without a value");
        if (row.value.empty() || !value)
            continue;
        const auto number = given.number(row.name, -5, 1000);
        fuzz::require(!number || (*number >= -5 && *number <= 1000), "a number outside of its range");
    }
    for (const auto& text : given.values(what.options.front().name)) {
        (void)parse_override(text);
        (void)parse_listeners(text);
        (void)parse_host_port(text);
    }
}

} // namespace
} // namespace barnabas::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto arguments = cli::arguments_of(given.text());
    const auto found = cli::find_command(cli::commands, arguments);
    if (!found || found->what == nullptr)
        return 0;
    fuzz::require(found->words > 0 && found->words <= arguments.size(),
                  "a command with words that are not there");
    const auto parsed = cli::parse(*found->what, std::span(arguments).subspan(found->words));
    if (!parsed || parsed->help() || found->what->options.empty())
        return 0;
    cli::check_values(*found->what, *parsed);
    return 0;
}
