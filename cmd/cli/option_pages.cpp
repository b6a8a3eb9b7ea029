#include "cmd/cli/option_pages.hpp"

#include <array>

namespace barnabas::cli {

namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string made;
    while (true) {
        const auto at = text.find(what);
        made += text.substr(0, at);
        if (at == std::string_view::npos)
            return made;
        made += by;
        text.remove_prefix(at + what.size());
    }
}

/// "--topic NAME", "-c, --config FILE".
std::string form_of(const option& one) {
    std::string text = one.short_name != 0 ? std::string("-") + one.short_name + ", " : "";
    text += "--" + std::string(one.name);
    if (!one.value.empty())
        text += " " + std::string(one.value);
    return text;
}

std::string meaning_of(const option& one) {
    std::string text(one.help);
    if (one.required)
        text += " Required.";
    if (one.repeated)
        text += " May be given several times.";
    return text;
}

std::string usage_of(std::string_view program, const command& what) {
    std::string text = std::string(program) + " " + std::string(what.name) + " [options]";
    for (const auto positional : what.positionals)
        text += " " + std::string(positional);
    return text;
}

std::string table_cell(std::string_view text) {
    return replaced(text, "|", "\\|");
}

// Roff: a line must not begin with a dot or an apostrophe, and a dash is a minus.
std::string roff(std::string_view text) {
    auto made = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
    if (made.starts_with('.') || made.starts_with('\''))
        made.insert(0, "\\&");
    return replaced(replaced(made, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string man_head(std::string_view name, std::string_view version, std::string_view summary) {
    return ".TH \"" + std::string(name) + "\" 1 \"\" \"barnabas " + std::string(version) + "\"\n.SH NAME\n" +
           roff(name) + " \\- " + roff(summary) + "\n";
}

/// "barnabas-sim-run" of "sim run".
std::string man_name(std::string_view program, const command& what) {
    return std::string(program) + "-" + replaced(what.name, " ", "-");
}

} // namespace

std::string reference_page(std::string_view program, std::span<const command> commands) {
    const std::string name(program);
    std::string page =
        "# Tools\n\nMade from the tables of options, as `" + name + " COMMAND --help` is, by `" + name +
        " reference`. Tools that name one of Kafka's are also installed by that name, with and "
        "without `.sh`.\n\n| command | what it does |\n|---|---|\n";
    for (const auto& one : commands)
        page += "| [" + std::string(one.name) + "](#" + name + "-" + replaced(one.name, " ", "-") + ") | " +
                table_cell(one.summary) + " |\n";
    for (const auto& one : commands) {
        page += "\n## " + name + " " + std::string(one.name) + "\n\n" + std::string(one.summary) +
                "\n\n```\n" + usage_of(program, one) + "\n```\n";
        if (!one.options.empty())
            page += "\n| option | meaning | default |\n|---|---|---|\n";
        for (const auto& row : one.options)
            page += "| `" + table_cell(form_of(row)) + "` | " + table_cell(meaning_of(row)) + " | " +
                    table_cell(row.default_value) + " |\n";
        if (!one.notes.empty())
            page += "\n```\n" + std::string(one.notes) + (one.notes.ends_with('\n') ? "" : "\n") + "```\n";
    }
    return page;
}

std::string man_page(std::string_view program, std::string_view version, const command& what) {
    auto page = man_head(man_name(program, what), version, what.summary);
    page += ".SH SYNOPSIS\n.B " + roff(usage_of(program, what)) + "\n.SH OPTIONS\n";
    for (const auto& row : what.options) {
        page += ".TP\n.B " + roff(form_of(row)) + "\n" + roff(meaning_of(row));
        if (!row.default_value.empty())
            page += " Default: " + roff(row.default_value) + ".";
        page += "\n";
    }
    page += ".TP\n.B " + roff("-h, --help") + "\nShow the options.\n";
    if (!what.notes.empty())
        page += ".SH NOTES\n.nf\n" + roff(what.notes) + (what.notes.ends_with('\n') ? "" : "\n") + ".fi\n";
    return page;
}

std::string man_overview(std::string_view program, std::string_view version,
                         std::span<const command> commands) {
    auto page = man_head(program, version, "a Kafka broker made of actors, and its tools");
    page += ".SH SYNOPSIS\n.B " + roff(program) + " COMMAND [options]\n.SH COMMANDS\n";
    for (const auto& one : commands)
        page += ".TP\n.BR " + roff(man_name(program, one)) + " (1)\n" + roff(one.summary) + "\n";
    return page;
}

namespace {

/// What may stand behind an option.
enum class value_kind { none, topic, group, file, format, entity_type, state, type, other };

struct word_row {
    value_kind kind;
    std::string_view option;
    std::string_view words;
};
/// Options with a handful of values.
constexpr std::array<word_row, 4> word_rows{{
    {value_kind::format, "output", "text json"},
    {value_kind::entity_type, "entity-type", "topics brokers broker-loggers groups client-metrics"},
    {value_kind::state, "state",
     "Assigning CompletingRebalance Dead Empty PreparingRebalance Reconciling Stable"},
    {value_kind::type, "type", "consumer classic"},
}};

value_kind kind_of(const option& one) {
    if (one.value.empty())
        return value_kind::none;
    if (one.name == "topic" || one.name == "topic-list" || one.name == "include")
        return value_kind::topic;
    if (one.name == "group")
        return value_kind::group;
    if (one.value.starts_with("FILE") || one.value.starts_with("DIR"))
        return value_kind::file;
    for (const auto& row : word_rows)
        if (row.option == one.name)
            return row.kind;
    return value_kind::other;
}

/// "|'consume --group'|'consume -g'".
std::string patterns_of(const command& what, const option& row) {
    const auto begin = "|'" + std::string(what.name) + " -";
    return begin + "-" + std::string(row.name) + "'" +
           (row.short_name == 0 ? std::string() : begin + row.short_name + "'");
}

/// Options of that kind as patterns of a shell: "'topics --topic'|'configs --topic'".
std::string patterns_of(std::span<const command> commands, value_kind kind) {
    std::string text;
    for (const auto& one : commands)
        for (const auto& row : one.options)
            text += kind_of(row) == kind ? patterns_of(one, row) : std::string();
    return text.empty() ? "-" : text.substr(1);
}

/// A case for each kind of option with a handful of values.
std::string word_cases(std::span<const command> commands) {
    std::string text;
    for (const auto& row : word_rows)
        text += "    " + patterns_of(commands, row.kind) + ") COMPREPLY=($(compgen -W '" +
                std::string(row.words) + "' -- \"$word\")) ;;\n";
    return text;
}

/// Commands that take a topic without an option: "'consume '*|'produce '*".
std::string places_of_topics(std::span<const command> commands) {
    std::string text;
    for (const auto& one : commands)
        if (!one.positionals.empty() && one.positionals.front() == "TOPIC")
            text += (text.empty() ? "'" : "|'") + std::string(one.name) + " '*";
    return text.empty() ? "-" : text;
}

/// "kafka-topics.sh kafka-topics ...".
std::string kafka_names(std::span<const command> commands) {
    std::string text;
    for (const auto& one : commands)
        if (one.like_kafka)
            text += " kafka-" + std::string(one.name) + ".sh kafka-" + std::string(one.name);
    return text;
}

/// What may stand behind a command's first word: the second one of a name, or one of a few words.
std::string bash_seconds(std::span<const command> commands) {
    std::string text = "_barnabas_seconds() {\n    case $1 in\n";
    for (const auto& first : commands) {
        std::string words;
        for (const auto& one : commands)
            if (one.name.starts_with(std::string(first.name) + " "))
                words += " " + std::string(one.name.substr(first.name.size() + 1));
        if (!first.positionals.empty() && first.positionals.front().find('|') != std::string_view::npos)
            words += " " + replaced(first.positionals.front(), "|", " ");
        if (!words.empty())
            text += "    '" + std::string(first.name) + "') echo '" + words.substr(1) + "' ;;\n";
    }
    return text + "    esac\n}\n";
}

std::string bash_tables(std::span<const command> commands) {
    std::string names, text = "_barnabas_options() {\n    case $1 in\n";
    for (const auto& one : commands) {
        const auto first = one.name.substr(0, one.name.find(' '));
        names += (" " + names + " ").find(" " + std::string(first) + " ") == std::string::npos
                     ? (names.empty() ? "" : " ") + std::string(first)
                     : "";
        text += "    '" + std::string(one.name) + "') echo '";
        for (const auto& row : one.options) {
            text += "--" + std::string(row.name) + " ";
            if (row.short_name != 0)
                text += std::string("-") + row.short_name + " ";
        }
        text += "--help' ;;\n";
    }
    return text + "    *) return 1 ;;\n    esac\n}\n" + bash_seconds(commands) + "_barnabas_commands='" +
           names + "'\n";
}

constexpr std::string_view bash_work = R"~(
# Names from the cluster, or nothing when it does not answer at once.
_barnabas_names() {
    local server=localhost:9092
    [[ $COMP_LINE =~ \ (--bootstrap-server|--broker-list|-b)[=\ ]+([^\ ]+) ]] && server=${BASH_REMATCH[2]}
    timeout 1 "$1" "$2" --bootstrap-server "$server" --list 2>/dev/null
}

_barnabas() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local program=${COMP_WORDS[0]} command= name=${COMP_WORDS[0]##*/} seconds=
    COMPREPLY=()
    if [[ $name == kafka-* ]]; then
        command=${name#kafka-}
        command=${command%.sh}
        program=@PROGRAM@
    elif ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "$_barnabas_commands" -- "$word"))
        return
    else
        command="${COMP_WORDS[1]} ${COMP_WORDS[2]}"
        _barnabas_options "$command" >/dev/null || command=${COMP_WORDS[1]}
        ((COMP_CWORD == 2)) && seconds=$(_barnabas_seconds "${COMP_WORDS[1]}")
    fi
    if [[ -n $seconds && $word != -* ]]; then
        COMPREPLY=($(compgen -W "$seconds" -- "$word"))
        return
    fi
    # What begins like an option is no value: some values may be absent.
    [[ $word == -* ]] && before=
    case "$command $before" in
    @TOPICS@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" topics)" -- "$word")) ;;
    @GROUPS@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" consumer-groups)" -- "$word")) ;;
