#include "runtime/config/properties.hpp"

#include <algorithm>
#include <map>

namespace barnabas {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

/// Splits the text into logical lines: comments and empty lines dropped, continued lines joined, escapes
/// kept.
class line_reader {
public:
    explicit line_reader(std::string_view text) : text_(text) {}

    /// False at the end. `number` is the first natural line of the logical one.
    bool next(std::string& line, std::size_t& number) {
        while (at_ < text_.size()) {
            std::string_view natural = natural_line();
            number = number_;
            if (natural.empty() || natural.front() == '#' || natural.front() == '!')
                continue;
            line.clear();
            while (continues(natural) && at_ < text_.size()) {
                line.append(natural.substr(0, natural.size() - 1));
                natural = natural_line();
            }
            // A backslash before the end of the file continues nothing.
            line.append(continues(natural) ? natural.substr(0, natural.size() - 1) : natural);
            return true;
        }
        return false;
    }

private:
    /// The next line of the file without blanks before it.
    std::string_view natural_line() {
        const auto end = std::min(text_.find_first_of("\r\n", at_), text_.size());
        std::string_view line = text_.substr(at_, end - at_);
        at_ = end;
        if (at_ < text_.size())
            at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
        ++number_;
        while (!line.empty() && is_blank(line.front()))
            line.remove_prefix(1);
        return line;
    }

    /// An odd number of backslashes at the end.
    static bool continues(std::string_view line) {
        std::size_t count = 0;
        while (count < line.size() && line[line.size() - 1 - count] == '\\')
            ++count;
        return count % 2 == 1;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t number_ = 0;
};

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

bool read_hex(std::string_view text, std::size_t at, std::uint32_t& unit) {
    if (at + 4 > text.size())
        return false;
    unit = 0;
    for (const char c : text.substr(at, 4)) {
        const bool digit = c >= '0' && c <= '9', low = c >= 'a' && c <= 'f', high = c >= 'A' && c <= 'F';
        if (!digit && !low && !high)
            return false;
        const int value = digit ? c - '0' : (low ? c - 'a' : c - 'A') + 10;
        unit = unit * 16 + static_cast<std::uint32_t>(value);
    }
    return true;
}

/// Reads one \u escape, or two that form a surrogate pair; `at` stands behind the 'u' and moves on.
bool read_unicode(std::string_view text, std::size_t& at, std::string& out) {
    std::uint32_t unit = 0, low = 0;
    if (!read_hex(text, at, unit))
        return false;
    at += 4;
    const bool high_half = unit >= 0xd800 && unit < 0xdc00;
    if (high_half && text.substr(at).starts_with("\\u") && read_hex(text, at + 2, low) && low >= 0xdc00 &&
        low < 0xe000) {
        at += 6;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    const bool lonely_half = unit >= 0xd800 && unit < 0xe000;
    append_utf8(out, lonely_half ? 0xfffd : unit);
    return true;
}

bool unescape(std::string_view text, std::string& out) {
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at++];
        if (c != '\\' || at == text.size()) {
            out += c;
            continue;
        }
        const char escaped = text[at++];
        switch (escaped) {
        case 't': out += '\t'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 'f': out += '\f'; break;
        case 'u':
            if (!read_unicode(text, at, out))
                return false;
            break;
        default: out += escaped;
        }
    }
    return true;
}

/// Where the key ends: at the first separator that no backslash precedes.
std::size_t end_of_key(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '\\')
            ++at;
        else if (line[at] == '=' || line[at] == ':' || is_blank(line[at]))
            return at;
    }
    return line.size();
}

std::size_t start_of_value(std::string_view line, std::size_t at) {
    const auto skip_blanks = [&] {
        while (at < line.size() && is_blank(line[at]))
            ++at;
    };
    skip_blanks();
    if (at < line.size() && (line[at] == '=' || line[at] == ':')) {
        ++at;
        skip_blanks();
    }
    return at;
}

} // namespace

result<std::vector<property>> parse_properties(std::string_view file_name, std::string_view text) {
    std::vector<property> properties;
    std::map<std::string, std::size_t> places;
    line_reader lines(text);
    std::string line;
    std::size_t number = 0;
    while (lines.next(line, number)) {
        property one;
        one.origin = std::string(file_name) + ":" + std::to_string(number);
        const auto key_end = end_of_key(line);
        const auto value_start = start_of_value(line, key_end);
        if (!unescape(std::string_view(line).substr(0, key_end), one.key) ||
            !unescape(std::string_view(line).substr(value_start), one.value))
            return error{errc::invalid_config,
                         one.origin + ": \\u must be followed by four hexadecimal digits"};
        const auto [place, fresh] = places.emplace(one.key, properties.size());
        if (fresh)
            properties.push_back(std::move(one));
        else
            properties[place->second] = std::move(one);
    }
    return properties;
}

} // namespace barnabas
