#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// A partition as the workload numbers it. A topic that was deleted and made again under its name is another
/// one: each of its lives has its own places.
struct place {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;
    /// How many topics of this name were there before.
    std::uint32_t incarnation = 0;

    friend auto operator<=>(const place&, const place&) = default;
};
std::string to_string(const place& where);

/// One value per partition, made when first asked for. Runs have few partitions, so a look-up is an index.
template <class Value>
class by_place {
public:
    Value& operator[](const place& where) {
        auto& topic = grown(grown(lives_, where.incarnation), where.topic);
        return grown(topic, static_cast<std::size_t>(where.partition));
    }
    /// In the order of incarnations, topics and partitions.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t life = 0; life < lives_.size(); ++life)
            for (std::size_t topic = 0; topic < lives_[life].size(); ++topic)
                for (std::size_t index = 0; index < lives_[life][topic].size(); ++index)
                    visit(place{static_cast<std::uint32_t>(topic), static_cast<std::int32_t>(index),
                                static_cast<std::uint32_t>(life)},
                          lives_[life][topic][index]);
    }

private:
    template <class Element>
    static Element& grown(std::vector<Element>& values, std::size_t index) {
        if (index >= values.size())
            values.resize(index + 1);
        return values[index];
    }

    std::vector<std::vector<std::vector<Value>>> lives_;
};

/// The element at `index`, with as many new ones of `filler` before it as are needed.
template <class Value>
Value& at_grown(std::vector<Value>& values, std::size_t index, const Value& filler = {}) {
    if (index >= values.size())
        values.resize(index + 1, filler);
    return values[index];
}

} // namespace barnabas::sim
