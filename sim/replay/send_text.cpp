#include "sim/replay/send_text.hpp"

#include "sim/text/field_text.hpp"
#include "sim/workloads/option_fields.hpp"

namespace barnabas::sim {

namespace {

constexpr const char* form = "a batch is written as 'TIME producer N to tT-P CODEC BYTES...'";

std::string_view next_word(std::string_view& row) {
    while (row.starts_with(' '))
        row.remove_prefix(1);
    const auto word = row.substr(0, row.find(' '));
    row.remove_prefix(word.size());
    return word;
}

/// Sets `into` from the next word; false if it does not fit.
template <class Value>
bool take(std::string_view field, Value& into, std::string_view& row) {
    runtime::random unused(0);
    const auto word = next_word(row);
    return word.find("..") == std::string_view::npos && parse_field(field, into, word, unused).has_value();
}

} // namespace

std::string send_text(const planned_send& send) {
    std::string text = field_text("at_ns", send.at) + " producer " + std::to_string(send.producer) + " to " +
                       to_string(send.where) + " " + field_text("codec", send.compression);
    for (const auto bytes : send.value_bytes)
        text += " " + std::to_string(bytes);
    return text;
}

result<place> parse_place(std::string_view text) {
    place where;
    const auto dash = text.find('-');
    auto topic = text.substr(0, dash);
    auto partition = dash == std::string_view::npos ? std::string_view{} : text.substr(dash + 1);
    if (!topic.starts_with('t'))
        return error{errc::invalid_request, "'" + std::string(text) + "' is no partition; write it as t0-1"};
    topic.remove_prefix(1);
    if (!take("topic", where.topic, topic) || !take("partition", where.partition, partition))
        return error{errc::invalid_request, "'" + std::string(text) + "' is no partition; write it as t0-1"};
    return where;
}

result<planned_send> parse_send(std::string_view row) {
    const error wrong{errc::invalid_request, form};
    planned_send send;
    if (!take("at_ns", send.at, row) || next_word(row) != "producer" ||
        !take("producer", send.producer, row) || next_word(row) != "to")
        return wrong;
    const auto where = parse_place(next_word(row));
    if (!where)
        return where.failure();
    send.where = *where;
    if (!take("codec", send.compression, row))
        return wrong;
    while (!row.empty()) {
        if (!take("value_bytes", send.value_bytes.emplace_back(), row))
            return wrong;
    }
    if (send.value_bytes.empty())
        return wrong;
    return send;
}

} // namespace barnabas::sim
