#include "cmd/barnabas/record_lines.hpp"

#include <array>
#include <utility>

namespace barnabas {

namespace {

error wrong(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

std::string lower(std::string text) {
    for (auto& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

} // namespace

result<record_lines> record_lines::from(const std::map<std::string, std::string>& properties) {
    const auto text = [&](const char* name, const char* otherwise) {
        const auto found = properties.find(name);
        return found == properties.end() ? std::string(otherwise) : found->second;
    };
    record_lines made;
    made.parse_key_ = lower(text("parse.key", "false")) == "true";
    made.parse_headers_ = lower(text("parse.headers", "false")) == "true";
    made.ignore_error_ = lower(text("ignore.error", "false")) == "true";
    made.key_separator_ = text("key.separator", "\t");
    made.headers_delimiter_ = text("headers.delimiter", "\t");
    made.headers_separator_ = text("headers.separator", ",");
    made.headers_key_separator_ = text("headers.key.separator", ":");
    if (properties.contains("null.marker"))
        made.null_marker_ = text("null.marker", "");
    using named = std::pair<const char*, const std::string*>;
    const std::array<named, 4> separators{{{"key.separator", &made.key_separator_},
                                           {"headers.delimiter", &made.headers_delimiter_},
                                           {"headers.separator", &made.headers_separator_},
                                           {"headers.key.separator", &made.headers_key_separator_}}};
    for (const auto& [name, separator] : separators) {
        if (separator->empty())
            return wrong(std::string(name) + " may not be empty");
        if (made.null_marker_ == *separator)
            return wrong("null.marker and " + std::string(name) + " may not be equal");
    }
    if (made.headers_delimiter_ == made.headers_separator_)
        return wrong("headers.delimiter and headers.separator may not be equal");
    if (made.headers_delimiter_ == made.headers_key_separator_)
        return wrong("headers.delimiter and headers.key.separator may not be equal");
    if (made.headers_separator_ == made.headers_key_separator_)
        return wrong("headers.separator and headers.key.separator may not be equal");
    return made;
}

result<client::producer_record> record_lines::read(std::string_view topic, std::string_view line) {
    ++line_number_;
    line_ = line;
    headers_.clear();
    auto rest = line;
    const auto headers = part(parse_headers_, rest, headers_delimiter_, "headers delimiter");
    if (!headers)
        return headers.failure();
    if (*headers)
        rest.remove_prefix((*headers)->size() + headers_delimiter_.size());
    const auto key = part(parse_key_, rest, key_separator_, "key separator");
    if (!key)
        return key.failure();
    if (*key)
        rest.remove_prefix((*key)->size() + key_separator_.size());
    if (*headers && **headers != null_marker_)
        if (const auto done = read_headers(**headers); !done)
            return done.failure();
    client::producer_record record;
    record.topic = topic;
    record.key = *key ? unless_null(**key) : std::nullopt;
    record.value = unless_null(rest);
    record.headers = headers_;
    return record;
}

result<std::optional<std::string_view>>
record_lines::part(bool wanted, std::string_view rest, std::string_view separator, const char* name) const {
    using maybe = std::optional<std::string_view>;
    if (!wanted)
        return maybe();
    const auto end = rest.find(separator);
    if (end != std::string_view::npos)
        return maybe(rest.substr(0, end));
    if (ignore_error_)
        return maybe();
    return error{errc::invalid_record, "No " + std::string(name) + " found on line number " +
                                           std::to_string(line_number_) + ": '" + std::string(line_) + "'"};
}

result<void> record_lines::read_headers(std::string_view text) {
    while (true) {
        const auto end = text.find(headers_separator_);
        const auto pair = text.substr(0, end);
        const auto middle = pair.find(headers_key_separator_);
        if (middle == std::string_view::npos && !ignore_error_)
            return error{errc::invalid_record, "No header key separator found in pair '" + std::string(pair) +
                                                   "' on line number " + std::to_string(line_number_)};
        const auto key = pair.substr(0, middle);
        if (key == null_marker_)
            return error{errc::invalid_record, "Header keys should not be equal to the null marker '" +
                                                   *null_marker_ + "' as they can't be null"};
        if (middle == std::string_view::npos)
            headers_.push_back({key, std::nullopt});
        else
            headers_.push_back({key, unless_null(pair.substr(middle + headers_key_separator_.size()))});
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + headers_separator_.size());
    }
}

std::optional<std::string_view> record_lines::unless_null(std::string_view text) const {
    return text == null_marker_ ? std::nullopt : std::optional(text);
}

} // namespace barnabas
