#pragma once

#include "actors/client/application/cluster_admin.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the tools share that answer as Kafka's own do: options, refusals, columns.
namespace barnabas::tools {

inline constexpr cli::option bootstrap_server{"bootstrap-server", "HOST:PORT,...",
                                              "Brokers to begin with. Required."};
inline constexpr cli::option command_config{"command-config", "FILE",
                                            "Properties of the client, in Kafka's own keys."};
inline constexpr cli::option output_format{"output", "FORMAT", "text, as Kafka's tool, or json.", "text"};
inline constexpr cli::option zookeeper{"zookeeper", "HOST:PORT", "Gone; use --bootstrap-server."};
inline constexpr cli::option version{"version", "", "Show the version."};

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;

/// What a tool prints: `out` on standard output, `complaints` on standard error.
struct said {
    std::string out;
    std::string complaints;
    int status = exit_ok;
};
/// Prints it; gives the status.
int print(const said& what);

error wrong(std::string why);
bool wants_json(const cli::parsed_options& options);
std::optional<std::int64_t> whole_number(std::string_view text);

using misuse_finder = std::optional<std::string> (*)(const cli::parsed_options&);
/// The exit status if there is nothing more to do: --version is printed; --zookeeper, an --output that does
/// not exist and what `find` finds are refused in one line. The table has all five options above.
std::optional<int> settle_usage(std::string_view tool, const cli::parsed_options& options,
                                misuse_finder find);
/// Where Kafka's tool tells that it failed.
enum class outlet { standard_error, standard_output };

/// What differs from tool to tool.
struct tool {
    std::string_view name;
    misuse_finder find_misuse;
    result<said> (*act)(const cli::parsed_options&);
    /// Before the sentence of a failure.
    std::string_view failure_words;
    outlet failures_go_to = outlet::standard_error;
    int failure_status = exit_failed;
};
/// Settles usage, acts and prints what is said, or the failure: in its words, or as `error_json`.
int run_tool(const tool& what, const cli::parsed_options& options);

/// One line on standard error; status 1.
int refuse(std::string_view tool, const std::string& why);

/// A client for the servers of --bootstrap-server (or of `servers`), with what --command-config says.
result<client::cluster_admin> connect(std::string_view tool, const cli::parsed_options& options,
                                      std::optional<std::string> servers = std::nullopt);

/// The same, with default.api.timeout.ms.
result<client::cluster_admin> connect_within(std::string_view tool, const cli::parsed_options& options,
                                             const std::string& servers, std::int64_t timeout_ms);

/// The same for a tool that has --config as the old name of --command-config.
result<client::cluster_admin> connect_by_old_name(std::string_view tool, const cli::parsed_options& options,
                                                  const std::string& servers);

/// {"error":{"code":...,"message":...}} and a newline.
std::string error_json(const error& why);

/// The text, and blanks up to `width`.
std::string padded(std::string_view text, std::size_t width);
/// Columns of that width with a blank between; 0 leaves the last as it is.
std::string columns(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths);
/// "a, b, c".
std::string joined(const std::vector<std::string>& parts, std::string_view between);

} // namespace barnabas::tools
