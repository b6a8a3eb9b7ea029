#pragma once

#include "protocol/model/ids.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::replica {

/// From `start_offset` on, records were appended by the leader of `epoch`.
struct epoch_entry {
    leader_epoch epoch;
    log_offset start_offset;

    friend bool operator==(const epoch_entry&, const epoch_entry&) = default;
};

struct epoch_end {
    leader_epoch epoch{-1};
    /// Exclusive; -1 when the epoch is unknown.
    log_offset end_offset{-1};

    friend bool operator==(const epoch_end&, const epoch_end&) = default;
};

/// Where each leader epoch begins (KIP-101). Entries grow strictly in epoch and in start offset.
class epoch_cache {
public:
    /// True when this made a new entry. An epoch not above the latest, or below 0, changes nothing.
    bool assign(leader_epoch epoch, log_offset start_offset);
    /// Forgets entries that begin at `end` or behind it.
    bool truncate_from(log_offset end);
    /// Forgets what lies wholly below `start`; the entry that covers `start` then begins there.
    bool truncate_below(log_offset start);

    std::optional<leader_epoch> latest() const;
    /// In which the record at `offset` was appended, if there is one.
    std::optional<leader_epoch> epoch_of(log_offset offset) const;
    /// The largest epoch known here that is not above `epoch`, and where it ends; of the latest that is
    /// `log_end`. Nothing is known of epochs above the latest and above that of the leader, which began when
    /// it became the leader: at `log_end` while nothing is appended in it.
    epoch_end end_offset_for(leader_epoch epoch, log_offset log_end, leader_epoch leading) const;
    std::span<const epoch_entry> entries() const { return entries_; }
    /// As they are now, for jobs that may outlive a change; a copy is made once per change. Null: none.
    std::shared_ptr<const std::vector<epoch_entry>> shared() const;

private:
    std::vector<epoch_entry> entries_;
    /// Null until somebody asks, and after a change.
    mutable std::shared_ptr<const std::vector<epoch_entry>> shared_;
};

} // namespace barnabas::replica
