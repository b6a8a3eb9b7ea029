#pragma once

#include "actors/client/topic_admin.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/wire.hpp"
#include "runtime/config/group_config.hpp"
#include "sim/checkers/config_events.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/alteration_options.hpp"
#include "sim/workloads/lookup_session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;

/// Alters configs of topics and of groups (IncrementalAlterConfigs, AlterConfigs), and asks what they are
/// (DescribeConfigs) between that. One topic or group and one question at a time. What may keep anybody from
/// progress is taken back at the end.
class config_alterer {
public:
    struct parts {
        runtime::endpoint broker;
        const std::vector<client::new_topic>* topics = nullptr;
        /// Groups of the consumer protocol, by their numbers.
        std::vector<std::uint64_t> groups{};
        /// The broker's id.
        std::int32_t node = 1;
        std::vector<std::string> directories{};
        /// From then on nothing is altered but back.
        virtual_time until;
        std::function<void(const configs_asked&)> on_asked;
        std::function<void(const configs_answered&)> on_answered;
        std::function<void(const configs_told&)> on_told;
        /// An answer that no broker may give.
        std::function<void(const std::string&)> on_problem;
    };

    config_alterer(world& time, network_fabric& network, observation& watched, alteration_options options,
                   parts with);
    ~config_alterer();

    void begin();
    /// From now on every topic and group is asked about once more.
    void audit();
    bool is_audited() const noexcept { return audited_ && *audited_ >= subjects(); }
    /// Groups may be told what is drawn for them.
    static bool may_alter(const group_rules& rules);
    /// The connection ends, and no other is made.
    void rest();

private:
    enum class step : std::uint8_t { resting, altering, asking };

    void ask_later();
    void ask();
    void begin_question();
    void draw_alteration();
    config_change drawn_change(const client::new_topic& topic);
    config_change drawn_group_change();
    config_change drawn_broker_change();
    config_change drawn_cordon();
    /// Topics, and groups behind them, or this broker and all brokers: `current_` counts these.
    std::size_t topics() const noexcept { return options_.broker ? 0 : with_.topics->size(); }
    std::size_t subjects() const noexcept { return options_.broker ? 2 : topics() + with_.groups.size(); }
    bool is_group() const noexcept { return !options_.broker && current_ >= topics(); }
    std::int8_t resource_type() const noexcept;
    std::int8_t source_of_set() const noexcept;
    /// As the events have it.
    std::uint32_t number_of_current() const;
    template <class Resource>
    void name_current(Resource& resource) const;
    void add_created(const client::new_topic& topic);
    std::vector<slice> frame_of_step();
    std::vector<slice> frame_of_alteration() const;
    void give_up_question();
    void on_frame(const slice& frame);
    result<void> hear_altered(kafka::wire_reader& in);
    result<void> hear_told(kafka::wire_reader& in);
    void on_altered(std::int16_t code);
    void repeat_after(std::int16_t code, const char* what);
    void done();
    std::int64_t around(std::int64_t mean_ns) { return draws_.between(mean_ns / 4, mean_ns * 7 / 4); }

    world& world_;
    alteration_options options_;
    parts with_;
    sim::host host_;
    runtime::random draws_;
    std::shared_ptr<lookup_session> session_;
    /// A question is without an answer.
    bool asked_ = false;
    virtual_time waits_since_;
    std::int32_t correlation_ = 0;
    step step_ = step::resting;
    std::uint32_t current_ = 0;
    configs_asked alteration_;
    /// Nobody can write to it under acks=all until its next alteration.
    std::optional<std::uint32_t> starved_;
    /// The next question is not before.
    virtual_time next_at_{0};
    /// Topics whose configs were taken back in the end.
    std::size_t taken_back_ = 0;
    std::optional<std::size_t> audited_;
    bool resting_ = false;
};

} // namespace barnabas::sim
