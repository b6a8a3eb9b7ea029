#include "tests/golden/messages.hpp"

#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/message_table.hpp"

#include <boost/json.hpp>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace barnabas::kafka::testing {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

std::int16_t number_of(const json::object& object, std::string_view name) {
    return static_cast<std::int16_t>(object.at(name).as_int64());
}

std::optional<std::string> inflated(const std::string& path) {
    auto* file = gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return std::nullopt;
    std::string text;
    std::array<char, 65536> piece{};
    int got = 0;
    while ((got = gzread(file, piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(got));
    gzclose(file);
    if (got < 0)
        return std::nullopt;
    return text;
}

bool for_each_line(const std::string& path, const std::function<void(const json::value&)>& visit) {
    const auto text = inflated(path);
    if (!text)
        return false;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        if (end > 0)
            visit(json::parse(json::string_view(rest.data(), end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
}

/// KIP-1142 gave this API another name and its fields others; on the wire nothing changed.
void rename_list_config_resources(message_vector& vector) {
    constexpr std::string_view old_name = "ListClientMetricsResources";
    if (!vector.message.starts_with(old_name))
        return;
    vector.message.replace(0, old_name.size(), "ListConfigResources");
    auto fields = json::parse(vector.json).as_object();
    if (const auto* old = fields.if_contains("clientMetricsResources")) {
        json::array resources;
        for (const auto& resource : old->as_array())
            resources.push_back(json::object{{"resourceName", resource.at("name")}});
        fields.erase("clientMetricsResources");
        fields["configResources"] = std::move(resources);
    }
    vector.json = json::serialize(fields);
}

/// Its structs have that other name in the paths of unknown tagged fields, too.
std::string renamed(std::string path) {
    constexpr std::string_view old_name = "clientMetricsResources";
    return path.starts_with(old_name) ? "configResources" + path.substr(old_name.size()) : path;
}

golden::unknown_tags unknown_of(const json::object& line) {
    golden::unknown_tags unknown;
    const auto* said = line.if_contains("unknownTags");
    if (said == nullptr)
        return unknown;
    for (const auto& place : said->as_array()) {
        auto& tags = unknown[renamed(text_of(place.as_object(), "path"))];
        for (const auto& tag : place.at("tags").as_array())
            tags.push_back({tag.at("tag").to_number<std::uint32_t>(), from_hex(tag.at("hex").as_string())});
    }
    return unknown;
}

std::string_view kind_of(const message_type& type) {
    switch (type.kind) {
    case message_kind::request: return "request";
    case message_kind::response: return "response";
    case message_kind::header: return "header";
    case message_kind::record_key: return "coordinator-key";
    case message_kind::record_value: return "coordinator-value";
    default: return "data";
    }
}

/// Requests and responses have the name of their API in front, and only they have a header.
std::optional<std::string> check_api(const message_vector& vector, const message_type& type) {
    const bool is_request = type.kind == message_kind::request;
    if (!is_request && type.kind != message_kind::response)
        return vector.header_version ? std::optional<std::string>("it has no header") : std::nullopt;
    auto name = vector.api + (is_request ? "Request" : "Response");
    if (!vector.api.empty() && name != vector.message && !name.starts_with("ListClientMetricsResources"))
        return "its API is another";
    const api_key key{type.api_key};
    const auto header_version = is_request ? request_header_version(key, vector.version)
                                           : response_header_version(key, vector.version);
    if (vector.header_version.value_or(header_version) != header_version)
        return "its header has version " + std::to_string(header_version);
    return std::nullopt;
}

/// What the line says about the message beside its fields.
std::optional<std::string> check_facts(const message_vector& vector, const message_type& type) {
    const bool flexible = vector.version >= type.first_flexible_version;
    if (vector.flexible.value_or(flexible) != flexible)
        return flexible ? "this version is flexible" : "this version is not flexible";
    if (vector.api_key.value_or(type.api_key) != type.api_key)
        return "its key is " + std::to_string(type.api_key);
    if (!vector.kind.empty() && vector.kind != kind_of(type))
        return "it is a " + std::string(kind_of(type));
    return check_api(vector, type);
}

std::string described(const golden::unknown_tags& unknown) {
    std::string text;
    for (const auto& [path, tags] : unknown)
        for (const auto& tag : tags)
            text += " '" + path + "' " + std::to_string(tag.tag) + "=" + to_hex(tag.bytes);
    return text.empty() ? " none" : text;
}

std::optional<std::string> check_unknown_tags(const message_vector& vector, const slice& encoded) {
    if (!vector.unknown)
        return std::nullopt;
    const auto found = golden::find_unknown_tags(vector.message, vector.version, encoded);
    if (!found)
        return to_string(found.failure());
    if (*found != *vector.unknown)
        return "unknown tagged fields:" + described(*found) + "\ninstead of" + described(*vector.unknown);
    return std::nullopt;
}

/// A record's key stands behind its type, a value behind its version.
slice framed(const message_type& type, std::int16_t version, const slice& body) {
    wire_writer out;
    out.int16(type.kind == message_kind::record_key ? type.api_key : version);
    out.reference(body);
    return out.finish_contiguous();
}

std::string where(const std::string& message, std::int16_t version) {
    return message + " v" + std::to_string(version) + ": ";
}

} // namespace

message_vector message_of(const json::object& line) {
    message_vector vector{text_of(line, "message"), number_of(line, "version"),
                          json::serialize(line.at("json")), from_hex(line.at("hex").as_string())};
    vector.unknown = unknown_of(line);
    vector.flexible = line.at("flexible").as_bool();
    vector.api_key = number_of(line, "key");
    vector.kind = text_of(line, "kind");
    vector.api = text_of(line, "api");
    if (line.contains("headerVersion"))
        vector.header_version = number_of(line, "headerVersion");
    if (const auto* framed = line.if_contains("framedHex"))
        vector.framed = from_hex(framed->as_string());
    rename_list_config_resources(vector);
    return vector;
}

frame_vector frame_of(const json::object& line) {
    const bool is_request = text_of(line, "kind") == "request";
    message_vector body{text_of(line, "api") + (is_request ? "Request" : "Response"),
                        number_of(line, "version"), json::serialize(line.at("json")), slice()};
    rename_list_config_resources(body);
    return {body.message,
            is_request,
            number_of(line, "key"),
            body.version,
            number_of(line, "headerVersion"),
            json::serialize(line.at("header")),
            body.json,
            from_hex(line.at("frameHex").as_string()),
            unknown_of(line),
            text_of(line, "kind")};
}

std::optional<std::string> protocol_facts() {
    const char* chosen = std::getenv("BARNABAS_SHARED");
    const std::string shared = chosen != nullptr ? chosen : BARNABAS_REPO_ROOT "/../shared";
    auto facts = shared + "/kafka-protocol";
    if (!std::filesystem::exists(facts + "/vectors"))
        return std::nullopt;
    return facts;
}

std::string vectors_folder() {
    const auto facts = protocol_facts();
    return facts ? *facts + "/vectors" : BARNABAS_REPO_ROOT "/tests/golden/protocol";
}

bool for_each_message(const std::string& path, const std::function<void(const message_vector&)>& visit) {
    return for_each_line(path, [&](const json::value& line) { visit(message_of(line.as_object())); });
}

bool for_each_frame(const std::string& path, const std::function<void(const frame_vector&)>& visit) {
    return for_each_line(path, [&](const json::value& line) { visit(frame_of(line.as_object())); });
}

bool for_each_varint(const std::string& path, const std::function<void(const varint_vector&)>& visit) {
    return for_each_line(path, [&](const json::value& line) {
        const auto* value = line.as_object().if_contains("value");
        std::string text;
        if (value != nullptr && !value->is_null())
            text = value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
        visit({text_of(line.as_object(), "type"), text, from_hex(line.at("hex").as_string()),
               line.at("valid").as_bool()});
    });
}

json::value read_json(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
}

bool same_json(std::string_view a, std::string_view b) {
    json::error_code failed;
    const auto left = json::parse(json::string_view(a.data(), a.size()), failed);
    if (failed)
        return false;
    const auto right = json::parse(json::string_view(b.data(), b.size()), failed);
    return !failed && left == right;
}

slice from_hex(std::string_view text) {
    std::string bytes;
    const auto digit = [](char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; };
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
    return slice::copy_of(bytes);
}

slice from_base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char letter : text.substr(0, text.find('='))) {
        bits = (bits << 6) | static_cast<std::uint32_t>(digits.find(letter));
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes.push_back(static_cast<char>((bits >> bit_count) & 0xff));
        }
    }
    return slice::copy_of(bytes);
}

std::string to_hex(const slice& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto byte : bytes.bytes()) {
        text.push_back(digits[std::to_integer<std::size_t>(byte) >> 4]);
        text.push_back(digits[std::to_integer<std::size_t>(byte) & 15]);
    }
    return text;
}

