#include "fuzz/fuzz.hpp"

#include "protocol/kafka/message_table.hpp"

#include <string>

/// Every message of the generated table: api key, kind and version, then the bytes. What decodes is written
/// back to something that decodes to the same and has the size foretold; a new schema is covered by being in
/// the table.
namespace barnabas::kafka {
namespace {

/// Two bytes of api key and two of kind and version: stable when schemas are added, except for messages
/// without a number, which are counted. Whatever names no message chooses one anyhow.
const message_type& chosen(std::uint16_t key, std::uint8_t kind) {
    const auto table = message_table();
    std::size_t seen = 0;
    for (const auto& type : table) {
        if (type.api_key != static_cast<std::int16_t>(key))
            continue;
        if (type.api_key >= 0 ? static_cast<std::uint8_t>(type.kind) == kind : seen++ == kind)
            return type;
    }
    return table[key % table.size()];
}

void check(const message_type& type, std::int16_t version, const slice& bytes) {
    const auto first = type.run_round_trip(bytes, version);
    if (!first)
        return;
    fuzz::require(first->consumed <= bytes.size(), "more was read than there is");
    fuzz::require(total_size(first->encoded) == first->encoded_size,
                  "the size foretold is not the size written");
    const auto written = join(first->encoded);
    const auto second = type.run_round_trip(written, version);
    fuzz::require(second.has_value(), "what was written does not decode");
    fuzz::require(second->consumed == written.size(), "bytes are left over of what was written");
    fuzz::require(second->json == first->json, "it decodes to another message");
    fuzz::require(join(second->encoded) == written, "it is written differently the second time");
}

} // namespace
} // namespace barnabas::kafka

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto key = given.number16();
    const auto kind = given.byte();
    const auto& type = kafka::chosen(key, kind);
    const auto version = static_cast<std::int16_t>(static_cast<std::int8_t>(given.byte()));
    kafka::check(type, version, slice::copy_of(given.rest()));
    return 0;
}
