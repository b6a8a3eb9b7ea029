#include "cmd/cli/option_pages.hpp"

#include "cmd/cli/option_words.hpp"

namespace barnabas::cli {

namespace {

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
        if (!one.actions.empty())
            page += "\n| action | what it does |\n|---|---|\n";
        for (const auto& row : one.actions)
            page += "| `" + std::string(row.name) + "` | " + table_cell(row.help) + " |\n";
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
    page += ".SH SYNOPSIS\n.B " + roff(usage_of(program, what)) + "\n";
    if (!what.actions.empty())
        page += ".SH ACTIONS\n";
    for (const auto& row : what.actions)
        page += ".TP\n.B " + roff(row.name) + "\n" + roff(row.help) + "\n";
    page += ".SH OPTIONS\n";
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

} // namespace barnabas::cli
