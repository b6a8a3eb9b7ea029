#include "fuzz/message_seeds.hpp"

#include "protocol/kafka/frame.hpp"
#include "tests/golden/made_message.hpp"

#include <algorithm>
#include <optional>

namespace barnabas::fuzz {
namespace {

const golden::message_description* description_of(const kafka::message_type& type) {
    for (const auto& each : golden::message_descriptions())
        if (each.name == type.name)
            return &each;
    return nullptr;
}

/// Of some drawn messages the largest that is small enough, else the smallest: what is small has few of its
/// arrays, what is large is slow to change.
slice well_filled(const golden::message_description& of, std::int16_t version) {
    constexpr std::uint64_t drawn = 24;
    constexpr std::size_t enough = 240;
    std::optional<slice> best;
    for (std::uint64_t seed = 1; seed <= drawn; ++seed) {
        auto made = golden::make_message(of, version, seed).bytes;
        const auto is_better = [&] {
            const bool fits = made.size() <= enough;
            const bool fitted = best->size() <= enough;
            return fits != fitted ? fits : (made.size() > best->size()) == fits;
        };
        if (!best || is_better())
            best = std::move(made);
    }
    return *best;
}

std::string text_of(const slice& bytes) {
    return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.size()};
}

std::string place(const kafka::message_type& type, std::int16_t version) {
    return std::string(type.name) + " v" + std::to_string(version);
}

result<void> check_decodes(const kafka::message_type& type, std::int16_t version, const slice& bytes) {
    const auto read = type.run_round_trip(bytes, version);
    if (!read)
        return error{read.failure().code,
                     place(type, version) + " does not decode: " + read.failure().detail};
    if (read->consumed != bytes.size())
        return error{errc::malformed, place(type, version) + " is longer than what decodes"};
    return {};
}

std::string framed(const kafka::message_type& type, std::int16_t version, const slice& body) {
    kafka::request_header header;
    header.request_api_key = type.api_key;
    header.request_api_version = version;
    header.correlation_id = 9;
    header.client_id = "c";
    kafka::wire_writer out;
    header.encode(out, kafka::request_header_version(kafka::api_key{type.api_key}, version));
    const auto front = out.finish_contiguous();
    kafka::wire_writer length;
    length.int32(static_cast<std::int32_t>(front.size() + body.size()));
    return text_of(length.finish_contiguous()) + text_of(front) + text_of(body);
}

} // namespace

result<slice> filled_message(const kafka::message_type& type, std::int16_t version) {
    const auto* description = description_of(type);
    if (description == nullptr)
        return error{errc::malformed, place(type, version) + " has no description"};
    auto bytes = well_filled(*description, version);
    if (const auto good = check_decodes(type, version, bytes); !good)
        return good.failure();
    return bytes;
}

std::string as_input(const kafka::message_type& type, std::int16_t version, const slice& bytes) {
    const auto number = number_of(type);
    std::string input{static_cast<char>(number >> 8), static_cast<char>(number & 0xff),
                      static_cast<char>(version)};
    return input + text_of(bytes);
}

result<std::string> asked_stream(const kafka::message_type& type, std::int16_t version) {
    const auto* description = description_of(type);
    if (description == nullptr)
        return error{errc::malformed, place(type, version) + " has no description"};
    std::string stream(1, '\0');
    for (const std::uint64_t seed : {1, 2, 3}) {
        const auto body = golden::make_message(*description, version, seed, golden::filling::known).bytes;
        if (const auto good = check_decodes(type, version, body); !good)
            return good.failure();
        stream += framed(type, version, body);
    }
    return stream;
}

} // namespace barnabas::fuzz
