#pragma once

#include "actors/client/application/cluster_admin.hpp"
#include "cmd/barnabas/client_keys.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the tools that speak to a cluster share.
namespace barnabas {

/// Properties of the client from a file; an absent file and a broken one are errors that name it.
result<client::properties> file_properties(const std::string& path);

/// Which option names the file of keys, and whose keys they are.
struct tool_keys {
    std::string_view option = "command-config";
    client_kind kind = client_kind::admin;
};
/// Reads the file of keys, if it is given, and adds the servers; an absent file and a broken one are errors
/// that name it. Keys that nobody knows are told and left out.
result<client::properties> tool_properties(const cli::parsed_options& options, std::string_view servers,
                                           std::string_view client_id, tool_keys from = {});

/// Of the keys of a producer or consumer those that every client has: how to reach the cluster.
client::properties keys_of_every_client(const client::properties& keys);

/// What clients of tools do with trouble: a line on standard error.
void say_trouble(const std::string& sentence);

/// One line on standard error: keys that change nothing for this tool's client.
void say_unused_keys(const std::vector<std::string>& keys);

/// How long a tool waits while it reaches no bootstrap server: 10 s, since a broker may be starting; or until
/// each of them failed once. default.api.timeout.ms among the keys says it instead.
enum class tool_patience { some, none };

/// A client for a tool. Troubles with brokers go to standard error while the tool waits.
result<client::cluster_admin> connect_tool(const client::properties& keys,
                                           tool_patience patience = tool_patience::some);

/// "Option "[a]" can't be used with option "[b]"", for the first of `others` that is given beside `one`.
std::optional<std::string> find_clash(const cli::parsed_options& options, std::string_view one,
                                      const std::vector<std::string_view>& others);

/// What Kafka's tools say of an option that has another name now. Two of them say it in words of their own,
/// and on standard error.
enum class renamed_words { of_most, of_producer_perf, of_consumer_perf };
std::string renamed_sentence(renamed_words words, std::string_view old_name, std::string_view new_name);
/// Says it if the old name is given.
void say_renamed(const cli::parsed_options& options, renamed_words words, std::string_view old_name,
                 std::string_view new_name);

/// The sentence for who still gives --zookeeper.
std::string zookeeper_sentence(std::string_view tool);

} // namespace barnabas
