#include "protocol/kafka/frame.hpp"

#include <limits>

namespace barnabas::kafka {

result<request_header> decode_request_header(wire_reader& in) {
    // Key and version stand at the front of every header version and tell which one it is.
    wire_reader ahead = in;
    const api_key key{ahead.int16("requestApiKey")};
    const auto version = ahead.int16("requestApiVersion");
    if (!ahead.ok())
        return ahead.failure("RequestHeader", request_header::lowest_version);
    return request_header::decode(in, request_header_version(key, version));
}

wire_writer start_frame(const encoded_size_parts& header, const encoded_size_parts& body) {
    constexpr std::size_t length_size = 4;
    const auto length = header.total + body.total;
    BARNABAS_ASSERT(length <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    wire_writer out;
    out.reserve(length_size + header.copied + body.copied);
    out.int32(static_cast<std::int32_t>(length));
    return out;
}

} // namespace barnabas::kafka
