#include "sim/workloads/option_fields.hpp"

namespace barnabas::sim {

namespace {

constexpr std::string_view no_kind = "none";

/// The next of some words with blanks between.
std::string_view take_word(std::string_view& text) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    while (text.starts_with(' '))
        text.remove_prefix(1);
    return word;
}

result<void> parse_bits(hostile_kinds& kinds, std::string_view text, runtime::random& draws) {
    const auto parsed = parse_unsigned("kinds", text, (1U << all_of(hostile_kind{}).size()) - 1, draws);
    if (!parsed)
        return parsed.failure();
    kinds.bits = static_cast<std::uint32_t>(*parsed);
    return {};
}

} // namespace

std::string field_text(std::string_view field, const codec_list& codecs) {
    std::string text;
    for (const auto codec : codecs)
        text += (text.empty() ? "" : " ") + field_text(field, codec);
    return text;
}

result<void> parse_field(std::string_view field, codec_list& codecs, std::string_view text,
                         runtime::random& draws) {
    codecs.clear();
    while (!text.empty()) {
        if (auto done = parse_field(field, codecs.emplace_back(), take_word(text), draws); !done)
            return done;
    }
    if (codecs.empty())
        return not_one_of("", "none, gzip, snappy, lz4, zstd");
    return {};
}

std::string field_text(std::string_view, const hostile_kinds& kinds) {
    std::string text;
    for (const auto kind : all_of(hostile_kind{})) {
        if (kinds.has(kind))
            text += (text.empty() ? "" : " ") + std::string(name_of(kind));
    }
    return text.empty() ? std::string(no_kind) : text;
}

result<void> parse_field(std::string_view field, hostile_kinds& kinds, std::string_view text,
                         runtime::random& draws) {
    kinds = {};
    if (text == no_kind)
        return {};
    if (!text.empty() && text.front() >= '0' && text.front() <= '9')
        return parse_bits(kinds, text, draws);
    do {
        hostile_kind kind{};
        if (auto done = parse_field(field, kind, take_word(text), draws); !done)
            return done;
        kinds.add(kind);
    } while (!text.empty());
    return {};
}

} // namespace barnabas::sim
