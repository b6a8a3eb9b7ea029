#include "actors/group/assignors/assignors.hpp"
#include "actors/group/assignors/subscriptions.hpp"

#include <algorithm>
#include <numeric>

namespace barnabas::group {

namespace {

/// Places of the members in the order in which they get ranges.
std::vector<std::uint32_t> in_order(const std::vector<assignor_member>& members) {
    std::vector<std::uint32_t> order(members.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
        const auto& one = members[left];
        const auto& other = members[right];
        if (one.instance_id.has_value() != other.instance_id.has_value())
            return one.instance_id.has_value();
        if (one.instance_id != other.instance_id)
            return *one.instance_id < *other.instance_id;
        return one.member_id < other.member_id;
    });
    return order;
}

} // namespace

member_targets assign_range(const assignor_input& input) {
    const subscriptions of(input);
    std::vector<std::uint32_t> class_of(input.members.size());
    for (std::uint32_t number = 0; number < of.classes().size(); ++number)
        for (const auto member : of.classes()[number].members)
            class_of[member] = number;
    const auto order = in_order(input.members);
    std::vector<std::uint32_t> owners(of.partitions(), subscriptions::nobody);
    std::vector<bool> wants(of.classes().size());
    for (std::uint32_t topic = 0; topic < of.topics(); ++topic) {
        std::uint32_t members = 0;
        for (const auto& wish : of.wishes(topic)) {
            wants[wish.of_class] = true;
            members += static_cast<std::uint32_t>(of.classes()[wish.of_class].members.size());
        }
        const auto partitions = of.first(topic + 1) - of.first(topic);
        auto at = of.first(topic);
        std::uint32_t place = 0;
        for (auto member = order.begin(); at < of.first(topic + 1) && members > 0; ++member)
            if (wants[class_of[*member]]) {
                const auto size = partitions / members + (place++ < partitions % members ? 1 : 0);
                std::fill_n(owners.begin() + at, size, *member);
                at += size;
            }
        for (const auto& wish : of.wishes(topic))
            wants[wish.of_class] = false;
    }
    return of.targets(owners);
}

} // namespace barnabas::group
