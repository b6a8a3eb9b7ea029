#pragma once

#include "protocol/model/slice.hpp"
#include "tests/golden/unknown_tags.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Golden vectors of messages: messages as other implementations encode them, as gzipped JSON lines. Their
/// README in shared/kafka-protocol explains the fields.
namespace barnabas::kafka::testing {

/// One message.
struct message_vector {
    std::string message;
    std::int16_t version = 0;
    std::string json;
    slice bytes;
    /// Of a coordinator's record: as it stands in the log, with its type (keys) or version (values) in front.
    std::optional<slice> framed = std::nullopt;
    /// Tagged fields that the schema does not know; not in `json`. Nobody knows them of made messages.
    std::optional<golden::unknown_tags> unknown = std::nullopt;
    /// What else the line says, as far as it does.
    std::optional<bool> flexible = std::nullopt;
    std::optional<std::int16_t> header_version = std::nullopt;
    std::optional<std::int16_t> api_key = std::nullopt;
    std::string kind = {};
    std::string api = {};
};

/// One whole frame with its length in front.
struct frame_vector {
    std::string message;
    bool is_request = false;
    std::int16_t api_key = 0;
    std::int16_t version = 0;
    std::int16_t header_version = 0;
    std::string header_json;
    std::string json;
    slice bytes;
    golden::unknown_tags unknown;
    std::string kind;
};

struct varint_vector {
    std::string type;
    std::string value;
    slice bytes;
    bool is_valid = false;
};

/// Folder of the protocol facts, or nothing where the project's shared folder is absent.
std::optional<std::string> protocol_facts();
/// Folder of the vectors: all of them beside those facts, else the subset in the repository.
std::string vectors_folder();

/// Calls `visit` for each line; false if the file cannot be read.
bool for_each_message(const std::string& file, const std::function<void(const message_vector&)>& visit);
bool for_each_frame(const std::string& file, const std::function<void(const frame_vector&)>& visit);
bool for_each_varint(const std::string& file, const std::function<void(const varint_vector&)>& visit);

/// A JSON file as a value.
boost::json::value read_json(const std::string& file);

/// Whether two JSON texts hold the same values; members may come in any order, integers are exact.
bool same_json(std::string_view a, std::string_view b);

message_vector message_of(const boost::json::object& line);
frame_vector frame_of(const boost::json::object& line);

slice from_hex(std::string_view text);
slice from_base64(std::string_view text);
std::string to_hex(const slice& bytes);
std::string to_base64(std::span<const std::byte> bytes);

/// Decodes, compares with the JSON, encodes and compares the bytes. Nothing when all is well, else what is
/// not.
std::optional<std::string> check_message(const message_vector& vector);
std::optional<std::string> check_frame(const frame_vector& vector);

} // namespace barnabas::kafka::testing
