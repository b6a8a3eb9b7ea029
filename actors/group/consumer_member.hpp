#pragma once

#include "actors/group/consumer_records.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace barnabas::group {

/// How many members own each partition: one at most, except while a log is read whose older records are
/// partly compacted away.
class partition_owners {
public:
    void add(const partitions_by_topic& owned);
    void remove(const partitions_by_topic& owned);
    bool is_owned(const topic_id& topic, partition_index index) const;

private:
    std::map<topic_id, std::map<partition_index, std::uint32_t>> counts_;
};

bool contains(const partitions_by_topic& all, const topic_id& topic, partition_index index);
bool contains_all(const partitions_by_topic& all, const partitions_by_topic& some);
bool overlap(const partitions_by_topic& a, const partitions_by_topic& b);

/// Where a member's way leads, and what stands in it.
struct reconciliation {
    const partitions_by_topic& target;
    member_epoch target_epoch;
    const partition_owners& owners;
    /// What the member says that it owns; null when it did not say.
    const partitions_by_topic* owned = nullptr;
};

/// The next step of a member towards its target (KIP-848). What it shall not have any more it gives up first,
/// and only then its epoch advances; what others own still it gets when they have let go of it.
current_assignment reconcile(const current_assignment& has, const reconciliation& towards);

} // namespace barnabas::group
