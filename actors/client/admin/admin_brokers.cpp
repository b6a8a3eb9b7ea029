#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/describe_cluster.hpp"
#include "protocol/kafka/unregister_broker.hpp"
#include "protocol/kafka/update_features.hpp"

// What brokers serve, where they are, which levels of features the cluster has.
namespace barnabas::client {

namespace {

/// From version 5 on the request names the broker that is meant.
constexpr std::int16_t last_for_anybody = 4;

kafka::api_versions_request versions_question() {
    kafka::api_versions_request asked;
    asked.client_software_name = "barnabas";
    asked.client_software_version = "1";
    return asked;
}

struct describe_versions_plan : plan_defaults {
    using request = kafka::api_versions_request;
    using response = kafka::api_versions_response;
    using key = std::int32_t;
    using value = std::vector<served_api>;

    std::size_t keys_per_request() const { return 1; }
    std::int16_t highest_version() const { return last_for_anybody; }
    call_target target(const key& broker) const { return call_target::broker(broker); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const { return versions_question(); }
    void read(const response& said, std::span<const key> brokers, key_answers<key, value>& out) const {
        value apis;
        for (const auto& one : said.api_keys)
            apis.push_back({one.api_key, std::string(kafka::name_of(kafka::api_key{one.api_key})),
                            one.min_version, one.max_version});
        std::sort(apis.begin(), apis.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        out.tell(brokers.front(), said.error_code, {}, std::move(apis));
    }
};

struct describe_features_plan : plan_defaults {
    using request = kafka::api_versions_request;
    using response = kafka::api_versions_response;
    using key = int;
    using value = feature_levels;

    std::int16_t highest_version() const { return last_for_anybody; }
    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const { return versions_question(); }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        value levels;
        if (said.finalized_features_epoch >= 0)
            levels.epoch = said.finalized_features_epoch;
        for (const auto& one : said.supported_features)
            levels.features[one.name] = {one.min_version, one.max_version, 0};
        for (const auto& one : said.finalized_features)
            levels.features[one.name].level = one.max_version_level;
        out.tell(0, said.error_code, {}, std::move(levels));
    }
};

struct update_features_plan : plan_defaults {
    using request = kafka::update_features_request;
    using response = kafka::update_features_response;
    using key = std::string;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::map<std::string, feature_change> changes;
    bool validate_only = false;

    std::int16_t lowest_version() const { return validate_only ? 1 : 0; }
    call_target target(const key&) const { return call_target::controller(); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.timeout_ms = wait_ms;
        asked.validate_only = validate_only;
        for (const auto& name : names) {
            const auto& change = changes.at(name);
            auto& entry = asked.feature_updates.emplace_back();
            entry.feature = name;
            entry.max_version_level = change.level;
            entry.allow_downgrade = change.how != feature_change::direction::upgrade;
            entry.upgrade_type = static_cast<std::int8_t>(change.how);
        }
        return asked;
    }
    void read(const response& said, std::span<const key> names, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code, said.error_message);
        // Version 2 tells of success by leaving them all out.
        for (const auto& name : names)
            out.good(name, {});
        for (const auto& one : said.results)
            if (one.error_code != 0)
                out.bad(one.feature, one.error_code, one.error_message);
    }
};

struct list_endpoints_plan : plan_defaults {
    using request = kafka::describe_cluster_request;
    using response = kafka::describe_cluster_response;
    using key = int;
    using value = std::vector<endpoint_description>;

    endpoint_kind kind = endpoint_kind::broker;
    bool with_fenced = false;

    std::int16_t lowest_version() const {
        if (with_fenced)
            return 2;
        return kind == endpoint_kind::broker ? 0 : 1;
    }
    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const {
        request asked;
        asked.endpoint_type = static_cast<std::int8_t>(kind);
        asked.include_fenced_brokers = with_fenced;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        value all;
        for (const auto& one : said.brokers)
            all.push_back({{one.broker_id, one.host, one.port, one.rack}, one.is_fenced});
        std::sort(all.begin(), all.end(),
                  [](const auto& a, const auto& b) { return a.broker.id < b.broker.id; });
        out.tell(0, said.error_code, said.error_message, std::move(all));
    }
};

struct unregister_broker_plan : plan_defaults {
    using request = kafka::unregister_broker_request;
    using response = kafka::unregister_broker_response;
    using key = std::int32_t;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::size_t keys_per_request() const { return 1; }
    call_target target(const key&) const { return call_target::controller(); }
    request ask(std::span<const key> brokers, std::int32_t, std::int16_t) const {
        request asked;
        asked.broker_id = brokers.front();
        return asked;
    }
    void read(const response& said, std::span<const key> brokers, key_answers<key, value>& out) const {
        out.tell(brokers.front(), said.error_code, said.error_message, {});
    }
};

} // namespace

pending<results<std::int32_t, std::vector<served_api>>>
admin::describe_versions(std::vector<std::int32_t> brokers, call_options options) const {
    return submit_plan(submit_, describe_versions_plan{}, std::move(brokers), options);
}

pending<result<feature_levels>> admin::describe_features(call_options options) const {
    return submit_single(submit_, describe_features_plan{}, options);
}

pending<admin::changed> admin::update_features(std::map<std::string, feature_change> changes,
                                               call_options options) const {
    update_features_plan plan;
    plan.validate_only = options.validate_only;
    plan.changes = std::move(changes);
    auto names = keys_of(plan.changes);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

pending<result<std::vector<endpoint_description>>> admin::list_endpoints(endpoint_kind kind, bool with_fenced,
                                                                         call_options options) const {
    list_endpoints_plan plan;
    plan.kind = kind;
    plan.with_fenced = with_fenced;
    return submit_single(submit_, plan, options);
}

pending<results<std::int32_t, no_value>> admin::unregister_brokers(std::vector<std::int32_t> brokers,
                                                                   call_options options) const {
    return submit_plan(submit_, unregister_broker_plan{}, std::move(brokers), options);
}

} // namespace barnabas::client