@WORDS@    @FILES@) COMPREPLY=($(compgen -f -- "$word")) ;;
    @OTHERS@) ;;
    *)
        COMPREPLY=($(compgen -W "$(_barnabas_options "$command")" -- "$word"))
        case "$command $word" in
        *' '-*) ;;
        @PLACES@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" topics)" -- "$word")) ;;
        esac
        ;;
    esac
}
)~";

/// Of one option, for zsh's _arguments.
std::string zsh_spec(const option& one, const std::string& name) {
    auto help = replaced(replaced(replaced(one.help, "'", "'\\''"), "[", "\\["), "]", "\\]");
    help = replaced(help, ":", "\\:");
    std::string text = std::string(one.repeated ? "*" : "") + std::string(name) + "[" + help + "]";
    const auto value = replaced(replaced(one.value, ":", "\\:"), "'", "");
    switch (kind_of(one)) {
    case value_kind::none: break;
    case value_kind::topic: text += ":" + value + ":_barnabas_topics"; break;
    case value_kind::group: text += ":" + value + ":_barnabas_groups"; break;
    case value_kind::file: text += ":" + value + ":_files"; break;
    case value_kind::other: text += ":" + value + ": "; break;
    default:
        for (const auto& row : word_rows)
            if (row.kind == kind_of(one))
                text += ":" + value + ":(" + std::string(row.words) + ")";
    }
    return "'" + text + "'";
}

