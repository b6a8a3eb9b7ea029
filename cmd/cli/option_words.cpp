#include "cmd/cli/option_words.hpp"

namespace barnabas::cli {

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

} // namespace barnabas::cli
