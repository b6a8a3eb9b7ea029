#include "cmd/barnabas/topic_pattern.hpp"

#include <boost/regex.hpp>
#include <mutex>

namespace barnabas {

/// Boost's expressions, since RE2 looks neither ahead nor behind.
struct topic_pattern::expression {
    explicit expression(std::string said)
        : text(std::move(said)), compiled(text, boost::regex_constants::perl) {}

    const std::string text;
    const boost::regex compiled;
    std::mutex guard;
    std::optional<error> trouble;
};

namespace {

/// Java joins and intersects classes within classes; here the same signs would mean something else. Of the
/// text the first such place, or nothing.
std::optional<std::string_view> find_nested_class(std::string_view text) {
    bool in_class = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto rest = text.substr(at);
        if (rest.front() == '\\') {
            const auto quoted = rest.starts_with("\\Q") ? rest.find("\\E") : 0;
            at = quoted == std::string_view::npos ? text.size() : at + quoted + 1;
        } else if (in_class && (rest.starts_with("&&") || rest.front() == '[')) {
            return rest;
        } else if (in_class && rest.front() == ']') {
            in_class = false;
        } else if (!in_class && rest.front() == '[') {
            in_class = true;
            at += rest.starts_with("[^") ? 1 : 0;
        }
    }
    return std::nullopt;
}

std::string unquoted(std::string_view text) {
    std::string pattern;
    for (const char c : text)
        if (c != ' ')
            pattern += c == ',' ? '|' : c;
    while (!pattern.empty() && (pattern.front() == '"' || pattern.front() == '\''))
        pattern.erase(0, 1);
    while (!pattern.empty() && (pattern.back() == '"' || pattern.back() == '\''))
        pattern.pop_back();
    return pattern;
}

} // namespace

result<topic_pattern> topic_pattern::parse(std::string_view text) {
    auto pattern = unquoted(text);
    // Never all of them: who asks a shell for an unset name deletes nothing by it.
    if (pattern.find_first_not_of("|\t\r\n") == std::string::npos)
        return error{errc::invalid_request, "'" + std::string(text) +
                                                "' names no topic: give a name, a list with commas or a "
                                                "regular expression (.* is all topics)"};
    if (const auto place = find_nested_class(pattern))
        return error{errc::invalid_request,
                     std::string(text) + " has a class within a class at " + std::string(*place) +
                         ", which is not understood here: exclude names in front, as in (?!1)[0-9]"};
    try {
        return topic_pattern(std::make_shared<expression>(std::move(pattern)));
    } catch (const std::exception&) {
        return error{errc::invalid_request, std::string(text) + " is an invalid regex."};
    }
}

topic_pattern topic_pattern::all() {
    return topic_pattern(std::make_shared<expression>(".*"));
}

bool topic_pattern::matches(const std::string& topic) const {
    try {
        return boost::regex_match(topic, compiled_->compiled);
    } catch (const std::exception&) {
        const std::lock_guard lock(compiled_->guard);
        compiled_->trouble =
            error{errc::invalid_request, compiled_->text + " takes too many steps to match with " + topic +
                                             ": say it without repetitions within repetitions"};
        return false;
    }
}

std::optional<error> topic_pattern::trouble() const {
    const std::lock_guard lock(compiled_->guard);
    return compiled_->trouble;
}

bool topic_pattern::is_named(std::string_view topic) const {
    std::string_view rest = compiled_->text;
    while (true) {
        const auto end = rest.find('|');
        if (rest.substr(0, end) == topic)
            return true;
        if (end == std::string_view::npos)
            return false;
        rest.remove_prefix(end + 1);
    }
}

} // namespace barnabas
