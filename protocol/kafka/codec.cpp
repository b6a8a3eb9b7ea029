#include "protocol/kafka/codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace barnabas::kafka {

void size_sink::text(const char*, wire_form form, std::string_view value) {
    const auto size = std::min(value.size(), longest_plain_string);
    add(size + (form == wire_form::compact ? unsigned_varint_size(size + 1) : 2));
}

void size_sink::bytes(const char*, wire_form form, const slice& value) {
    begin_array("", form, value.size());
    add_referenced(value);
}

void size_sink::begin_array(const char*, wire_form form, std::size_t count) {
    add(form == wire_form::compact ? unsigned_varint_size(count + 1) : 4);
}

void size_sink::unknown_tagged(const tagged_field& field) {
    add(unsigned_varint_size(field.tag) + unsigned_varint_size(field.bytes.size()));
    add_referenced(field.bytes);
}

void size_sink::add_referenced(const slice& value) {
    size_.total += value.size();
    if (value.size() < least_referenced_size)
        size_.copied += value.size();
}

void read_unknown_tags(wire_reader& in, std::vector<tagged_field>& fields) {
    std::int64_t previous = -1;
    for (auto count = in.tagged_count(); count > 0 && in.ok(); --count) {
        const auto field = in.open_tagged(previous);
        previous = field.tag;
        fields.push_back(in.unknown_tagged(field));
        in.close_tagged(field);
    }
}

void write_sink::unknown_tagged(const tagged_field& field) {
    out_->unsigned_varint(field.tag);
    out_->unsigned_varlong(field.bytes.size());
    out_->reference(field.bytes);
}

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(std::string& text, std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto here = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = (bits << 8) | (i < here ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
        for (std::size_t i = 0; i < 4; ++i)
            text.push_back(i <= here ? base64_alphabet[(bits >> (18 - 6 * i)) & 63u] : '=');
    }
}

/// Length of the well-formed UTF-8 sequence that starts here, or 0. Overlong forms, surrogates and numbers
/// above U+10FFFF are not well formed.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = at(0);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    if (length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xc0) != 0x80)
            return 0;
    if (length < 3)
        return length;
    const unsigned second = at(1);
    const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return bad ? 0 : length;
}

constexpr std::string_view replacement_character = "\xef\xbf\xbd";

} // namespace

void json_sink::open(const char* name) {
    if (needs_comma_)
        text_.push_back(',');
    needs_comma_ = true;
    if (name == nullptr)
        return;
    quote(name);
    text_.push_back(':');
}

/// Strings come from clients and may hold anything: what is not UTF-8 shows as U+FFFD.
void json_sink::quote(std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    text_.push_back('"');
    while (!value.empty()) {
        const auto length = utf8_length(value);
        const char letter = value.front();
        if (length == 0) {
            text_ += replacement_character;
        } else if (letter == '"' || letter == '\\') {
            text_.push_back('\\');
            text_.push_back(letter);
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            text_ += "\\u00";
            text_.push_back(hex[static_cast<std::size_t>(letter) >> 4]);
            text_.push_back(hex[static_cast<std::size_t>(letter) & 15]);
        } else {
            text_ += value.substr(0, length);
        }
        value.remove_prefix(std::max<std::size_t>(length, 1));
    }
    text_.push_back('"');
}

void json_sink::null(const char* name) {
    open(name);
    text_ += "null";
}

void json_sink::value(const char* name, bool flag) {
    open(name);
    text_ += flag ? "true" : "false";
}

void json_sink::value(const char* name, std::int64_t number) {
    open(name);
    text_ += std::to_string(number);
}

/// JSON has no numbers that are not finite; they are strings, as in Kafka's own conversion.
void json_sink::value(const char* name, double number) {
    if (!std::isfinite(number)) {
        const auto infinite = number < 0 ? "-Infinity" : "Infinity";
        return text(name, wire_form::plain, std::isnan(number) ? "NaN" : infinite);
    }
    open(name);
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const std::string_view shortest(digits.data(), static_cast<std::size_t>(end - digits.data()));
    text_ += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos)
        text_ += ".0";
}

void json_sink::value(const char* name, const uuid& id) {
    open(name);
    text_.push_back('"');
    text_ += to_string(id);
    text_.push_back('"');
}

void json_sink::text(const char* name, wire_form, std::string_view value) {
    open(name);
    quote(value);
}

void json_sink::bytes(const char* name, wire_form, const slice& value) {
    open(name);
    text_.push_back('"');
    append_base64(text_, value.bytes());
    text_.push_back('"');
}

void json_sink::begin_array(const char* name, wire_form, std::size_t) {
    open(name);
    text_.push_back('[');
    needs_comma_ = false;
}

void json_sink::end_array() {
    text_.push_back(']');
    needs_comma_ = true;
}

void json_sink::begin_struct(const char* name) {
    open(name);
    text_.push_back('{');
    needs_comma_ = false;
}

void json_sink::end_struct() {
    text_.push_back('}');
    needs_comma_ = true;
}

} // namespace barnabas::kafka