std::string to_base64(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    std::uint32_t bits = 0;
    int waiting = 0;
    for (const auto byte : bytes) {
        bits = (bits << 8) | std::to_integer<std::uint32_t>(byte);
        for (waiting += 8; waiting >= 6; waiting -= 6)
            text.push_back(digits[(bits >> (waiting - 6)) & 63]);
    }
    if (waiting > 0)
        text.push_back(digits[(bits << (6 - waiting)) & 63]);
    text.resize((text.size() + 3) / 4 * 4, '=');
    return text;
}

std::optional<std::string> check_message(const message_vector& vector) {
    const auto* type = find_message(vector.message);
    if (type == nullptr)
        return where(vector.message, vector.version) + "there is no schema";
    const auto done = type->run_round_trip(vector.bytes, vector.version);
    if (!done)
        return to_string(done.failure());
    if (done->consumed != vector.bytes.size())
        return where(vector.message, vector.version) + "read only " + std::to_string(done->consumed) +
               " bytes";
    if (!same_json(done->json, vector.json))
        return where(vector.message, vector.version) + "JSON differs:\n" + done->json + "\n" + vector.json;
    if (done->encoded_size != vector.bytes.size())
        return where(vector.message, vector.version) + "measured " + std::to_string(done->encoded_size);
    if (!(join(done->encoded) == vector.bytes))
        return where(vector.message, vector.version) + "bytes differ:\n" + to_hex(join(done->encoded)) +
               "\n" + to_hex(vector.bytes);
    if (const auto wrong = check_unknown_tags(vector, join(done->encoded)))
        return where(vector.message, vector.version) + *wrong;
    if (const auto wrong = check_facts(vector, *type))
        return where(vector.message, vector.version) + *wrong;
    if (vector.framed && !(framed(*type, vector.version, vector.bytes) == *vector.framed))
        return where(vector.message, vector.version) + "its frame differs: " + to_hex(*vector.framed);
    return std::nullopt;
}

