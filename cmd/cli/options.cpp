#include "cmd/cli/options.hpp"

#include "cmd/cli/option_words.hpp"
#include "protocol/model/assert.hpp"
#include "runtime/config/closest.hpp"

#include <algorithm>
#include <charconv>

namespace barnabas::cli {

namespace {

constexpr option help_option{"help", "", "Show this text.", "", false, false, 'h'};

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

const option* find_long(const command& what, std::string_view name) {
    const auto found = std::find_if(what.options.begin(), what.options.end(),
                                    [&](const option& one) { return one.name == name; });
    if (found != what.options.end() || !what.like_kafka || name.empty())
        return found == what.options.end() ? nullptr : &*found;
    const auto begins = [&](const option& one) { return one.name.starts_with(name); };
    if (std::count_if(what.options.begin(), what.options.end(), begins) != 1)
        return nullptr;
    return &*std::find_if(what.options.begin(), what.options.end(), begins);
}

const option* find_short(const command& what, char name) {
    const auto found = std::find_if(what.options.begin(), what.options.end(), [&](const option& one) {
        return one.short_name != 0 && one.short_name == name;
    });
    return found == what.options.end() ? nullptr : &*found;
}

error unknown_option(const command& what, std::string_view given) {
    std::vector<std::string_view> names{"help"};
    for (const auto& one : what.options)
        names.push_back(one.name);
    const auto meant = closest(given, names);
    return wrong("no option is named --" + std::string(given) +
                 (meant ? "; did you mean --" + std::string(*meant) + "?" : "") + " (see --help)");
}

/// One option as it was given: its row, and the value after '=' if there was one.
struct given_option {
    const option* row = nullptr;
    std::optional<std::string> value;
};

result<given_option> recognise(const command& what, std::string_view arg) {
    given_option given;
    if (!arg.starts_with("--")) {
        given.row = find_short(what, arg[1]);
        if (given.row == nullptr || arg.size() > 2)
            return wrong("no option is named " + std::string(arg) + " (see --help)");
        return given;
    }
    const auto sign = arg.find('=');
    const auto name = arg.substr(2, sign == std::string_view::npos ? sign : sign - 2);
    given.row = find_long(what, name);
    if (given.row == nullptr)
        return unknown_option(what, name);
    if (sign != std::string_view::npos)
        given.value = std::string(arg.substr(sign + 1));
    if (given.row->value.empty() && given.value)
        return wrong("--" + std::string(name) + " takes no value");
    return given;
}

bool is_optional(std::string_view value) {
    return value.starts_with('[');
}
/// "FILE..." is all words that follow; "ID,..." is one word.
bool takes_rest(std::string_view value) {
    const auto dots = value.find("...");
    return dots != std::string_view::npos && (dots == 0 || value[dots - 1] != ',');
}

result<void> check_positionals(const command& what, const std::vector<std::string>& given) {
    const auto& wanted = what.positionals;
    const auto needed = static_cast<std::size_t>(
        std::count_if(wanted.begin(), wanted.end(), [](auto one) { return !is_optional(one); }));
    if (given.size() < needed)
        return wrong(std::string(what.name) + " needs " + std::string(wanted[given.size()]) +
                     " (see --help)");
    if (const auto& known = what.actions; !known.empty() && !given.empty()) {
        const auto is_given = [&](const action& one) { return one.name == given.front(); };
        std::string names;
        for (const auto& one : known)
            names += (names.empty() ? "" : ", ") + std::string(one.name);
        if (std::none_of(known.begin(), known.end(), is_given))
            return wrong(std::string(what.name) + ": '" + given.front() + "' is none of " + names +
                         " (see --help)");
    }
    const bool any_number = !wanted.empty() && takes_rest(wanted.back());
    if (given.size() > wanted.size() && !any_number)
        return wrong("'" + given[wanted.size()] + "' is one argument too many for " + std::string(what.name) +
                     " (see --help)");
    return {};
}

std::string left_column(const option& one) {
    return (one.short_name != 0 ? "" : "    ") + form_of(one);
}

std::string right_column(const option& one) {
    return meaning_of(one) +
           (one.default_value.empty() ? "" : " Default: " + std::string(one.default_value) + ".");
}

/// Puts `right` behind `left`, in lines of at most 100 columns.
std::string two_columns(const std::string& left, std::string_view right, std::size_t width) {
    constexpr std::size_t columns = 100;
    const std::string indent(width + 4, ' ');
    std::string text = "  " + left + std::string(width - left.size() + 2, ' ');
    std::size_t used = indent.size();
    while (!right.empty()) {
        const auto end = std::min(right.find(' '), right.size());
        if (used > indent.size() && used + end > columns) {
            text += "\n" + indent;
            used = indent.size();
        }
        text += std::string(used > indent.size() ? " " : "") + std::string(right.substr(0, end));
        used += end + 1;
        right.remove_prefix(std::min(end + 1, right.size()));
    }
    return text + "\n";
}

bool matches(std::string_view name, std::span<const std::string_view> args, std::size_t& words) {
    words = 0;
    while (!name.empty()) {
        const auto end = std::min(name.find(' '), name.size());
        if (words >= args.size() || args[words] != name.substr(0, end))
            return false;
        ++words;
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return true;
}

} // namespace

const option& parsed_options::row(std::string_view name) const {
    const auto found =
        std::find_if(table_.begin(), table_.end(), [&](const option& one) { return one.name == name; });
    BARNABAS_ASSERT(found != table_.end());
    return *found;
}

bool parsed_options::has(std::string_view name) const {
    BARNABAS_ASSERT(row(name).name == name);
    return given_.contains(name);
}

std::optional<std::string> parsed_options::value(std::string_view name) const {
    const auto& known = row(name);
    if (const auto found = given_.find(name); found != given_.end())
        return found->second.back();
    return known.default_value.empty() ? std::nullopt : std::optional<std::string>(known.default_value);
}

std::vector<std::string> parsed_options::values(std::string_view name) const {
    BARNABAS_ASSERT(row(name).name == name);
    const auto found = given_.find(name);
    return found == given_.end() ? std::vector<std::string>{} : found->second;
}

result<std::int64_t> parsed_options::number(std::string_view name, std::int64_t min, std::int64_t max) const {
    const auto text = value(name).value_or("");
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() || number < min ||
        number > max)
        return wrong("--" + std::string(name) + "=" + text + ": allowed is a whole number from " +
                     std::to_string(min) + " to " + std::to_string(max));
    return number;
}

result<parsed_options> parse(const command& what, std::span<const std::string_view> args) {
    parsed_options parsed;
    parsed.table_ = what.options;
    bool only_positionals = false;
    for (std::size_t at = 0; at < args.size(); ++at) {
        const auto arg = args[at];
        if (only_positionals || arg.size() < 2 || arg[0] != '-') {
            parsed.positionals_.emplace_back(arg);
            continue;
        }
        if (arg == "--") {
            only_positionals = true;
            continue;
        }
        if (arg == "--help" || (arg == "-h" && find_short(what, 'h') == nullptr)) {
            parsed.help_ = true;
            return parsed;
        }
        auto given = recognise(what, arg);
        if (!given)
            return given.failure();
        const bool ends_here = at + 1 == args.size() || args[at + 1].starts_with('-');
        if (is_optional(given->row->value) && !given->value && ends_here)
            given->value = std::string(given->row->if_bare);
        if (!given->row->value.empty() && !given->value) {
            if (++at == args.size())
                return wrong("--" + std::string(given->row->name) + " needs a value " +
                             std::string(given->row->value));
            given->value = std::string(args[at]);
        }
        auto& values = parsed.given_[std::string(given->row->name)];
        if (!values.empty() && !given->row->repeated && !given->row->value.empty())
            return wrong("--" + std::string(given->row->name) + " is given twice");
        values.push_back(given->value.value_or(""));
        while (takes_rest(given->row->value) && at + 1 < args.size() && !args[at + 1].starts_with('-'))
            values.emplace_back(args[++at]);
    }
    // Who asks for the version does nothing else.
    if (parsed.given_.contains("version"))
        return parsed;
    for (const auto& one : what.options)
        if (one.required && !parsed.has(one.name))
            return wrong(std::string(what.name) + " needs --" + std::string(one.name) + " " +
                         std::string(one.value) + " (see --help)");
    if (auto fits = check_positionals(what, parsed.positionals_); !fits)
        return fits.failure();
    return parsed;
}

std::string help_text(std::string_view program, const command& what) {
    auto text = "usage: " + usage_of(program, what) + "\n\n" + std::string(what.summary) + "\n\n";
    std::size_t action_width = 0;
    for (const auto& one : what.actions)
        action_width = std::max(action_width, one.name.size());
    for (const auto& one : what.actions)
        text += (&one == what.actions.data() ? "actions:\n" : "") +
                two_columns(std::string(one.name), one.help, action_width);
    text += what.actions.empty() ? "options:\n" : "\noptions:\n";
    std::size_t width = left_column(help_option).size();
    for (const auto& one : what.options)
        width = std::max(width, left_column(one).size());
    for (const auto& one : what.options)
        text += two_columns(left_column(one), right_column(one), width);
    text += two_columns(left_column(help_option), help_option.help, width);
    if (!what.notes.empty())
        text += "\n" + std::string(what.notes) + "\n";
    return text;
}

std::string commands_text(std::string_view program, std::string_view summary,
                          std::span<const command> commands) {
    std::string text = "usage: " + std::string(program) + " COMMAND [options]\n\n" + std::string(summary) +
                       "\n\ncommands:\n";
    std::size_t width = 0;
    for (const auto& one : commands)
        width = std::max(width, one.name.size());
    for (const auto& one : commands)
        text += two_columns(std::string(one.name), one.summary, width);
    return text + "\n'" + std::string(program) + " COMMAND --help' shows the options of a command.\n";
}

result<found_command> find_command(std::span<const command> commands,
                                   std::span<const std::string_view> args) {
    found_command best;
    for (const auto& one : commands) {
        std::size_t words = 0;
        if (matches(one.name, args, words) && words > best.words)
            best = {&one, words};
    }
    if (best.what != nullptr)
        return best;
    if (args.empty())
        return wrong("no command is given (see --help)");
    std::vector<std::string_view> names;
    std::string given(args.front());
    for (const auto& one : commands)
        names.push_back(one.name);
    auto meant = closest(given, names);
    if (!meant && args.size() > 1)
        meant = closest(given += " " + std::string(args[1]), names);
    return wrong("no command is named '" + given + "'" +
                 (meant ? "; did you mean '" + std::string(*meant) + "'?" : "") + " (see --help)");
}

} // namespace barnabas::cli
