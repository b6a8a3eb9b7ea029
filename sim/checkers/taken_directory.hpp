#pragma once

#include "sim/checkers/history.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

/// The checker of data directories that are taken away under the broker. Beside what all checkers hear, the
/// workload tells it what lies in such a directory, and since when nothing holds the broker up.
namespace barnabas::sim {

/// What an answer to Metadata says of a partition; of the question, as of every lookup, the history tells.
struct leader_told {
    place where;
    bool has_leader = false;
    /// Nothing where the version does not tell it.
    std::optional<bool> is_offline;
};

class taken_directory_checker : public checker {
public:
    using checker::checker;
    /// It is away from now on, until the process ends, with these partitions (topic, number).
    virtual void on_taken(const std::string& directory,
                          const std::set<std::pair<std::uint32_t, std::int32_t>>& partitions) = 0;
    /// At each look: since when the broker has been neither paused nor slow, and its disk neither.
    virtual void on_calm(virtual_time since, virtual_time now) = 0;
    virtual void on_leader_told(const leader_told& told) = 0;
};

inline constexpr auto taken_directory_goes_offline = "taken_directory_goes_offline";

/// Its partitions go offline soon, and Metadata tells that of them, and of no other.
std::unique_ptr<taken_directory_checker> make_taken_directory_goes_offline(const history& of);

} // namespace barnabas::sim
