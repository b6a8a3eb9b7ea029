#include "fuzz/messages.hpp"

#include "fuzz/fuzz.hpp"

#include <utility>
#include <vector>

namespace barnabas::fuzz {
namespace {

std::vector<const kafka::message_type*> members_of(message_group group) {
    std::vector<const kafka::message_type*> members;
    for (const auto& type : kafka::message_table())
        if (group_of(type.kind) == group)
            members.push_back(&type);
    return members;
}

const std::vector<const kafka::message_type*>& members(message_group group) {
    static const std::vector<const kafka::message_type*> groups[] = {members_of(message_group::requests),
                                                                     members_of(message_group::responses),
                                                                     members_of(message_group::others)};
    return groups[static_cast<std::size_t>(group)];
}

} // namespace

const kafka::message_type& message_named(message_group group, std::uint16_t number) {
    const auto& all = members(group);
    if (group != message_group::others)
        for (const auto* type : all)
            if (type->api_key == static_cast<std::int16_t>(number))
                return *type;
    return *all[number % all.size()];
}

std::uint16_t number_of(const kafka::message_type& type) {
    const auto group = group_of(type.kind);
    if (group != message_group::others)
        return static_cast<std::uint16_t>(type.api_key);
    const auto& all = members(group);
    std::uint16_t number = 0;
    while (all[number] != &type)
        ++number;
    return number;
}

std::vector<std::int16_t> telling_versions(const kafka::message_type& type) {
    return telling_versions(type.lowest_version, type.first_flexible_version, type.highest_known_version);
}

std::vector<std::int16_t> telling_versions(std::int16_t lowest, std::int16_t first_flexible,
                                           std::int16_t highest) {
    std::vector<std::int16_t> versions{lowest};
    if (first_flexible > lowest && first_flexible < highest)
        versions.push_back(first_flexible);
    if (highest > lowest)
        versions.push_back(highest);
    return versions;
}

std::optional<read_input> read_message(message_group group, const std::uint8_t* data, std::size_t size) {
    input given(data, size);
    const auto& type = message_named(group, given.number16());
    const auto version = static_cast<std::int16_t>(static_cast<std::int8_t>(given.byte()));
    auto bytes = slice::copy_of(given.rest());
    auto done = type.run_round_trip(bytes, version);
    if (!done)
        return std::nullopt;
    return read_input{&type, version, std::move(bytes), std::move(*done)};
}

void check_message(message_group group, const std::uint8_t* data, std::size_t size) {
    const auto read = read_message(group, data, size);
    if (!read)
        return;
    const auto& first = read->done;
    require(first.consumed <= read->bytes.size(), "more was read than there is");
    require(total_size(first.encoded) == first.encoded_size, "the size foretold is not the size written");
    const auto written = join(first.encoded);
    const auto second = read->type->run_round_trip(written, read->version);
    require(second.has_value(), "what was written does not decode");
    require(second->consumed == written.size(), "bytes are left over of what was written");
    require(second->json == first.json, "it decodes to another message");
    require(join(second->encoded) == written, "it is written differently the second time");
}

} // namespace barnabas::fuzz
