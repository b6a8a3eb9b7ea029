#include "cmd/barnabas/json_text.hpp"

#include "protocol/model/utf8_text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <span>

namespace barnabas {

namespace {

template <class List, class Text>
std::string listed(const List& list, const Text& text_of) {
    std::string text;
    for (const auto& one : list)
        text += (text.empty() ? "" : ",") + text_of(one);
    return "[" + text + "]";
}

} // namespace

std::string json_quoted(std::string_view text) {
    std::string valid;
    append_utf8(valid, std::as_bytes(std::span(text)));
    std::string quoted = "\"";
    for (const char c : valid) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (byte < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
            quoted += escape.data();
        } else {
            quoted += c;
        }
    }
    return quoted + "\"";
}

std::string number_text(double number) {
    std::array<char, 32> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    std::string text(digits.data(), written.ptr);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

json_object& json_object::add(std::string_view name, std::string_view text) {
    return add_raw(name, json_quoted(text));
}

json_object& json_object::add(std::string_view name, const std::vector<std::int32_t>& numbers) {
    return add_raw(name, listed(numbers, [](std::int32_t one) { return std::to_string(one); }));
}

json_object& json_object::add(std::string_view name, const std::vector<json_object>& objects) {
    return add_raw(name, listed(objects, [](const json_object& one) { return one.text(); }));
}

json_object& json_object::add(std::string_view name, const std::vector<std::string>& texts) {
    return add_raw(name, listed(texts, [](const std::string& one) { return json_quoted(one); }));
}

json_object& json_object::add_raw(std::string_view name, std::string_view value) {
    members_ += (members_.empty() ? "" : ",") + json_quoted(name) + ":" + std::string(value);
    return *this;
}

} // namespace barnabas
