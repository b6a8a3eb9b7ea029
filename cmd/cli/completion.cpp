#include "cmd/cli/completion.hpp"

#include "cmd/cli/option_words.hpp"

#include <array>
#include <utility>

namespace barnabas::cli {

namespace {

/// What may stand behind an option.
enum class value_kind { none, topic, group, entity, file, words, other };

struct word_row {
    std::string_view option;
    std::string_view words;
};
/// Options with a handful of values.
constexpr std::array<word_row, 14> word_rows{{
    {"output", "text json"},
    {"entity-type", "topics brokers broker-loggers groups client-metrics"},
    {"state", "Assigning CompletingRebalance Dead Empty PreparingRebalance Reconciling Stable"},
    {"type", "consumer classic"},
    {"group-type", "classic consumer share streams"},
    {"compression", "none gzip snappy lz4 zstd"},
    {"compression-codec", "none gzip snappy lz4 zstd"},
    {"isolation-level", "read_uncommitted read_committed"},
    {"request-required-acks", "0 1 all"},
    {"producer-acks", "1 all"},
    {"acks", "0 1 -1"},
    {"group-protocol", "classic consumer"},
    {"group-remote-assignor", "uniform range"},
    {"reset-policy", "earliest latest none by_duration:"},
}};

/// Empty: the option is none of those.
std::string_view words_of(const option& one) {
    for (const auto& row : word_rows)
        if (row.option == one.name)
            return row.words;
    return {};
}

value_kind kind_of(const option& one) {
    if (one.value.empty())
        return value_kind::none;
    if (one.name == "topic" || one.name == "topic-list" || one.name == "include" ||
        one.name == "topic-partitions")
        return value_kind::topic;
    if (one.name == "group")
        return value_kind::group;
    if (one.name == "entity-name")
        return value_kind::entity;
    if (one.value.starts_with("FILE") || one.value.starts_with("DIR"))
        return value_kind::file;
    return words_of(one).empty() ? value_kind::other : value_kind::words;
}

/// "|'consume --group'|'consume -g'".
std::string patterns_of(const command& what, const option& row) {
    const auto begin = "|'" + std::string(what.name) + " -";
    return begin + "-" + std::string(row.name) + "'" +
           (row.short_name == 0 ? std::string() : begin + row.short_name + "'");
}

/// Options of that kind as patterns of a shell: "'topics --topic'|'configs --topic'". Of those with a handful
/// of values only the ones with these.
std::string patterns_of(std::span<const command> commands, value_kind kind, std::string_view words = {}) {
    std::string text;
    for (const auto& one : commands)
        for (const auto& row : one.options)
            text += kind_of(row) == kind && words_of(row) == words ? patterns_of(one, row) : std::string();
    return text.empty() ? "-" : text.substr(1);
}

/// A case for each handful of values.
std::string word_cases(std::span<const command> commands) {
    std::string text;
    for (const auto& row : word_rows) {
        const auto offered = " COMPREPLY=($(compgen -W '" + std::string(row.words) + "' --";
        // Several options may have the same.
        if (text.find(offered) == std::string::npos)
            text += "    " + patterns_of(commands, value_kind::words, row.words) + ")" + offered +
                    " \"$word\")) ;;\n";
    }
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

std::string both_names(std::string_view name) {
    return " kafka-" + std::string(name) + ".sh kafka-" + std::string(name);
}

/// "kafka-topics.sh kafka-topics ...".
std::string kafka_names(std::span<const command> commands, std::span<const kafka_script> scripts) {
    std::string text;
    for (const auto& one : commands)
        text += one.like_kafka ? both_names(one.name) : "";
    for (const auto& one : scripts)
        text +=
            (text + " ").find(both_names(one.name) + " ") == std::string::npos ? both_names(one.name) : "";
    return text;
}

/// Scripts that begin with a file, as patterns of a shell: "'server-start'".
std::string scripts_of_files(std::span<const kafka_script> scripts) {
    std::string text;
    for (const auto& one : scripts)
        if (one.begins_with_file)
            text += (text.empty() ? "'" : "|'") + std::string(one.name) + "'";
    return text.empty() ? "-" : text;
}

/// The words of which one stands without an option: "describe upgrade"; empty where there are none.
std::string words_of(const command& what) {
    std::string words;
    for (const auto& one : what.actions)
        words += (words.empty() ? "" : " ") + std::string(one.name);
    if (words.empty() && !what.positionals.empty() &&
        what.positionals.front().find('|') != std::string_view::npos)
        words = replaced(what.positionals.front(), "|", " ");
    return words;
}

std::string bash_actions(std::span<const command> commands) {
    std::string text = "_barnabas_actions() {\n    case $1 in\n";
    for (const auto& one : commands)
        if (const auto words = words_of(one); !words.empty())
            text += "    '" + std::string(one.name) + "') echo '" + words + "' ;;\n";
    return text + "    esac\n}\n";
}

/// What the script's first argument may be.
std::string first_words(std::span<const kafka_script> scripts, std::string_view name) {
    std::string text;
    for (const auto& one : scripts)
        if (one.name == name && !one.first_word.empty())
            text += (text.empty() ? "" : " ") + std::string(one.first_word);
    return text;
}

/// Which command a script is, and the words that its first argument may be.
std::string bash_scripts(std::span<const kafka_script> scripts) {
    std::string text = "_barnabas_script() {\n    case \"$1 $2\" in\n";
    for (const auto& one : scripts)
        text += "    '" + std::string(one.name) + " " +
                (one.first_word.empty() ? "'*" : std::string(one.first_word) + "'") + ") echo '" +
                std::string(one.command) + "' ;;\n";
    text += "    *) return 1 ;;\n    esac\n}\n_barnabas_first_words() {\n    case $1 in\n";
    std::string_view last;
    for (const auto& one : scripts)
        if (const auto name = one.name; name != std::exchange(last, name))
            if (const auto firsts = first_words(scripts, name); !firsts.empty())
                text += "    '" + std::string(name) + "') echo '" + firsts + "' ;;\n";
    return text + "    esac\n}\n";
}

/// What may stand behind a command's first word: the second one of a name.
std::string bash_seconds(std::span<const command> commands) {
    std::string text = "_barnabas_seconds() {\n    case $1 in\n";
    for (const auto& first : commands) {
        std::string words;
        for (const auto& one : commands)
            if (one.name.starts_with(std::string(first.name) + " "))
                words += " " + std::string(one.name.substr(first.name.size() + 1));
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
    return text + "    *) return 1 ;;\n    esac\n}\n" + bash_seconds(commands) + bash_actions(commands) +
           "_barnabas_commands='" + names + "'\n";
}

constexpr std::string_view bash_work = R"~(
# Names from the cluster, or nothing when it does not answer at once.
_barnabas_names() {
    local server=localhost:9092
    [[ $COMP_LINE =~ \ (--bootstrap-server|--broker-list|-b)[=\ ]+([^\ ]+) ]] && server=${BASH_REMATCH[2]}
    timeout 1 "$1" "$2" --bootstrap-server "$server" --list 2>/dev/null
}

# What --entity-name names: topics, consumer-groups, or something that is not completed.
_barnabas_entities() {
    [[ ${words[*]} =~ --entity-type[=\ ](topics|groups) ]] || return
    [[ ${BASH_REMATCH[1]} == topics ]] && echo topics || echo consumer-groups
}

# Bash ends words at "=" and ":" as well, and asks only for what follows the last of them.
_barnabas() {
    local typed=${COMP_WORDS[COMP_CWORD]} option= word= before= last= one= glued=
    local -a words=()
    for one in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if ((${#words[@]})) && { [[ $one =~ ^[=:]+$ ]] || [[ -n $glued && $one != -* ]]; }; then
            words[${#words[@]}-1]+=$one
        else
            words+=("$one")
        fi
        glued=
        [[ $one =~ ^[=:]+$ ]] && glued=yes
    done
    [[ -n $glued ]] && typed=
    last=$((${#words[@]} - 1))
    word=${words[last]}
    ((last > 0)) && before=${words[last-1]}
    one=${word%"$typed"}
    if [[ $word == --*=* ]]; then
        before=${word%%=*}
        option=$before=
        word=${word#*=}
    fi
    COMPREPLY=()
    _barnabas_reply
    COMPREPLY=("${COMPREPLY[@]/#/$option}")
    COMPREPLY=("${COMPREPLY[@]#"$one"}")
}

_barnabas_reply() {
    local program=${words[0]} command= name=${words[0]##*/} seconds= actions= entities= one=
    if [[ $name == kafka-* ]]; then
        name=${name#kafka-}
        name=${name%.sh}
        program=@PROGRAM@
        command=$(_barnabas_script "$name" "${words[1]}") || command=$name
        ((last == 1)) && seconds=$(_barnabas_first_words "$name")
    elif ((last == 1)); then
        COMPREPLY=($(compgen -W "$_barnabas_commands" -- "$word"))
        return
    else
        command="${words[1]} ${words[2]}"
        _barnabas_options "$command" >/dev/null || command=${words[1]}
        ((last == 2)) && seconds=$(_barnabas_seconds "${words[1]}")
    fi
    if [[ -n $seconds && -z $option && $word != -* ]]; then
        COMPREPLY=($(compgen -W "$seconds" -- "$word"))
        return
    fi
    # What begins like an option is no value: some values may be absent.
    [[ -z $option && $word == -* ]] && before=
    case "$command $before" in
    @TOPICS@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" topics)" -- "$word")) ;;
    @GROUPS@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" consumer-groups)" -- "$word")) ;;
    @ENTITIES@)
        entities=$(_barnabas_entities)
        [[ -n $entities ]] && COMPREPLY=($(compgen -W "$(_barnabas_names "$program" "$entities")" -- "$word"))
        ;;
@WORDS@    @FILES@) COMPREPLY=($(compgen -f -- "$word")) ;;
    @OTHERS@) ;;
    *)
        [[ -n $option ]] && return
        COMPREPLY=($(compgen -W "$(_barnabas_options "$command")" -- "$word"))
        [[ $word == -* ]] && return
        case "$name" in
        @SCRIPTS@) COMPREPLY=($(compgen -f -- "$word")) ;;
        esac
        case "$command " in
        @PLACES@) COMPREPLY=($(compgen -W "$(_barnabas_names "$program" topics)" -- "$word")) ;;
        esac
        # One action is enough, wherever it stands.
        actions=$(_barnabas_actions "$command")
        for one in "${words[@]:1:last-1}"; do
            [[ " $actions " == *" $one "* ]] && actions=
        done
        [[ -n $actions ]] && COMPREPLY=($(compgen -W "$actions" -- "$word"))
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
    case value_kind::entity: text += ":" + value + ":_barnabas_entities"; break;
    case value_kind::words: text += ":" + value + ":(" + replaced(words_of(one), ":", "\\:") + ")"; break;
    }
    return "'" + text + "'";
}

/// Of what stands without an option: a topic, or one of a few words.
std::string zsh_place(const command& what) {
    if (!what.positionals.empty() && what.positionals.front() == "TOPIC")
        return " '1:TOPIC:_barnabas_topics'";
    const auto words = words_of(what);
    return words.empty() ? words : " '1:word:(" + words + ")'";
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
_barnabas_entities() {
    [[ "${words[*]}" =~ '--entity-type[= ](topics|groups)' ]] || return
    [[ $match[1] == topics ]] && _barnabas_topics || _barnabas_groups
}

_barnabas() {
    local name=${words[1]:t}
    if [[ $name == kafka-* ]]; then
        name=${${name#kafka-}%.sh}
        local -a place first_words
        first_words=(${${(k)_barnabas_scripts[(I)$name *]}#* })
        if (($#first_words && CURRENT == 2)); then
            compadd -a first_words
            return
        fi
        if (($#first_words)); then
            name="$name ${words[2]}"
            shift words
            ((CURRENT--))
        fi
        [[ $name == (@SCRIPTS@) ]] && place=('1:FILE:_files')
        _barnabas_command ${_barnabas_scripts[$name]:-$name} $place
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

std::string bash_completion(std::string_view program, std::span<const command> commands,
                            std::span<const kafka_script> scripts) {
    auto work = replaced(bash_work, "@PROGRAM@", program);
    work = replaced(work, "@TOPICS@", patterns_of(commands, value_kind::topic));
    work = replaced(work, "@GROUPS@", patterns_of(commands, value_kind::group));
    work = replaced(work, "@ENTITIES@", patterns_of(commands, value_kind::entity));
    work = replaced(work, "@WORDS@", word_cases(commands));
    work = replaced(work, "@PLACES@", places_of_topics(commands));
    work = replaced(work, "@FILES@", patterns_of(commands, value_kind::file));
    work = replaced(work, "@SCRIPTS@", scripts_of_files(scripts));
    work = replaced(work, "@OTHERS@", patterns_of(commands, value_kind::other));
    return "# Completion for bash, made by `" + std::string(program) + " completion bash`.\n" +
           bash_tables(commands) + bash_scripts(scripts) + work + "complete -F _barnabas " +
           std::string(program) + kafka_names(commands, scripts) + "\n";
}

std::string zsh_completion(std::string_view program, std::span<const command> commands,
                           std::span<const kafka_script> scripts) {
    std::string firsts, seconds, others,
        text = "#compdef " + std::string(program) + kafka_names(commands, scripts) + "\n# Made by `" +
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
            // The value may stand behind "=" or in the next word.
            const std::string_view joint = row.value.empty() ? "" : "=";
            text += " " + zsh_spec(row, "--" + std::string(row.name) + std::string(joint));
            if (row.short_name != 0)
                text += " " + zsh_spec(row, std::string("-") + row.short_name);
        }
        text += zsh_place(one);
        text += " \"${@:2}\" ;;\n";
    }
    for (const auto& one : scripts)
        others += " '" + std::string(one.name) + (one.first_word.empty() ? "" : " ") +
                  std::string(one.first_word) + "' '" + std::string(one.command) + "'";
    const auto work =
        replaced(replaced(zsh_work, "@PROGRAM@", program), "@SCRIPTS@", scripts_of_files(scripts));
    return text + "    esac\n}\n_barnabas_commands=(" + firsts + ")\n_barnabas_two_words=(" + seconds +
           ")\ntypeset -gA _barnabas_scripts=(" + others + ")\n" + work +
           // Sourced it registers itself; as a file of $fpath it is the function itself.
           "if [[ $funcstack[1] == _" + std::string(program) +
           " ]]; then _barnabas \"$@\"; else compdef _barnabas " + std::string(program) +
           kafka_names(commands, scripts) + "; fi\n";
}

} // namespace barnabas::cli
