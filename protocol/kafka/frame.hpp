#pragma once

#include "protocol/kafka/api_key.hpp"
#include "protocol/kafka/header.hpp"
#include "protocol/kafka/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Frames: a length of 32 bits, a header, a body. Reading starts behind the length, which the connection has
/// used to cut the frame out of its stream; writing includes it.
namespace barnabas::kafka {

/// Reads the request header at the front of a frame in the version that its key and version call for, and
/// leaves `in` at the body. An unknown key is no error here: the header of version 1 is tried.
result<request_header> decode_request_header(wire_reader& in);

/// A writer with room for the frame, and the length written.
wire_writer start_frame(const encoded_size_parts& header, const encoded_size_parts& body);

/// What a frame may hold behind its length: that is a signed number of 32 bits, and headers need some of it.
inline constexpr std::size_t frame_body_max = (std::size_t{1} << 31) - 64 * 1024;

/// A whole response frame; nothing when its body would be longer than `frame_body_max`. Record slices in
/// `message` become parts of the result, uncopied.
template <class Message>
std::vector<slice> frame_response(std::int32_t correlation_id, std::int16_t header_version,
                                  const Message& message, std::int16_t version) {
    response_header header;
    header.correlation_id = correlation_id;
    const auto body = message.measure(version);
    if (body.total > frame_body_max)
        return {};
    auto out = start_frame(header.measure(header_version), body);
    header.write(out, header_version);
    message.write(out, version);
    return out.finish();
}

/// The same with the header version that belongs to the message.
template <class Message>
std::vector<slice> frame_response(std::int32_t correlation_id, const Message& message, std::int16_t version) {
    const auto header_version = response_header_version(api_key{Message::api_key}, version);
    return frame_response(correlation_id, header_version, message, version);
}

/// A whole request frame, for clients.
template <class Message>
std::vector<slice> frame_request(std::int32_t correlation_id, const std::optional<std::string>& client_id,
                                 const Message& message, std::int16_t version) {
    request_header header;
    header.request_api_key = Message::api_key;
    header.request_api_version = version;
    header.correlation_id = correlation_id;
    header.client_id = client_id;
    const auto header_version = request_header_version(api_key{Message::api_key}, version);
    auto out = start_frame(header.measure(header_version), message.measure(version));
    header.write(out, header_version);
    message.write(out, version);
    return out.finish();
}

} // namespace barnabas::kafka
