#include "tests/golden/numbers.hpp"

#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/murmur2.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/wire.hpp"
#include "tests/golden/messages.hpp"
#include "tests/golden/reasons.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace barnabas::golden {

namespace json = boost::json;
using kafka::testing::from_hex;

namespace {

slice bytes_of(const json::object& line, std::string_view name = "hex") {
    return from_hex(line.at(name).as_string());
}

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

/// The number that stands there, in the vector's own words; and it is written back in its shortest form.
std::string read_varint(kafka::wire_reader& in, std::string_view type, kafka::wire_writer& out) {
    if (type == "varint") {
        const auto value = in.varint();
        out.varint(value);
        return std::to_string(value);
    }
    if (type == "varlong") {
        const auto value = in.varlong();
        out.varlong(value);
        return std::to_string(value);
    }
    if (type == "unsigned_varint") {
        const auto value = in.unsigned_varint();
        out.unsigned_varint(value);
        return std::to_string(value);
    }
    const auto value = in.unsigned_varlong();
    out.unsigned_varlong(value);
    return std::to_string(value);
}

using partitions = std::vector<std::pair<std::string, std::int32_t>>;

template <class Topics>
partitions flattened(const Topics& topics) {
    partitions all;
    for (const auto& topic : topics)
        for (const auto partition : topic.partitions)
            all.emplace_back(topic.topic, partition);
    return all;
}

partitions said_partitions(const json::value& said) {
    partitions all;
    for (const auto& pair : said.as_array())
        all.emplace_back(pair.at(0).as_string(), static_cast<std::int32_t>(pair.at(1).as_int64()));
    return all;
}

bool same_bytes(const json::value& said, const std::optional<slice>& bytes) {
    if (said.is_null() || !bytes)
        return said.is_null() && !bytes;
    return kafka::testing::from_base64(said.as_string()) == *bytes;
}

std::optional<std::string> compare(const json::object& said,
                                   const kafka::consumer_protocol_subscription& read) {
    std::vector<std::string> topics;
    for (const auto& topic : said.at("topics").as_array())
        topics.emplace_back(topic.as_string());
    const auto& generation = said.at("generationId");
    const auto& rack = said.at("rackId");
    const bool same_rack =
        rack.is_null() ? !read.rack_id : read.rack_id && *read.rack_id == std::string(rack.as_string());
    if (topics != read.topics)
        return "other topics";
    if (said_partitions(said.at("ownedPartitions")) != flattened(read.owned_partitions))
        return "other owned partitions";
    if ((generation.is_null() ? -1 : generation.as_int64()) != read.generation_id)
        return "another generation";
    if (!same_rack || !same_bytes(said.at("userData"), read.user_data))
        return "another rack or other user data";
    return std::nullopt;
}

std::optional<std::string> compare(const json::object& said,
                                   const kafka::consumer_protocol_assignment& read) {
    if (said_partitions(said.at("partitions")) != flattened(read.assigned_partitions))
        return "other partitions";
    if (!same_bytes(said.at("userData"), read.user_data))
        return "other user data";
    return std::nullopt;
}

/// Java names the message that it could not read, and behind an arrow what was wrong in it.
std::optional<std::string> compare_cause(const json::object& line, const error& ours) {
    const std::string_view reason(line.at("reason").as_string());
    const auto arrow = reason.find(" <- ");
    if (arrow == std::string_view::npos)
        return "the reason has no cause: " + std::string(reason);
    const auto what = reason.substr(0, arrow);
    if (!what.ends_with("consumer protocol " + text_of(line.at("type"))) &&
        !what.ends_with("while parsing consumer protocol's header"))
        return "the reason is about something else: " + std::string(reason);
    return compare_reasons(reason_format::consumer_protocol, reason.substr(arrow + 4), ours);
}

/// A newer version than is known is read as the newest known, and what lies behind is left alone.
template <class Message>
std::optional<std::string> check_versioned(const json::object& line) {
    const auto bytes = bytes_of(line);
    kafka::wire_reader in(bytes);
    const auto stated = in.int16("version");
    const auto version = std::min(stated, Message::highest_version);
    const auto read =
        in.ok() ? Message::decode(in, version) : result<Message>(in.failure("consumer protocol", stated));
    if (!line.at("valid").as_bool())
        return read ? std::optional<std::string>("is accepted") : compare_cause(line, read.failure());
    if (!read)
        return to_string(read.failure());
    if (line.at("version").as_int64() != stated)
        return "has version " + std::to_string(stated);
    if (line.contains("reason"))
        return "is valid, yet says why not";
    if (const auto wrong = compare(line.at("decoded").as_object(), *read))
        return wrong;
    if (stated != version)
        return std::nullopt;
    kafka::wire_writer out;
    out.int16(version);
    read->encode(out, version);
    return out.finish_contiguous() == bytes ? std::nullopt
                                            : std::optional<std::string>("is encoded to other bytes");
}

} // namespace

std::optional<std::string> check_varint(const json::object& line) {
    const auto bytes = bytes_of(line);
    kafka::wire_reader in(bytes);
    kafka::wire_writer out;
    const auto read = read_varint(in, line.at("type").as_string(), out);
    if (!line.at("valid").as_bool()) {
        if (in.ok())
            return "is accepted";
        return compare_reasons(reason_format::varint, line.at("reason").as_string(), in.failure("varint", 0));
    }
    if (!in.ok())
        return to_string(in.failure("varint", 0));
    if (line.contains("reason"))
        return "is valid, yet says why not";
    const auto* consumed = line.if_contains("consumed");
    const auto size = consumed == nullptr ? bytes.size() : consumed->to_number<std::size_t>();
    if (in.position() != size)
        return "takes " + std::to_string(in.position()) + " bytes";
    if (read != text_of(line.at("value")))
        return "reads as " + read;
    // A note marks forms that are longer than they need be, or have bits that do not count.
    if (!line.contains("note") && !(out.finish_contiguous() == bytes))
        return "is encoded to other bytes";
    return std::nullopt;
}

std::optional<std::string> check_crc32c(const json::object& line) {
    const auto found = batch::crc32c(bytes_of(line).bytes());
    if (found != line.at("crc32c").to_number<std::uint32_t>())
        return "its crc32c is " + std::to_string(found);
    const auto old = batch::crc32(bytes_of(line).bytes());
    if (old != line.at("crc32").to_number<std::uint32_t>())
        return "its crc32 is " + std::to_string(old);
    return std::nullopt;
}

std::optional<std::string> check_murmur2(const json::object& line) {
    const auto key = bytes_of(line, "keyHex");
    const auto hash = batch::murmur2(key.bytes());
    if (hash != line.at("murmur2").as_int64() || batch::to_positive(hash) != line.at("positive").as_int64())
        return "its hash is " + std::to_string(hash);
    const auto& expected = line.at("partition").as_array();
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (batch::partition_for_key(key.bytes(), static_cast<std::int32_t>(i) + 1) != expected[i].as_int64())
            return "of " + std::to_string(i + 1) + " partitions another is chosen";
    return std::nullopt;
}

std::optional<std::string> check_consumer_protocol(const json::object& line) {
    const auto& type = line.at("type").as_string();
    if (type == "subscription")
        return check_versioned<kafka::consumer_protocol_subscription>(line);
    if (type == "assignment")
        return check_versioned<kafka::consumer_protocol_assignment>(line);
    return "has a type that nobody knows";
}

} // namespace barnabas::golden
