#pragma once

#include <cstdint>

namespace barnabas {

/// Calls `tell(code)` for each error that a response says, of itself and of the topics, partitions, groups
/// and so on in it: by the names that Kafka's messages have for them.
template <class Part, class Tell>
void for_each_error(const Part& part, const Tell& tell) {
    if constexpr (requires { part.error_code; })
        if (part.error_code != 0)
            tell(std::int16_t{part.error_code});
    [[maybe_unused]] const auto within = [&tell](const auto& parts) {
        for (const auto& one : parts)
            for_each_error(one, tell);
    };
    if constexpr (requires { part.responses; })
        within(part.responses);
    if constexpr (requires { part.results; })
        within(part.results);
    if constexpr (requires { part.topics; })
        within(part.topics);
    if constexpr (requires { part.partitions; })
        within(part.partitions);
    if constexpr (requires { part.partition_responses; })
        within(part.partition_responses);
    if constexpr (requires { part.groups; })
        within(part.groups);
    if constexpr (requires { part.coordinators; })
        within(part.coordinators);
    if constexpr (requires { part.members; })
        within(part.members);
}

} // namespace barnabas
