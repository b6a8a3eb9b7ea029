#pragma once

#include "sim/checkers/broker_events.hpp"
#include "sim/checkers/config_events.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::sim {

/// What configs of topics may be, as far as their administrator knows: what was confirmed, and beside it
/// whatever was asked and may have come about.
class altered_configs {
public:
    /// Absent: the topic has no value of its own.
    using value = std::optional<std::string>;

    /// A topic that somebody alters; `without` is its retention where nothing is set.
    void begin(std::uint32_t topic, const std::map<std::string, std::string>& set,
               const retention_policy& without);
    bool is_altered(std::uint32_t topic) const { return topics_.contains(topic); }

    void on_asked(const configs_asked& asked);
    void on_answered(const configs_answered& answered);
    /// What was told is so; the rest of what could have been is not.
    void on_told(const configs_told& told);
    /// What was asked of that process and has not landed never will.
    void on_life_ended();

    /// All values that a key may have now.
    const std::set<value>& may_be(std::uint32_t topic, const std::string& key) const;
    /// Since when the key can have had no other value than this.
    std::optional<virtual_time> only_since(std::uint32_t topic, const std::string& key,
                                           const value& text) const;
    /// Keys that were ever set or asked about.
    std::set<std::string> keys(std::uint32_t topic) const;
    /// By which partitions may go: also what has been replaced for less than the grace of a partition that is
    /// slow to hear of it. The first lets retention take most, the second makes it keep least.
    retention_policy loosest(std::uint32_t topic, virtual_time now) const;
    retention_policy strictest(std::uint32_t topic, virtual_time now) const;
    bool may_compact(std::uint32_t topic, virtual_time now) const;

private:
    struct known_key {
        std::set<value> now{std::nullopt};
        /// Until when others were possible.
        std::map<value, virtual_time> before;
    };
    struct known_topic {
        std::map<std::string, known_key> keys;
        retention_policy without;
        std::int64_t longest_segment = 0;
        std::vector<configs_asked> late;
    };

    static void apply(known_topic& to, const configs_asked& asked, bool certain, virtual_time at);
    static void settle(known_key& key, std::set<value> now, virtual_time at);
    static void let_late_land(known_topic& topic, virtual_time at);
    std::set<value> recent(const known_topic& of, const std::string& key, virtual_time now) const;
    template <class Better>
    retention_policy policy(std::uint32_t topic, virtual_time now, bool deletes_if_any,
                            const Better& better) const;

    std::map<std::uint32_t, known_topic> topics_;
    std::optional<configs_asked> asked_;
};

} // namespace barnabas::sim
