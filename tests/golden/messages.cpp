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
                          json::serialize(line.at("json")), from_hex(line.at("hex").as_string()),
                          std::nullopt};
    if (const auto* framed = line.if_contains("framedHex"))
        vector.framed = from_hex(framed->as_string());
    rename_list_config_resources(vector);
    return vector;
}

frame_vector frame_of(const json::object& line) {
    const bool is_request = text_of(line, "kind") == "request";
    message_vector body{text_of(line, "api") + (is_request ? "Request" : "Response"),
                        number_of(line, "version"), json::serialize(line.at("json")), slice(), std::nullopt};
    rename_list_config_resources(body);
    return {body.message,
            is_request,
            number_of(line, "key"),
            body.version,
            number_of(line, "headerVersion"),
            json::serialize(line.at("header")),
            body.json,
            from_hex(line.at("frameHex").as_string())};
}

std::optional<std::string> protocol_facts() {
    const char* chosen = std::getenv("BARNABAS_SHARED");
    const std::string shared = chosen != nullptr ? chosen : BARNABAS_REPO_ROOT "/../shared";
    auto facts = shared + "/kafka-protocol";
    if (!std::filesystem::exists(facts + "/vectors"))
        return std::nullopt;
    return facts;
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
    if (vector.framed && !(framed(*type, vector.version, vector.bytes) == *vector.framed))
        return where(vector.message, vector.version) + "its frame differs: " + to_hex(*vector.framed);
    return std::nullopt;
}

std::optional<std::string> check_frame(const frame_vector& vector) {
    wire_reader in(vector.bytes);
    const auto length = in.int32();
    if (length != static_cast<std::int32_t>(in.remaining()))
        return where(vector.message, vector.version) + "the frame's length is wrong";
    const api_key key{vector.api_key};
    const auto header_version = vector.is_request ? request_header_version(key, vector.version)
                                                  : response_header_version(key, vector.version);
    if (header_version != vector.header_version)
        return where(vector.message, vector.version) + "header version " + std::to_string(header_version);
    std::string header_json;
    if (vector.is_request) {
        const auto header = decode_request_header(in);
        header_json = header ? header->to_json(header_version) : to_string(header.failure());
    } else {
        const auto header = response_header::decode(in, header_version);
        header_json = header ? header->to_json(header_version) : to_string(header.failure());
    }
    if (!same_json(header_json, vector.header_json))
        return where(vector.message, vector.version) + "header differs:\n" + header_json;
    return check_message(
        {vector.message, vector.version, vector.json, vector.bytes.from(in.position()), std::nullopt});
}

} // namespace barnabas::kafka::testing
