#include "runtime/metrics/text.hpp"

#include "protocol/model/utf8_text.hpp"

#include <charconv>
#include <cmath>
#include <span>

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
    std::string readable;
    append_utf8(readable, std::as_bytes(std::span(value)));
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