/// Of what stands without an option: a topic, or one of a few words.
std::string zsh_place(const command& what) {
    if (what.positionals.empty())
        return {};
    const auto first = what.positionals.front();
    if (first == "TOPIC")
        return " '1:TOPIC:_barnabas_topics'";
    return first.find('|') == std::string_view::npos ? std::string()
                                                     : " '1:word:(" + replaced(first, "|", " ") + ")'";
}

constexpr std::string_view zsh_work = R"~(
_barnabas_names() {
    local -a names
    local server=localhost:9092
    [[ "${words[*]}" =~ ' (--bootstrap-server|--broker-list|-b)[= ]+([^ ]+)' ]] && server=$match[2]
    names=(${(f)"$(timeout 1 @PROGRAM@ $1 --bootstrap-server $server --list 2>/dev/null)"})
    compadd -a names
}
_barnabas_topics() { _barnabas_names topics }
_barnabas_groups() { _barnabas_names consumer-groups }

_barnabas() {
    local name=${words[1]:t}
    if [[ $name == kafka-* ]]; then
        _barnabas_command ${${name#kafka-}%.sh}
    elif ((CURRENT == 2)); then
        compadd -a _barnabas_commands
    elif ((CURRENT == 3)) && [[ -n ${(M)_barnabas_two_words:#${words[2]} *} && ${words[3]} != -* ]]; then
        compadd -- ${${(M)_barnabas_two_words:#${words[2]} *}#* }
    else
        name=${words[2]}
        shift words
        ((CURRENT--))
        if ((CURRENT > 2)) && [[ ${_barnabas_two_words[(r)$name ${words[2]}]} == "$name ${words[2]}" ]]; then
            name="$name ${words[2]}"
            shift words
            ((CURRENT--))
        fi
        _barnabas_command $name
    fi
}
)~";

} // namespace

std::string bash_completion(std::string_view program, std::span<const command> commands) {
    auto work = replaced(bash_work, "@PROGRAM@", program);
    work = replaced(work, "@TOPICS@", patterns_of(commands, value_kind::topic));
    work = replaced(work, "@GROUPS@", patterns_of(commands, value_kind::group));
    work = replaced(work, "@WORDS@", word_cases(commands));
    work = replaced(work, "@PLACES@", places_of_topics(commands));
    work = replaced(work, "@FILES@", patterns_of(commands, value_kind::file));
    work = replaced(work, "@OTHERS@", patterns_of(commands, value_kind::other));
    return "# Completion for bash, made by `" + std::string(program) + " completion bash`.\n" +
           bash_tables(commands) + work + "complete -F _barnabas " + std::string(program) +
           kafka_names(commands) + "\n";
}

std::string zsh_completion(std::string_view program, std::span<const command> commands) {
    std::string firsts, seconds,
        text = "#compdef " + std::string(program) + kafka_names(commands) + "\n# Made by `" +
               std::string(program) + " completion zsh`.\n_barnabas_command() {\n    case $1 in\n";
    for (const auto& one : commands) {
        const std::string name(one.name);
        const auto first = name.substr(0, name.find(' '));
        if ((" " + firsts + " ").find(" " + first + " ") == std::string::npos)
            firsts += (firsts.empty() ? "" : " ") + first;
        if (first != name)
            seconds += " '" + name + "'";
        text += "    '" + name + "') _arguments '--help[Show the options.]'";
        for (const auto& row : one.options) {
            text += " " + zsh_spec(row, "--" + std::string(row.name));
            if (row.short_name != 0)
                text += " " + zsh_spec(row, std::string("-") + row.short_name);
        }
        text += zsh_place(one);
        text += " ;;\n";
    }
    return text + "    esac\n}\n_barnabas_commands=(" + firsts + ")\n_barnabas_two_words=(" + seconds +
           ")\n" + replaced(zsh_work, "@PROGRAM@", program) +
           // Sourced it registers itself; as a file of $fpath it is the function itself.
           "if [[ $funcstack[1] == _" + std::string(program) +
           " ]]; then _barnabas \"$@\"; else compdef _barnabas " + std::string(program) +
           kafka_names(commands) + "; fi\n";
}

} // namespace barnabas::cli
