#include "actors/group/assignors/class_balance.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <numeric>

namespace barnabas::group {

class_balance::class_balance(const subscriptions& of, const std::vector<std::uint32_t>& owners)
    : of_(of), loads_(of.classes().size()), free_(of.topics()), settled_(of.classes().size()),
      steps_(of.classes().size()) {
    for (const auto& one : of.classes())
        shares_.emplace_back(one.topics.size());
    count(owners);
    before_ = shares_;
    give_free();
    even_out();
}

std::uint32_t class_balance::surplus(std::uint32_t of_class, std::uint32_t slot) const {
    const auto before = before_[of_class][slot];
    return before - std::min(before, share(of_class, slot));
}

void class_balance::count(const std::vector<std::uint32_t>& owners) {
    std::vector<std::uint32_t> class_of;
    for (std::uint32_t number = 0; number < of_.classes().size(); ++number)
        for (const auto member : of_.classes()[number].members) {
            class_of.resize(std::max<std::size_t>(class_of.size(), member + 1));
            class_of[member] = number;
        }
    std::vector<std::uint32_t> of_topic(of_.classes().size());
    for (std::uint32_t topic = 0; topic < of_.topics(); ++topic) {
        for (auto at = of_.first(topic); at < of_.first(topic + 1); ++at)
            ++(owners[at] == subscriptions::nobody ? free_[topic] : of_topic[class_of[owners[at]]]);
        for (const auto& wish : of_.wishes(topic)) {
            shares_[wish.of_class][wish.slot] = of_topic[wish.of_class];
            loads_[wish.of_class] += of_topic[wish.of_class];
            of_topic[wish.of_class] = 0;
        }
    }
}

/// Topics that few want first: the others have more of a choice afterwards.
void class_balance::give_free() {
    std::vector<std::uint32_t> topics;
    std::vector<std::size_t> wanted_by(of_.topics());
    for (std::uint32_t topic = 0; topic < of_.topics(); ++topic) {
        for (const auto& wish : of_.wishes(topic))
            wanted_by[topic] += members(wish.of_class);
        if (wanted_by[topic] > 0)
            topics.push_back(topic);
    }
    std::stable_sort(topics.begin(), topics.end(), [&](std::uint32_t left, std::uint32_t right) {
        return wanted_by[left] < wanted_by[right];
    });
    for (const auto topic : topics)
        for (; free_[topic] > 0; --free_[topic])
            give_one(topic);
}

void class_balance::give_one(std::uint32_t topic) {
    const auto& wishes = of_.wishes(topic);
    const auto to = std::min_element(wishes.begin(), wishes.end(), [&](const auto& left, const auto& right) {
        return least(left.of_class) < least(right.of_class);
    });
    ++shares_[to->of_class][to->slot];
    ++loads_[to->of_class];
}

/// From the largest down. Where no chain leads from one to less, none leads there from all that the search
/// reached: they are at most as large. Nor will one later: a chain that enters this part would end in it.
void class_balance::even_out() {
    while (const auto from = largest()) {
        if (const auto to = search(*from)) {
            move_along(*from, *to);
            continue;
        }
        for (std::uint32_t number = 0; number < seen_.size(); ++number)
            settled_[number] = settled_[number] || seen_[number];
    }
}

std::optional<std::uint32_t> class_balance::largest() const {
    std::optional<std::uint32_t> found;
    for (std::uint32_t number = 0; number < loads_.size(); ++number)
        if (!settled_[number] && (!found || most(number) > most(*found)))
            found = number;
    return found;
}

/// The nearest class that has at least two fewer.
std::optional<std::uint32_t> class_balance::search(std::uint32_t from) {
    seen_.assign(loads_.size(), false);
    seen_topic_.assign(of_.topics(), false);
    seen_[from] = true;
    for (std::vector<std::uint32_t> layer{from}; !layer.empty();) {
        layer = reached_from(layer);
        const auto to = std::min_element(layer.begin(), layer.end(),
                                         [&](auto left, auto right) { return least(left) < least(right); });
        if (to != layer.end() && least(*to) + 2 <= most(from))
            return *to;
    }
    return std::nullopt;
}

std::vector<std::uint32_t> class_balance::reached_from(const std::vector<std::uint32_t>& layer) {
    std::vector<std::uint32_t> next;
    for (const auto from : layer) {
        const auto& topics = of_.classes()[from].topics;
        for (std::uint32_t slot = 0; slot < topics.size(); ++slot)
            if (shares_[from][slot] > 0 && !seen_topic_[topics[slot]]) {
                seen_topic_[topics[slot]] = true;
                reach_by(from, slot, next);
            }
    }
    return next;
}

void class_balance::reach_by(std::uint32_t from, std::uint32_t slot, std::vector<std::uint32_t>& next) {
    for (const auto& wish : of_.wishes(of_.classes()[from].topics[slot]))
        if (!seen_[wish.of_class] && !settled_[wish.of_class]) {
            seen_[wish.of_class] = true;
            steps_[wish.of_class] = {from, slot, wish.slot};
            next.push_back(wish.of_class);
        }
}

void class_balance::move_along(std::uint32_t from, std::uint32_t to) {
    ++loads_[to];
    --loads_[from];
    for (auto at = to; at != from; at = steps_[at].from) {
        const auto& step = steps_[at];
        BARNABAS_ASSERT(shares_[step.from][step.gives] > 0);
        --shares_[step.from][step.gives];
        ++shares_[at][step.takes];
    }
}

std::uint32_t class_balance::members(std::uint32_t of_class) const {
    return static_cast<std::uint32_t>(of_.classes()[of_class].members.size());
}

std::uint32_t class_balance::most(std::uint32_t of_class) const {
    return (loads_[of_class] + members(of_class) - 1) / members(of_class);
}

} // namespace barnabas::group
