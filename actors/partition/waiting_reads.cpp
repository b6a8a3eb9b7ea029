#include "actors/partition/waiting_reads.hpp"

#include "protocol/model/assert.hpp"

namespace barnabas {

void waiting_reads::add(reader who, log_offset wants) {
    forget(who);
    by_offset_.emplace(wants, who);
    by_reader_.emplace(who, wants);
}

void waiting_reads::forget(reader who) {
    auto known = by_reader_.find(who);
    if (known == by_reader_.end())
        return;
    auto [first, last] = by_offset_.equal_range(known->second);
    while (first != last && first->second != who)
        ++first;
    BARNABAS_ASSERT(first != last);
    by_offset_.erase(first);
    by_reader_.erase(known);
}

std::vector<waiting_reads::reader> waiting_reads::readable(log_offset high_watermark) {
    std::vector<reader> out;
    while (!by_offset_.empty() && by_offset_.begin()->first < high_watermark) {
        out.push_back(by_offset_.begin()->second);
        by_reader_.erase(by_offset_.begin()->second);
        by_offset_.erase(by_offset_.begin());
    }
    return out;
}

bool waiting_reads::waits(std::uint64_t asker) const {
    auto first = by_reader_.lower_bound({asker, 0});
    return first != by_reader_.end() && first->first.asker == asker;
}

std::vector<waiting_reads::reader> waiting_reads::all() {
    std::vector<reader> out;
    for (const auto& [offset, who] : by_offset_)
        out.push_back(who);
    by_offset_.clear();
    by_reader_.clear();
    return out;
}

} // namespace barnabas
