#include "sim/replay/send_text.hpp"

#include "sim/replay/row_words.hpp"
#include "sim/workloads/option_fields.hpp"

namespace barnabas::sim {

namespace {

constexpr const char* form = "a batch is written as 'TIME producer N to tT-P CODEC BYTES...'";

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
    if (!take_word("topic", where.topic, topic) || !take_word("partition", where.partition, partition))
        return error{errc::invalid_request, "'" + std::string(text) + "' is no partition; write it as t0-1"};
    return where;
}

result<planned_send> parse_send(std::string_view row) {
    const error wrong{errc::invalid_request, form};
    planned_send send;
    if (!take_word("at_ns", send.at, row) || next_word(row) != "producer" ||
        !take_word("producer", send.producer, row) || next_word(row) != "to")
        return wrong;
    const auto where = parse_place(next_word(row));
    if (!where)
        return where.failure();
    send.where = *where;
    if (!take_word("codec", send.compression, row))
        return wrong;
    while (!row.empty()) {
        if (!take_word("value_bytes", send.value_bytes.emplace_back(), row))
            return wrong;
    }
    if (send.value_bytes.empty())
        return wrong;
    return send;
}

} // namespace barnabas::sim
