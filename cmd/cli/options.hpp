#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// One table of options per command; parsing, help and suggestions come from it.
namespace barnabas::cli {

struct option {
    std::string_view name; ///< long name without the dashes
    /// Name of the value in the help text ("FILE"); empty for a flag. In brackets it may be absent before
    /// another option; with "..." at its end it takes all that follows up to the next option.
    std::string_view value;
    std::string_view help;
    std::string_view default_value = {};
    bool repeated = false;
    bool required = false;
    char short_name = 0;
    /// The value when it is absent.
    std::string_view if_bare = {};
};

/// One of the words that a command with several things to do takes as its first positional argument.
struct action {
    std::string_view name;
    std::string_view help;
};

struct command {
    std::string_view name; ///< "start", or "sim run"
    std::string_view summary;
    std::span<const option> options;
    /// Names of positional arguments; one that ends in "..." takes all that is left; in brackets it may be
    /// absent.
    std::vector<std::string_view> positionals = {};
    /// Sentences or examples after the options.
    std::string_view notes = {};
    /// As Kafka's own tools: unambiguous beginnings of long options will do, and wrong usage ends with 1.
    bool like_kafka = false;
    /// What its first positional argument may be; parsing refuses any other word.
    std::span<const action> actions = {};
};

/// What was given. Names asked for must be in the command's table.
class parsed_options {
public:
    bool has(std::string_view name) const;
    /// The last value given, else the default; nothing when there is neither.
    std::optional<std::string> value(std::string_view name) const;
    std::vector<std::string> values(std::string_view name) const;
    /// The value as a whole number within [min, max]; the error names option, value and range.
    result<std::int64_t> number(std::string_view name, std::int64_t min, std::int64_t max) const;
    const std::vector<std::string>& positionals() const noexcept { return positionals_; }
    /// `--help` or `-h` was given: nothing else was checked.
    bool help() const noexcept { return help_; }

private:
    friend result<parsed_options> parse(const command&, std::span<const std::string_view>);
    const option& row(std::string_view name) const;

    std::span<const option> table_;
    std::map<std::string, std::vector<std::string>, std::less<>> given_;
    std::vector<std::string> positionals_;
    bool help_ = false;
};

/// `args` follow the command's name. Forms: `--name value`, `--name=value`, `-n value`, `--flag`, `--` before
/// positionals. An unknown option is an error that names the closest known one.
result<parsed_options> parse(const command& what, std::span<const std::string_view> args);

/// Usage, actions, options with defaults, notes.
std::string help_text(std::string_view program, const command& what);
/// All commands with their summaries.
std::string commands_text(std::string_view program, std::string_view summary,
                          std::span<const command> commands);

struct found_command {
    const command* what = nullptr;
    std::size_t words = 0; ///< arguments that its name took
};
/// The command that the first arguments name (the longest name wins), or an error with the closest name.
result<found_command> find_command(std::span<const command> commands, std::span<const std::string_view> args);

} // namespace barnabas::cli
