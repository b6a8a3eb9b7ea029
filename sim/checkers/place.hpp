#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// A partition as the workload numbers it.
struct place {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;

    friend auto operator<=>(const place&, const place&) = default;
};
std::string to_string(const place& where);

/// One value per partition, made when first asked for. Runs have few partitions, so a look-up is an index.
template <class Value>
class by_place {
public:
    Value& operator[](const place& where) {
        if (where.topic >= topics_.size())
            topics_.resize(where.topic + 1);
        auto& values = topics_[where.topic];
        const auto index = static_cast<std::size_t>(where.partition);
        if (index >= values.size())
            values.resize(index + 1);
        return values[index];
    }
    /// In the order of topics and partitions.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
            for (std::size_t index = 0; index < topics_[topic].size(); ++index)
                visit(place{static_cast<std::uint32_t>(topic), static_cast<std::int32_t>(index)},
                      topics_[topic][index]);
        }
    }

private:
    std::vector<std::vector<Value>> topics_;
};

/// The element at `index`, with as many new ones of `filler` before it as are needed.
template <class Value>
Value& at_grown(std::vector<Value>& values, std::size_t index, const Value& filler = {}) {
    if (index >= values.size())
        values.resize(index + 1, filler);
    return values[index];
}

} // namespace barnabas::sim
