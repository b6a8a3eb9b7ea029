#include "sim/replay/choice_text.hpp"

#include <charconv>
#include <cinttypes>
#include <cstdio>

namespace barnabas::sim {

namespace {

constexpr std::size_t row_width = 110;

error wrong_row() {
    return {errc::invalid_request,
            "choices are written as 'HOST life N loop N: DECISION:INDEX ...', ascending"};
}

template <class Number>
bool take_number(std::string_view& text, Number& into) {
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (problem != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return true;
}

bool take_text(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected))
        return false;
    text.remove_prefix(expected.size());
    return true;
}

} // namespace

std::string choices_text(const choice_log& log) {
    std::string text;
    for (const auto& [loop, picks] : log.picks) {
        const auto begin =
            loop.host + " life " + std::to_string(loop.life) + " loop " + std::to_string(loop.number) + ":";
        std::string row;
        for (const auto& [decision, index] : picks) {
            const auto word = " " + std::to_string(decision) + ":" + std::to_string(index);
            if (!row.empty() && row.size() + word.size() > row_width) {
                text += row + "\n";
                row.clear();
            }
            if (row.empty())
                row = begin;
            row += word;
        }
        if (!row.empty())
            text += row + "\n";
    }
    return text;
}

result<choice_log::loop> add_choices(choice_log& to, std::string_view row) {
    choice_log::loop key;
    key.host = row.substr(0, row.find(' '));
    row.remove_prefix(key.host.size());
    if (!take_text(row, " life ") || !take_number(row, key.life) || !take_text(row, " loop ") ||
        !take_number(row, key.number) || !take_text(row, ":"))
        return wrong_row();
    auto& picks = to.picks[key];
    while (!row.empty()) {
        choice_log::pick made;
        if (!take_text(row, " ") || !take_number(row, made.decision) || !take_text(row, ":") ||
            !take_number(row, made.index) || made.index == 0)
            return wrong_row();
        if (!picks.empty() && made.decision <= picks.back().decision)
            return wrong_row();
        picks.push_back(made);
    }
    return key;
}

} // namespace barnabas::sim
