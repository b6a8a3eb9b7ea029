#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace barnabas {

namespace {

constexpr std::string_view blanks = " \t\r\n\f";

error refused(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

std::vector<std::string_view> split_words(std::string_view words) {
    std::vector<std::string_view> found;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (end > 0)
            found.push_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return found;
}

std::string joined(std::string_view words) {
    std::string text;
    for (auto word : split_words(words)) {
        if (!text.empty())
            text += ", ";
        text += word;
    }
    return text;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// As it is spelled in the check, if it is one of its words.
std::optional<std::string_view> find_word(const value_check& check, std::string_view text) {
    for (const auto word : split_words(check.words))
        if (word == text || (check.any_case && same_ignoring_case(word, text)))
            return word;
    return std::nullopt;
}

error no_such_word(const value_check& check) {
    return refused(std::string("String must be one of") + (check.any_case ? " (case insensitive): " : ": ") +
                   joined(check.words));
}

result<void> check_range(const value_check& check, double value) {
    if (check.also && value == static_cast<double>(*check.also))
        return {};
    const std::string also = check.also ? " or equal to " + std::to_string(*check.also) : "";
    const bool low = check.min != std::numeric_limits<std::int64_t>::min();
    const bool high = check.max != std::numeric_limits<std::int64_t>::max();
    if (low && value < static_cast<double>(check.min))
        return refused("Value must be at least " + std::to_string(check.min) + also);
    if (high && value > static_cast<double>(check.max))
        return refused("Value must be no more than " + std::to_string(check.max) + also);
    return {};
}

template <class Number>
bool reads_as(std::string_view text, Number& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
}

bool fits(config_type type, std::int64_t number) {
    if (type == config_type::int32)
        return number >= std::numeric_limits<std::int32_t>::min() &&
               number <= std::numeric_limits<std::int32_t>::max();
    if (type == config_type::int16)
        return number >= std::numeric_limits<std::int16_t>::min() &&
               number <= std::numeric_limits<std::int16_t>::max();
    return true;
}

result<config_value> parse_whole(config_type type, const value_check& check, std::string_view text) {
    config_value value;
    if (!reads_as(text, value.number) || !fits(type, value.number))
        return refused("Not a number of type " + std::string(name_of(type)));
    // Whole numbers are compared as such: a double cannot tell the largest ones apart.
    if (check.also && value.number == *check.also)
        return value;
    if (value.number >= check.min && value.number <= check.max)
        return value;
    return check_range(check, static_cast<double>(value.number)).failure();
}

result<config_value> parse_real(const value_check& check, std::string_view text) {
    config_value value;
    if (!reads_as(text, value.real) || !std::isfinite(value.real))
        return refused("Not a number of type DOUBLE");
    if (auto in_range = check_range(check, value.real); !in_range)
        return in_range.failure();
    return value;
}

result<config_value> parse_text(const value_check& check, std::string_view text) {
    config_value value;
    value.text = text;
    if (text.empty())
        return check.not_empty ? result<config_value>(refused("String must be non-empty")) : value;
    if (check.words.empty())
        return value;
    const auto word = find_word(check, text);
    if (!word)
        return no_such_word(check);
    value.text = *word;
    return value;
}

result<config_value> parse_list(const value_check& check, std::string_view text) {
    config_value value;
    value.text = text;
    value.list = split_list(text);
    if (value.list.empty() && check.not_empty)
        return refused("List must be non-empty");
    for (const auto& element : value.list)
        if (!check.words.empty() && !find_word(check, element))
            return no_such_word(check);
    for (auto at = value.list.begin(); at != value.list.end(); ++at)
        if (std::find(value.list.begin(), at, *at) != at)
            return refused("List must not contain '" + *at + "' twice");
    return value;
}

std::string allowed_numbers(std::string_view what, const value_check& check) {
    const bool low = check.min != std::numeric_limits<std::int64_t>::min();
    const bool high = check.max != std::numeric_limits<std::int64_t>::max();
    std::string text = "a " + std::string(what);
    if (low && high)
        text += " from " + std::to_string(check.min) + " to " + std::to_string(check.max);
    else if (low)
        text += " of at least " + std::to_string(check.min);
    else if (high)
        text += " of at most " + std::to_string(check.max);
    if (check.also)
        text += ", or " + std::to_string(*check.also);
    return text;
}

} // namespace

std::string_view name_of(config_type type) noexcept {
    switch (type) {
    case config_type::boolean: return "BOOLEAN";
    case config_type::string: return "STRING";
    case config_type::int32: return "INT";
    case config_type::int16: return "SHORT";
    case config_type::int64: return "LONG";
    case config_type::real: return "DOUBLE";
    case config_type::list: return "LIST";
    case config_type::class_name: return "CLASS";
    case config_type::password: return "PASSWORD";
    }
    return "UNKNOWN";
}

result<config_value> parse_config_value(config_type type, const value_check& check, std::string_view text) {
    text = trimmed(text);
    switch (type) {
    case config_type::boolean: {
        config_value value;
        value.boolean = same_ignoring_case(text, "true");
        if (!value.boolean && !same_ignoring_case(text, "false"))
            return refused("Expected value to be either true or false");
        return value;
    }
    case config_type::int32:
    case config_type::int16:
    case config_type::int64: return parse_whole(type, check, text);
    case config_type::real: return parse_real(check, text);
    case config_type::list: return parse_list(check, text);
    case config_type::string:
    case config_type::class_name:
    case config_type::password: return parse_text(check, text);
    }
    return refused("unknown type");
}

std::string allowed_values(config_type type, const value_check& check) {
    switch (type) {
    case config_type::boolean: return "true or false";
    case config_type::int32:
    case config_type::int16:
    case config_type::int64: return allowed_numbers("whole number", check);
    case config_type::real: return allowed_numbers("number", check);
    case config_type::list:
        return check.words.empty() ? "a list with commas" : "a list of: " + joined(check.words);
    case config_type::class_name: return "empty";
    case config_type::string:
    case config_type::password: break;
    }
    if (!check.words.empty())
        return "one of: " + joined(check.words) + (check.any_case ? " (in any case)" : "");
    return check.not_empty ? "a text that is not empty" : "any text";
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> elements;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        if (const auto element = trimmed(text.substr(0, end)); !element.empty())
            elements.emplace_back(element);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return elements;
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace barnabas
