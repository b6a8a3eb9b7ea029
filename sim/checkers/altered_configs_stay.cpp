#include "runtime/config/config_value.hpp"
#include "runtime/config/cordon.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/checkers/group_options_followed.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

std::string text_of(const altered_configs::value& value) {
    return value ? "'" + *value + "'" : std::string("not set");
}

std::string name_of(std::uint32_t number) {
    if (number >= altered_broker)
        return number == altered_broker ? "the broker" : "all brokers";
    const bool is_group = number >= first_group_with_configs;
    return is_group ? "group " + std::to_string(number - first_group_with_configs)
                    : "topic " + std::to_string(number);
}

class altered_configs_stay final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "altered_configs_stay"; }

    void on_configs_told(const configs_told& told) override {
        const auto& configs = sent().configs();
        for (const auto& key : configs.keys(told.topic)) {
            const auto found = told.set.find(key);
            const auto now = found == told.set.end() ? altered_configs::value() : found->second;
            const auto& allowed = configs.may_be(told.topic, key);
            if (allowed.contains(now))
                continue;
            std::string others;
            for (const auto& one : allowed)
                others += (others.empty() ? "" : " or ") + text_of(one);
            violated(key + " of " + name_of(told.topic) + " is told as " + text_of(now) +
                     ", after what was confirmed and asked it can only be " + others);
        }
    }

    /// One broker is never two replicas.
    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        if (batch.acks != -1 || result.what != client::delivery::acked)
            return;
        const auto since = sent().configs().only_since(batch.where.topic, "min.insync.replicas", "2");
        if (since && *since < batch.at)
            violated("a batch that was sent to " + to_string(batch.where) +
                     " after min.insync.replicas was 2 is acknowledged by the only replica");
    }

    /// Topics that were asked for when a directory was cordoned for certain: a broker that takes a topic has
    /// applied what was confirmed before.
    void on_log_opened(const log_opened& event) override {
        const auto& configs = sent().configs();
        if (!event.created || !sent().cordons_hold() || !configs.keys(altered_broker).contains(cordon_key))
            return;
        const auto& allowed = configs.may_be(altered_broker, cordon_key);
        if (allowed.size() != 1 || !*allowed.begin())
            return;
        const auto& text = **allowed.begin();
        const auto since = configs.only_since(altered_broker, cordon_key, text);
        const auto named = split_list(text);
        if (since && *since < sent().asked_for_after(event.where) &&
            std::ranges::find(named, event.data_directory) != named.end())
            violated(to_string(event.where) + " was made in " + event.data_directory +
                     ", which was cordoned before anybody asked for its topic");
    }

    void on_cleaning_begun(const cleaning_begun& event) override {
        const auto& configs = sent().configs();
        if (configs.is_altered(event.where.topic) && !configs.may_compact(event.where.topic, event.at))
            violated("a pass of compaction began in " + to_string(event.where) +
                     ", whose cleanup.policy has not said compact for a long time");
    }
};

} // namespace

std::unique_ptr<checker> make_altered_configs_stay(const history& of) {
    return std::make_unique<altered_configs_stay>(of);
}

} // namespace barnabas::sim
