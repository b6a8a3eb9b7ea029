#pragma once

#include "actors/group/assignors/subscriptions.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace barnabas::group {

/// How many partitions of each topic every class of members gets, so that no partition could go, by a chain
/// of moves, from a member to one that has two fewer (an optimal semi-matching: the largest load is as small
/// as it can be, then the second largest, and so on). Starts from what the members have, and takes the
/// shortest chains, so that little moves. Members of one class share evenly, so a class counts as its largest
/// share when it gives and as its smallest when it takes.
class class_balance {
public:
    class_balance(const subscriptions& of, const std::vector<std::uint32_t>& owners);

    std::uint32_t share(std::uint32_t of_class, std::uint32_t slot) const { return shares_[of_class][slot]; }
    /// How many more than its share the class had at first.
    std::uint32_t surplus(std::uint32_t of_class, std::uint32_t slot) const;
    /// All shares of a class together.
    std::uint32_t load(std::uint32_t of_class) const { return loads_[of_class]; }

private:
    /// How a search came to a class: from where, and by which topic, as each of both numbers it.
    struct step {
        std::uint32_t from = 0;
        std::uint32_t gives = 0;
        std::uint32_t takes = 0;
    };

    void count(const std::vector<std::uint32_t>& owners);
    void give_free();
    void give_one(std::uint32_t topic);
    void even_out();
    std::optional<std::uint32_t> largest() const;
    std::optional<std::uint32_t> search(std::uint32_t from);
    std::vector<std::uint32_t> reached_from(const std::vector<std::uint32_t>& layer);
    void reach_by(std::uint32_t from, std::uint32_t slot, std::vector<std::uint32_t>& next);
    void move_along(std::uint32_t from, std::uint32_t to);
    std::uint32_t members(std::uint32_t of_class) const;
    std::uint32_t least(std::uint32_t of_class) const { return loads_[of_class] / members(of_class); }
    std::uint32_t most(std::uint32_t of_class) const;

    const subscriptions& of_;
    std::vector<std::vector<std::uint32_t>> before_;
    std::vector<std::vector<std::uint32_t>> shares_;
    std::vector<std::uint32_t> loads_;
    /// By topic.
    std::vector<std::uint32_t> free_;
    /// From which no chain leads to less any more; nor to which one leads.
    std::vector<bool> settled_;
    // Of the last search.
    std::vector<step> steps_;
    std::vector<bool> seen_;
    std::vector<bool> seen_topic_;
};

} // namespace barnabas::group
