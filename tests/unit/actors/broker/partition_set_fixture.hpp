#pragma once

#include "actors/broker/partition_set.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Images, directories and short calls for tests of the set of partitions.
namespace barnabas {

namespace effects = broker_effects;

inline topic_id id_of(std::uint8_t number) {
    topic_id id;
    id.bytes.fill(number);
    return id;
}

inline topic_partition place(std::uint8_t topic, std::int32_t index) {
    return {id_of(topic), partition_index(index)};
}

struct wanted_topic {
    std::string name;
    std::uint8_t id;
    std::int32_t partitions = 1;
};

inline metadata_image_ptr image_of(std::int64_t applied, const std::vector<wanted_topic>& topics) {
    auto image = std::make_shared<metadata_image>();
    image->applied = log_offset(applied);
    for (const auto& wanted : topics) {
        topic_metadata topic;
        topic.name = wanted.name;
        topic.id = id_of(wanted.id);
        for (std::int32_t i = 0; i < wanted.partitions; ++i)
            topic.partitions.push_back({partition_index(i),
                                        node_id(1),
                                        leader_epoch(0),
                                        0,
                                        {node_id(1)},
                                        {node_id(1)},
                                        log_offset(applied - 1)});
        image->topic_names[topic.id] = topic.name;
        image->topics[topic.name] = topic;
    }
    return image;
}

inline std::vector<data_directory> directories_with(const std::vector<stored_partition>& stored = {}) {
    std::vector<data_directory> directories(2);
    directories[0].path = "/a";
    directories[0].partitions = stored;
    directories[1].path = "/b";
    return directories;
}

inline stored_partition stored(const std::string& topic, std::int32_t index, std::optional<topic_id> id) {
    return {topic + "-" + std::to_string(index), topic, partition_index(index), id, !id.has_value()};
}

template <class Effect>
std::vector<Effect> all(const effects::effects& out) {
    std::vector<Effect> found;
    for (const auto& one : out)
        if (const auto* effect = std::get_if<Effect>(&one))
            found.push_back(*effect);
    return found;
}

inline std::vector<std::string> notes(const effects::effects& out) {
    std::vector<std::string> events;
    for (const auto& note : all<effects::note>(out))
        events.emplace_back(note.event);
    return events;
}

inline std::shared_ptr<metadata_image> changed(const metadata_image_ptr& image) {
    return std::make_shared<metadata_image>(metadata_image(*image));
}

inline const partition_set_options usual{node_id(1), 2, std::nullopt, {}};

/// The disk takes what is to be remembered at once.
inline effects::effects recorded(partition_set& set, effects::effects out) {
    if (!all<effects::record_created>(out).empty())
        set.on_created_recorded({}, out);
    return out;
}

inline effects::effects opened(partition_set& set, const topic_partition& id, errc code = errc::ok) {
    effects::effects out;
    set.on_partition_opened({id, code, "why", 0}, out);
    return recorded(set, std::move(out));
}

inline effects::effects apply(partition_set& set, metadata_image_ptr image) {
    effects::effects out;
    set.on_image(std::move(image), out);
    return recorded(set, std::move(out));
}

} // namespace barnabas
