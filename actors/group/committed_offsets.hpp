#pragma once

#include "actors/group/group_records.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace barnabas::group {

/// How far one group has read, by topic and partition. Only applied records change it.
class committed_offsets {
public:
    void apply(const offset_record& record);

    const committed_offset* find(std::string_view topic, partition_index index) const;
    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }
    /// By topic, then by partition.
    void for_each(const std::function<void(const std::string& topic, partition_index,
                                           const committed_offset&)>& visit) const;

private:
    std::map<std::string, std::map<partition_index, committed_offset>, std::less<>> topics_;
    std::size_t count_ = 0;
};

} // namespace barnabas::group
