#include "sim/replay/check_options.hpp"

#include "runtime/config/broker_config.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/option_fields.hpp"

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace barnabas::sim {

namespace {

error wrong(const std::string& section, const std::string& what) {
    return {errc::invalid_request, "[" + section + "] " + what};
}

/// The rules that follow from the names of fields: a chance is of a million, a pair `x_low`, `x_high` is a
/// range whose lower end is not zero, and nothing but clocks goes below zero.
class field_rules {
public:
    explicit field_rules(std::string section) : section_(std::move(section)) {}

    template <class Value>
    void operator()(std::string_view field, const Value& value) {
        if constexpr (std::is_same_v<Value, bool> || std::is_enum_v<Value>) {
            return;
        } else if constexpr (std::is_integral_v<Value>) {
            note(field, static_cast<std::int64_t>(value));
        } else if constexpr (requires { value.get(); }) {
            note(field, static_cast<std::int64_t>(value.get()));
        }
    }

    result<void> outcome() const { return outcome_; }

private:
    void note(std::string_view field, std::int64_t value) {
        const std::string name(field);
        const auto low = name.find("_low_");
        const auto high = name.find("_high_");
        if (name.ends_with("chance_ppm") && value > static_cast<std::int64_t>(per_million))
            refuse(name + " is a chance in a million, so at most 1000000");
        if (low != std::string::npos) {
            if (value < 1)
                refuse(name + " must be above zero");
            lows_[name.substr(0, low)] = value;
        } else if (high != std::string::npos) {
            if (const auto pair = lows_.find(name.substr(0, high));
                pair != lows_.end() && value < pair->second)
                refuse(name + " lies below " + name.substr(0, high) + "_low");
            if (value < 0)
                refuse(name + " must not be below zero");
        }
    }
    void refuse(const std::string& what) {
        if (outcome_)
            outcome_ = wrong(section_, what);
    }

    std::string section_;
    std::map<std::string, std::int64_t> lows_;
    result<void> outcome_;
};

template <class Options>
result<void> follows_rules(const char* section, const Options& options) {
    field_rules rules(section);
    for_each_field(options, rules);
    return rules.outcome();
}

result<void> check_scheduler(const char* section, const scheduler_options& options) {
    if (options.loops < 1 || options.loops > 64)
        return wrong(section, "loops must be in 1..64");
    if (options.step_cost_low < microsecond)
        return wrong(section, "step_cost_low must be at least 1us");
    return follows_rules(section, options);
}

result<void> check_load(const load_options& load) {
    if (load.producer.acks < -1 || load.producer.acks > 1)
        return wrong("producer", "acks must be -1, 0 or 1");
    if (load.producer.in_flight_max < 1 || load.producer.in_flight_max > 5)
        return wrong("producer", "in_flight_max must be in 1..5");
    if (load.interval_ns < microsecond)
        return wrong("producer", "interval must be at least 1us");
    if (load.records_max < 1 || load.records_max > 100'000)
        return wrong("producer", "records_max must be in 1..100000");
    if (load.value_bytes_max < 1 || load.value_bytes_max > 16'000'000)
        return wrong("producer", "value_bytes_max must be in 1..16000000");
    if (load.unfinished_max < 1)
        return wrong("producer", "unfinished_max must be at least 1");
    if (load.producer.delivery_timeout_ns < second || load.producer.request_timeout_ms < 1)
        return wrong("producer", "delivery_timeout must be at least 1s, request_timeout_ms at least 1");
    return {};
}

result<void> check_sends(const produce_consume_options& options) {
    virtual_time last{0};
    for (const auto& send : *options.sends) {
        if (send.at < last)
            return wrong("sends", "the batches must stand in the order of their times");
        last = send.at;
        if (send.producer >= options.producers.size())
            return wrong("sends", "there is no producer " + std::to_string(send.producer));
        if (send.where.topic >= options.topics.size() || send.where.partition < 0 ||
            send.where.partition >= options.topics[send.where.topic].partitions)
            return wrong("sends", "there is no partition " + to_string(send.where));
    }
    return {};
}

result<void> check_config(const produce_consume_options& options) {
    auto config = simulated_config("broker");
    for (const auto& [key, value] : options.broker_config) {
        if (const auto done = config.set(key, value); !done)
            return wrong("broker", done.failure().detail);
    }
    return {};
}

result<void> check_faults(const fault_plan& plan, virtual_time progress_due) {
    for (const auto& fault : plan.faults) {
        if (fault.at >= plan.healing)
            return wrong("fault", std::string(name_of(fault.kind)) + " at " + field_text("at_ns", fault.at) +
                                      " comes after healing, which is at " +
                                      field_text("at_ns", plan.healing));
        if (fault.lasts_ns < 0)
            return wrong("fault", "lasts must not be below zero");
    }
    if (progress_due < plan.healing)
        return wrong("faults", "progress_due lies before healing");
    if (const auto done = follows_rules("network", plan.network); !done)
        return done;
    return follows_rules("disk", plan.disk);
}

} // namespace

result<void> check_options(const produce_consume_options& options) {
    for (const auto& topic : options.topics) {
        if (topic.partitions < 1 || topic.partitions > 1'000)
            return wrong("topic", "partitions must be in 1..1000");
    }
    if (!options.producers.empty() && options.topics.empty())
        return wrong("producer", "there is no topic to send to");
    for (const auto& load : options.producers) {
        if (const auto done = check_load(load); !done)
            return done;
    }
    if (options.sends) {
        if (const auto done = check_sends(options); !done)
            return done;
    }
    if (const auto done = check_scheduler("broker", options.broker_scheduler); !done)
        return done;
    if (const auto done = check_scheduler("clients", options.client_scheduler); !done)
        return done;
    if (const auto done = check_config(options); !done)
        return done;
    return check_faults(options.faults, options.progress_due);
}

} // namespace barnabas::sim