namespace {

/// Reads a header, writes it again, and leaves `in` behind it.
template <class Header>
std::optional<std::string> check_header(wire_reader& in, const result<Header>& header,
                                        const frame_vector& vector) {
    if (!header)
        return to_string(header.failure());
    const auto json = header->to_json(vector.header_version);
    if (!same_json(json, vector.header_json))
        return "header differs:\n" + json;
    wire_writer out;
    header->encode(out, vector.header_version);
    constexpr std::size_t behind_length = 4;
    if (!(out.finish_contiguous() == vector.bytes.sub(behind_length, in.position() - behind_length)))
        return "the header is encoded to other bytes";
    return std::nullopt;
}

/// A request says in its header which API and version it is of.
std::optional<std::string> check_request_header(wire_reader& in, const frame_vector& vector) {
    const auto header = decode_request_header(in);
    if (header &&
        (header->request_api_key != vector.api_key || header->request_api_version != vector.version))
        return "the header is of another API or version";
    return check_header(in, header, vector);
}

} // namespace

std::optional<std::string> check_frame(const frame_vector& vector) {
    wire_reader in(vector.bytes);
    const auto place = where(vector.message, vector.version);
    const auto length = in.int32();
    if (length != static_cast<std::int32_t>(in.remaining()))
        return place + "the frame's length is wrong";
    const api_key key{vector.api_key};
    const auto header_version = vector.is_request ? request_header_version(key, vector.version)
                                                  : response_header_version(key, vector.version);
    if (header_version != vector.header_version)
        return place + "header version " + std::to_string(header_version);
    const auto wrong = vector.is_request
                           ? check_request_header(in, vector)
                           : check_header(in, response_header::decode(in, header_version), vector);
    if (wrong)
        return place + *wrong;
    message_vector body{vector.message, vector.version, vector.json, vector.bytes.from(in.position())};
    body.unknown = vector.unknown;
    body.api_key = vector.api_key;
    body.kind = vector.kind;
    return check_message(body);
}

} // namespace barnabas::kafka::testing
