#include "sim/workloads/option_fields.hpp"

namespace barnabas::sim {

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
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        while (text.starts_with(' '))
            text.remove_prefix(1);
        if (auto done = parse_field(field, codecs.emplace_back(), word, draws); !done)
            return done;
    }
    if (codecs.empty())
        return not_one_of("", "none, gzip, snappy, lz4, zstd");
    return {};
}

} // namespace barnabas::sim
