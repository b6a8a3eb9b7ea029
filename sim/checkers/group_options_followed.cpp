#include "sim/checkers/group_options_followed.hpp"

namespace barnabas::sim {

namespace {

/// A coordinator whose loop is slow hears of it that late.
constexpr std::int64_t options_grace_ns = 10 * second;

} // namespace

std::string badly_followed(const interval_told& told, std::int32_t unset_ms, const history& of) {
    const auto number = first_group_with_configs + static_cast<std::uint32_t>(told.group);
    const auto& configs = of.configs();
    if (!configs.is_altered(number))
        return {};
    altered_configs::value wanted;
    virtual_time since{0};
    if (configs.keys(number).contains(heartbeat_option)) {
        const auto& may_be = configs.may_be(number, heartbeat_option);
        if (may_be.size() != 1)
            return {};
        wanted = *may_be.begin();
        since = *configs.only_since(number, heartbeat_option, wanted);
    }
    const auto expected = wanted ? std::stoi(*wanted) : unset_ms;
    if (told.ms == expected || told.asked < since + options_grace_ns)
        return {};
    return "a member of group " + std::to_string(told.group) + " is told to come every " +
           std::to_string(told.ms) + " ms, " + std::to_string((told.asked - since) / millisecond) +
           " ms after that can only be " + std::to_string(expected);
}

} // namespace barnabas::sim
