#include "runtime/metrics/text.hpp"

#include <charconv>
#include <cmath>

namespace barnabas::runtime {

namespace {

std::string number(double value) {
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value > 0 ? "+Inf" : "-Inf";
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return std::string(text, end);
}

/// In label values `\`, `"` and line ends are escaped; in help texts quotes are not.
std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (quotes && c == '"'))
            out += '\\';
        out += c;
    }
    return out;
}

/// Bytes of the UTF-8 sequence that begins at `at`; 0 when none does. Overlong forms and surrogates are none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const auto first = byte(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                               : first >= 0xe0 && first <= 0xef ? 3
                               : first >= 0xf0 && first <= 0xf4 ? 4
                                                                : 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool beyond = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
    return overlong || beyond ? 0 : length;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto length = sequence_length(text, at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/// "{a="b",le="0.1"}", or nothing without labels.
std::string label_text(const metric_labels& labels, const std::string& bound = {}) {
    std::string text;
    const auto add = [&](std::string_view key, std::string_view value) {
        text += text.empty() ? "{" : ",";
        text += std::string(key) + "=\"" + escaped_label(value) + "\"";
    };
    for (const auto& [key, value] : labels)
        add(key, value);
    if (!bound.empty())
        add("le", bound);
    return text.empty() ? text : text + "}";
}

void write_histogram(std::string& out, const std::string& name, const metric_labels& labels,
                     const histogram& values) {
    std::uint64_t cumulated = 0;
    for (std::size_t i = 0; i <= values.bounds().size(); ++i) {
        cumulated += values.in_bucket(i);
        const auto bound = i < values.bounds().size() ? number(values.bounds()[i]) : "+Inf";
        out += name + "_bucket" + label_text(labels, bound) + " " + std::to_string(cumulated) + "\n";
    }
    out += name + "_sum" + label_text(labels) + " " + number(values.sum()) + "\n";
    // The sum of the buckets that were read, so that count and last bucket agree while others keep counting.
    out += name + "_count" + label_text(labels) + " " + std::to_string(cumulated) + "\n";
}

void write_series(std::string& out, const std::string& name, const metric_labels& labels,
                  const metric_registry::series& one) {
    if (one.spread)
        return write_histogram(out, name, labels, *one.spread);
    std::string value;
    if (one.count)
        value = std::to_string(one.count->value());
    else if (one.level)
        value = std::to_string(one.level->value());
    else if (one.computed)
        value = number(one.computed());
    out += name + label_text(labels) + " " + value + "\n";
}

const char* type_name(metric_kind kind) {
    switch (kind) {
    case metric_kind::counter: return "counter";
    case metric_kind::gauge: return "gauge";
    case metric_kind::histogram: return "histogram";
    }
    return "untyped";
}

} // namespace

std::string readable_label(std::string_view value) {
    std::string readable(value);
    if (is_utf8(value))
        return readable;
    for (char& c : readable)
        if (static_cast<unsigned char>(c) >= 0x80)
            c = '?';
    return readable;
}

std::string escaped_label(std::string_view value) {
    return escaped(readable_label(value), true);
}

std::string prometheus_text(const metric_registry& registry) {
    std::string out;
    registry.for_each([&](const std::string& short_name, const metric_registry::family& family) {
        if (family.series_by_labels.empty())
            return;
        const std::string name = "barnabas_" + short_name;
        out += "# HELP " + name + " " + escaped(family.help, false) + "\n";
        out += "# TYPE " + name + " " + type_name(family.kind) + "\n";
        for (const auto& [labels, one] : family.series_by_labels)
            write_series(out, name, labels, one);
    });
    return out;
}

} // namespace barnabas::runtime
