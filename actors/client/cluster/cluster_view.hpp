#pragma once

#include "actors/client/cluster/settings.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace barnabas::client {

/// What a client knows of the cluster: brokers, controller, leaders with their epochs, topic ids,
/// coordinators. Data; who asks for it is `cluster_client`.
class cluster_view {
public:
    struct partition {
        std::int32_t leader = -1;
        std::int32_t leader_epoch = -1;
        kafka::error_code code = kafka::error_code::none;
    };
    struct topic {
        topic_id id;
        /// The one that this id came after, and since when answers have told of that one again; zero for
        /// none.
        topic_id former;
        monotonic_ns doubted_since{};
        std::map<std::int32_t, partition> partitions;
        /// Not `none`: the broker could not tell of the topic, and has not since `failing_since`.
        kafka::error_code code = kafka::error_code::none;
        monotonic_ns failing_since{};
        monotonic_ns asked_at{};
    };

    /// The answer to a question of `asked_at`. A leader of an older epoch than is known does not replace the
    /// newer one: brokers hear of elections one after the other. Nor does the topic that had the name before
    /// the present one, unless answers go on to tell of it: then it was the older answer that lagged behind.
    void learn(const kafka::metadata_response& said, monotonic_ns asked_at);

    bool is_known() const noexcept { return known_; }
    /// When the newest answer was asked for.
    monotonic_ns asked_at() const noexcept { return asked_at_; }
    const std::map<std::int32_t, broker_address>& brokers() const noexcept { return brokers_; }
    const broker_address* find_broker(std::int32_t id) const;
    std::int32_t controller() const noexcept { return controller_; }
    const topic* find_topic(const std::string& name) const;
    /// Null for an id of which nothing was heard.
    const std::string* name_of(const topic_id& id) const;

    void learn_coordinator(const std::string& group, std::int32_t broker, const broker_address& at);
    void forget_coordinator(const std::string& group) { coordinators_.erase(group); }
    std::optional<std::int32_t> coordinator_of(const std::string& group) const;

    /// Drops topics that are not wanted when there are more than `most`.
    void keep_only(const std::set<std::string>& wanted, std::size_t most);

private:
    void learn_topic(const kafka::metadata_response::metadata_response_topic& said, monotonic_ns asked_at);
    static bool lags_behind(topic& known, const topic_id& told, monotonic_ns asked_at);

    bool known_ = false;
    monotonic_ns asked_at_{};
    std::map<std::int32_t, broker_address> brokers_;
    std::int32_t controller_ = -1;
    std::map<std::string, topic> topics_;
    std::map<std::string, std::int32_t> coordinators_;
};

} // namespace barnabas::client
