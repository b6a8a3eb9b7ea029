#pragma once

#include "actors/group/consumer_member.hpp"
#include "actors/group/group_records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace barnabas::group {

/// What the log gives to whom: epochs of a group only grow, and a partition is one member's at a time.
class ownership {
public:
    /// Those records that it has not seen yet.
    void check(const std::vector<group_record>& log) {
        for (; checked_ < log.size(); ++checked_) {
            const auto* record = std::get_if<consumer_record>(&log[checked_]);
            if (record == nullptr)
                continue;
            if (const auto* epoch = std::get_if<consumer_epoch_record>(record))
                check(*epoch);
            if (const auto* current = std::get_if<current_record>(record))
                check(*current);
        }
    }

private:
    void check(const consumer_epoch_record& record) {
        RC_ASSERT(!record.value || record.value->epoch > group_epoch_);
        group_epoch_ = record.value ? record.value->epoch : 0;
    }
    void check(const current_record& record) {
        owned_.erase(record.member_id);
        if (!record.value)
            return;
        auto all = record.value->assigned;
        for (const auto& [topic, indexes] : record.value->pending) {
            auto& of = all[topic];
            of.insert(of.end(), indexes.begin(), indexes.end());
            std::sort(of.begin(), of.end());
        }
        for (const auto& [id, others] : owned_)
            RC_ASSERT(!overlap(others, all));
        owned_.emplace(record.member_id, std::move(all));
    }

    std::size_t checked_ = 0;
    std::int32_t group_epoch_ = 0;
    std::map<std::string, partitions_by_topic> owned_;
};

} // namespace barnabas::group
