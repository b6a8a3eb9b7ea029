#pragma once

#include "cmd/cli/options.hpp"

#include <span>
#include <string>
#include <string_view>

/// Scripts with which shells complete command lines, from the same tables as parsing and --help.
namespace barnabas::cli {

/// A name of Kafka's that stands for a command which is not like Kafka's, or has another name. Rows of one
/// name are neighbours.
struct kafka_script {
    std::string_view name;       ///< "server-start" of kafka-server-start and kafka-server-start.sh
    std::string_view first_word; ///< stands for the command only behind this word; empty: always
    std::string_view command;
    /// Its first argument is a file.
    bool begins_with_file = false;
};

/// For `source`, or for a folder of completions. Names of topics and groups come from the cluster. Commands
/// that are like Kafka's are completed by Kafka's names as well, and so are `scripts`.
std::string bash_completion(std::string_view program, std::span<const command> commands,
                            std::span<const kafka_script> scripts);
std::string zsh_completion(std::string_view program, std::span<const command> commands,
                           std::span<const kafka_script> scripts);

} // namespace barnabas::cli
