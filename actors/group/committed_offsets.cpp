#include "actors/group/committed_offsets.hpp"

namespace barnabas::group {

void committed_offsets::apply(const offset_record& record) {
    if (record.value) {
        auto topic = topics_.find(record.topic);
        if (topic == topics_.end())
            topic = topics_.try_emplace(record.topic).first;
        const bool made = topic->second.insert_or_assign(record.partition, *record.value).second;
        count_ += made ? 1 : 0;
        return;
    }
    const auto topic = topics_.find(record.topic);
    if (topic == topics_.end())
        return;
    count_ -= topic->second.erase(record.partition);
    if (topic->second.empty())
        topics_.erase(topic);
}

const committed_offset* committed_offsets::find(std::string_view topic, partition_index index) const {
    const auto partitions = topics_.find(topic);
    if (partitions == topics_.end())
        return nullptr;
    const auto found = partitions->second.find(index);
    return found == partitions->second.end() ? nullptr : &found->second;
}

void committed_offsets::for_each(
    const std::function<void(const std::string&, partition_index, const committed_offset&)>& visit) const {
    for (const auto& [topic, partitions] : topics_)
        for (const auto& [index, value] : partitions)
            visit(topic, index, value);
}

} // namespace barnabas::group
