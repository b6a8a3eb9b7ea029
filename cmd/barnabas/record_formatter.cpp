#include "cmd/barnabas/record_formatter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>

namespace barnabas {

namespace {

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

/// Before Kafka 3.9 some formatters lay in other classes: GroupMetadataManager$OffsetsMessageFormatter.
std::string_view last_part(std::string_view class_name) {
    const auto end = class_name.find_last_of(".$");
    return end == std::string_view::npos ? class_name : class_name.substr(end + 1);
}

using replica::dump::shown_records;

struct coordinator_formatter {
    std::string_view name;
    shown_records shows;
};
constexpr coordinator_formatter coordinator_formatters[] = {
    {"OffsetsMessageFormatter", shown_records::offsets},
    {"GroupMetadataMessageFormatter", shown_records::group_metadata},
    {"ConsumerGroupMessageFormatter", shown_records::consumer_groups},
    {"ShareGroupMessageFormatter", shown_records::share_groups},
    {"TransactionLogMessageFormatter", shown_records::transactions},
    {"ShareGroupStateMessageFormatter", shown_records::share_state},
};

std::uint64_t big_endian(std::span<const std::byte> bytes) {
    std::uint64_t number = 0;
    for (const auto one : bytes)
        number = (number << 8) | static_cast<std::uint64_t>(one);
    return number;
}

/// What Kafka's deserializers say of bytes that are none of theirs.
error not_deserialized(std::string why) {
    return {errc::invalid_record, std::move(why) + " (SerializationException)"};
}

/// The five parts of a UUID's text with zeros in front where they are short, as Java shows it.
result<void> append_uuid(std::string_view text, std::string& line) {
    constexpr std::array<std::size_t, 5> digits{8, 4, 4, 4, 12};
    std::string shown;
    for (std::size_t part = 0; part < digits.size(); ++part) {
        const bool last = part + 1 == digits.size();
        const auto end = last ? text.size() : std::min(text.find('-'), text.size());
        const auto given = text.substr(0, end);
        const bool hexadecimal = given.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
        if (given.empty() || given.size() > digits[part] || !hexadecimal || (!last && end == text.size()))
            return not_deserialized("Error parsing data into UUID");
        shown += (part == 0 ? "" : "-") + std::string(digits[part] - given.size(), '0');
        for (const char one : given)
            shown += one >= 'A' && one <= 'F' ? static_cast<char>(one - 'A' + 'a') : one;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    line += shown;
    return {};
}

template <class Number>
void append_real(Number number, std::string& line) {
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    std::string shown(text.data(), end);
    if (shown.find_first_of(".eni") == std::string::npos)
        shown += ".0";
    line += shown;
}

} // namespace

result<record_formatter> record_formatter::make(std::string_view class_name, const properties& wanted) {
    record_formatter made;
    const auto name = last_part(class_name);
    made.silent_ = name == "NoOpMessageFormatter";
    std::string names;
    for (const auto& one : coordinator_formatters) {
        names += std::string(one.name) + ", ";
        if (name == one.name)
            made.coordinators_ = one.shows;
    }
    const bool known = name.empty() || made.silent_ || made.coordinators_ ||
                       name == "DefaultMessageFormatter" || name == "LoggingMessageFormatter";
    if (!known)
        return wrong("the formatter " + std::string(class_name) + " is not here; " + names +
                     "DefaultMessageFormatter, LoggingMessageFormatter and NoOpMessageFormatter are");
    for (const auto& [key, value] : wanted)
        if (auto taken = made.take(key, value); !taken)
            return taken.failure();
    return made;
}

result<record_formatter::bytes_as> record_formatter::deserializer(const std::string& class_name) {
    const auto name = last_part(class_name);
    if (name == "LongDeserializer")
        return bytes_as::int64;
    if (name == "IntegerDeserializer")
        return bytes_as::int32;
    if (name == "ShortDeserializer")
        return bytes_as::int16;
    if (name == "DoubleDeserializer")
        return bytes_as::real;
    if (name == "FloatDeserializer")
        return bytes_as::short_real;
    if (name == "UUIDDeserializer")
        return bytes_as::uuid;
    if (name == "StringDeserializer" || name == "ByteArrayDeserializer" || name == "BytesDeserializer")
        return bytes_as::text;
    return wrong("the deserializer " + class_name +
                 " is not here; those of strings, bytes, numbers and UUIDs are");
}

result<void> record_formatter::take(const std::string& name, const std::string& value) {
    if (shown_.contains(name)) {
        take_flag(name, value);
        return {};
    }
    const std::array<std::pair<std::string_view, std::string*>, 4> texts{{
        {"key.separator", &separator_},
        {"line.separator", &line_end_},
        {"headers.separator", &header_separator_},
        {"null.literal", &null_},
    }};
    for (const auto& [key, text] : texts)
        if (key == name) {
            *text = value;
            return {};
        }
    const std::array<std::pair<std::string_view, bytes_as*>, 3> readers{{
        {"key.deserializer", &key_as_},
        {"value.deserializer", &value_as_},
        {"headers.deserializer", &header_as_},
    }};
    for (const auto& [key, as] : readers)
        if (key == name) {
            const auto found = deserializer(value);
            if (!found)
                return found.failure();
            *as = *found;
        }
    // Others are for other formatters, as in Kafka's tool.
    return {};
}

void record_formatter::take_flag(const std::string& name, const std::string& value) {
    std::string lower = value;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    // Kafka's tool takes whatever else for false.
    shown_[name] = lower == "true";
}

result<void> record_formatter::append_number(bytes_as how, std::span<const std::byte> bytes,
                                             std::string& line) {
    // Kafka's readers of reals do not say their own names.
    const bool whole = how != bytes_as::real && how != bytes_as::short_real;
    const std::string reader = !whole                   ? "Deserializer"
                               : how == bytes_as::int64 ? "LongDeserializer"
                               : how == bytes_as::int32 ? "IntegerDeserializer"
                                                        : "ShortDeserializer";
    const std::size_t size = how == bytes_as::int64 || how == bytes_as::real ? 8
                             : how == bytes_as::int16                        ? 2
                                                                             : 4;
    if (bytes.size() != size)
        return not_deserialized("Size of data received by " + reader + " is not " + std::to_string(size));
    const auto number = big_endian(bytes);
    if (how == bytes_as::real)
        append_real(std::bit_cast<double>(number), line);
    else if (how == bytes_as::short_real)
        append_real(std::bit_cast<float>(static_cast<std::uint32_t>(number)), line);
    else if (how == bytes_as::int64)
        line += std::to_string(static_cast<std::int64_t>(number));
    else if (how == bytes_as::int32)
        line += std::to_string(static_cast<std::int32_t>(number));
    else
        line += std::to_string(static_cast<std::int16_t>(number));
    return {};
}

result<void> record_formatter::append_bytes(bytes_as how,
                                            const std::optional<std::span<const std::byte>>& bytes,
                                            std::string& line) const {
    if (!bytes) {
        line += null_;
        return {};
    }
    if (how == bytes_as::text) {
        line += client::text_of(bytes);
        return {};
    }
    if (how == bytes_as::uuid)
        return append_uuid(client::text_of(bytes), line);
    return append_number(how, *bytes, line);
}

result<void> record_formatter::append_headers(const client::record_set& set,
                                              const client::consumed_record& record,
                                              std::string& line) const {
    const auto headers = set.headers_of(record);
    if (headers.empty())
        line += "NO_HEADERS";
    for (std::size_t i = 0; i < headers.size(); ++i) {
        line += i == 0 ? "" : header_separator_;
        line += headers[i].key;
        line += ':';
        if (auto done = append_bytes(header_as_, headers[i].value, line); !done)
            return done;
    }
    return {};
}

result<void> record_formatter::append(const client::record_set& set, const client::consumed_record& record,
                                      std::string& line) const {
    if (silent_)
        return {};
    if (!coordinators_) {
        const auto begin = line.size();
        auto done = append_columns(set, record, line);
        // Half a line would be taken for a record.
        if (!done)
            line.resize(begin);
        return done;
    }
    const auto json = replica::dump::formatted_json_of(record.key, record.value, *coordinators_);
    if (!json)
        return error{json.code(), "Could not read record at offset " + std::to_string(record.offset) +
                                      " of " + record.where->topic + "-" +
                                      std::to_string(record.where->partition) +
                                      " due to: " + json.failure().detail};
    if (*json)
        line += **json + '\n';
    return {};
}

result<void> record_formatter::append_columns(const client::record_set& set,
                                              const client::consumed_record& record,
                                              std::string& line) const {
    result<void> done;
    bool first = true;
    const auto column = [&](const char* name) {
        if (!shown_.at(name))
            return false;
        if (!std::exchange(first, false))
            line += separator_;
        return true;
    };
    if (column("print.timestamp")) {
        const bool appended = record.time == client::record_time::appended;
        line += record.time == client::record_time::none
                    ? std::string("NO_TIMESTAMP")
                    : (appended ? "LogAppendTime:" : "CreateTime:") + std::to_string(record.timestamp);
    }
    if (column("print.partition"))
        line += "Partition:" + std::to_string(record.where->partition);
    if (column("print.offset"))
        line += "Offset:" + std::to_string(record.offset);
    if (column("print.delivery"))
        line += "Delivery:NOT_PRESENT";
    if (column("print.epoch"))
        line += "Epoch:" + (record.leader_epoch < 0 ? "NOT_PRESENT" : std::to_string(record.leader_epoch));
    if (column("print.headers"))
        done = append_headers(set, record, line);
    if (done && column("print.key"))
        done = append_bytes(key_as_, record.key, line);
    if (done && column("print.value"))
        done = append_bytes(value_as_, record.value, line);
    if (!first)
        line += line_end_;
    return done;
}

} // namespace barnabas
