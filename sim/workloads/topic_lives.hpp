#pragma once

#include "protocol/model/ids.hpp"
#include "sim/checkers/place.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace barnabas::sim {

/// Which of several topics of one name an id is, one after another. Only a topic whose deletion was asked for
/// makes way for another: a broker that comes back with an id that nobody made has lost a topic, and is
/// judged as if it had not.
class topic_lives {
public:
    explicit topic_lives(std::size_t topics) : topics_(topics) {}

    std::uint32_t number_of(std::uint32_t topic, const topic_id& id) {
        if (topic >= topics_.size())
            return 0;
        auto& of = topics_[topic];
        const auto [known, is_new] = of.numbers.try_emplace(id, of.count == 0 ? 0 : of.count - 1);
        if (is_new && of.count <= of.gone)
            known->second = of.count++;
        return known->second;
    }
    /// Of the newest one that somebody has seen.
    std::uint32_t newest(std::uint32_t topic) const {
        const auto count = topics_.at(topic).count;
        return count == 0 ? 0 : count - 1;
    }
    /// That one is about to be deleted.
    void goes(std::uint32_t topic) { topics_.at(topic).gone = topics_.at(topic).count; }

private:
    struct one {
        /// Several have one number where a topic was lost.
        std::map<topic_id, std::uint32_t> numbers;
        std::uint32_t count = 0;
        std::uint32_t gone = 0;
    };
    std::vector<one> topics_;
};

} // namespace barnabas::sim
