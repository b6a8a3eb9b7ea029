#include "sim/text/document.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

result<void> add_section(document& to, std::string_view line, std::size_t number) {
    if (line.back() != ']')
        return to.wrong(number, "a section is written as [name] or [name argument]");
    const auto inside = trimmed(line.substr(1, line.size() - 2));
    const auto blank = inside.find(' ');
    document_section made;
    made.name = inside.substr(0, blank);
    made.line = number;
    if (blank != std::string_view::npos)
        made.argument = trimmed(inside.substr(blank));
    if (made.name.empty())
        return to.wrong(number, "the section has no name");
    to.sections.push_back(std::move(made));
    return {};
}

result<void> add_line(document& to, std::string_view line, std::size_t number) {
    if (line.front() == '[')
        return add_section(to, line, number);
    if (to.sections.empty())
        return to.wrong(number, "the first line must open a section, for example [scenario]");
    auto& section = to.sections.back();
    const auto sign = line.find('=');
    if (sign == std::string_view::npos) {
        section.lines.push_back({"", std::string(line), number});
        return {};
    }
    const std::string key(trimmed(line.substr(0, sign)));
    if (key.empty())
        return to.wrong(number, "there is no name before the sign of equality");
    if (const auto* before = section.find(key); before != nullptr)
        return to.wrong(number, key + " was already set in line " + std::to_string(before->line));
    section.lines.push_back({key, std::string(trimmed(line.substr(sign + 1))), number});
    return {};
}

} // namespace

const document_line* document_section::find(std::string_view key) const {
    const auto found =
        std::find_if(lines.begin(), lines.end(), [&](const auto& each) { return each.key == key; });
    return found == lines.end() || key.empty() ? nullptr : &*found;
}

const document_section* document::find(std::string_view section) const {
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [&](const auto& each) { return each.name == section; });
    return found == sections.end() ? nullptr : &*found;
}

error document::wrong(std::size_t line, const std::string& what) const {
    return {errc::invalid_request, name + ":" + std::to_string(line) + ": " + what};
}

result<document> parse_document(std::string name, std::string_view text) {
    document made;
    made.name = std::move(name);
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty())
            continue;
        if (auto done = add_line(made, line, number); !done)
            return done.failure();
    }
    return made;
}

} // namespace barnabas::sim
