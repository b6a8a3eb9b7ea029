#pragma once

#include "actors/client/application/cluster_admin.hpp"
#include "cmd/barnabas/console_reading.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace barnabas {

/// Asks for a reader that has to come to an end whether it still can: a broker may be gone, and a group may
/// have given all partitions to other members.
class end_watch {
public:
    using clock = std::chrono::steady_clock;

    /// `wishes` has ends when `look` is called, and outlives this.
    end_watch(const console_wishes& wishes, clock::time_point now);

    /// From time to time while it reads. `last`: when it got its last record. Codes: request_timed_out, and
    /// those of the cluster.
    result<void> look(bool has_partitions, clock::time_point last);
    /// Those of the wishes, or lower: a topic may have been made again with less in it.
    const std::map<client::partition_name, std::int64_t>& ends() const { return lowered_; }

private:
    result<void> ask_for_ends(clock::time_point last, clock::time_point now);
    result<void> ask_for_group(clock::time_point now);
    result<void> judge(const client::group_description& group, clock::time_point now);
    /// Made when it is needed first.
    result<const client::admin*> calls();

    const console_wishes& wishes_;
    std::map<client::partition_name, std::int64_t> lowered_;
    std::string group_;
    std::chrono::milliseconds without_partitions_max_;
    std::chrono::milliseconds rebalance_max_;
    clock::time_point looked_;
    clock::time_point had_partitions_;
    clock::time_point asked_group_at_;
    std::unique_ptr<client::cluster_admin> cluster_;
    std::optional<client::pending<client::results<client::partition_name, client::listed_offset>>> ends_;
    std::optional<client::pending<client::admin::described_groups>> described_;
};

} // namespace barnabas
