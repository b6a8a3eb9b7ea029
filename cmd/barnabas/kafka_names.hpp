#pragma once

#include "cmd/cli/completion.hpp"
#include "protocol/model/error.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The program by the names of Kafka's scripts: a link named kafka-topics.sh to `barnabas` is `barnabas
/// topics`.
namespace barnabas {

/// A command line of ours.
struct own_call {
    std::vector<std::string> arguments;
    /// `kafka-server-start.sh -daemon`: go on in the background.
    bool in_background = false;
};

/// Names of Kafka's scripts beside kafka-COMMAND of the commands that are like its own.
std::span<const cli::kafka_script> kafka_scripts();

/// What the program called by that name (with or without folders and ".sh") stands for; nothing when the name
/// is none of Kafka's. The error is a sentence with what to do instead.
result<std::optional<own_call>> call_by_kafkas_name(std::string_view program,
                                                    const std::vector<std::string_view>& arguments);

/// By Kafka's name most of its tools take --help, and a call without any option, for wrong usage: the help
/// goes to standard error, and the status is 1. Others, those with subcommands among them, have help as
/// usual.
bool is_help_misuse(std::string_view command, const std::vector<std::string_view>& arguments);

/// Leaves the terminal: output goes to kafkaServer.out in the folder $LOG_DIR, or here. True in the process
/// that goes on, false in the one that was called.
result<bool> go_into_background();

} // namespace barnabas
