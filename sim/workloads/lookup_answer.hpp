#pragma once

#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/wire.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>

namespace barnabas::sim {

/// The answer to the one question that a client of a workload has open: it must name that question, and be
/// read to its last byte.
template <class Response>
result<Response> answer_to(std::int32_t correlation, kafka::wire_reader& in, std::int16_t version) {
    const auto header = kafka::response_header::decode(
        in, kafka::response_header_version(kafka::api_key{Response::api_key}, version));
    if (!header)
        return header.failure();
    if (header->correlation_id != correlation)
        return error{errc::malformed, "it answers another question"};
    auto response = Response::decode(in, version);
    if (response && !in.at_end())
        return error{errc::malformed, "bytes are left behind it"};
    return response;
}

} // namespace barnabas::sim
