#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/alter_configs.hpp"
#include "protocol/kafka/describe_configs.hpp"
#include "protocol/kafka/incremental_alter_configs.hpp"
#include "protocol/kafka/list_config_resources.hpp"

#include <charconv>

// Settings of topics, brokers and groups.
namespace barnabas::client {

namespace {

/// Settings of one broker are asked of that broker; everything else of any (reads) or the controller.
call_target target_of(const config_resource& resource, call_target otherwise) {
    if (resource.kind != resource_kind::broker && resource.kind != resource_kind::broker_logger)
        return otherwise;
    std::int32_t id = -1;
    const auto* end = resource.name.data() + resource.name.size();
    const auto read = std::from_chars(resource.name.data(), end, id);
    return read.ec == std::errc() && read.ptr == end && id >= 0 ? call_target::broker(id) : otherwise;
}

template <class Responses, class Answers>
void tell_outcomes(const Responses& responses, Answers& out) {
    for (const auto& one : responses)
        out.tell({resource_kind{one.resource_type}, one.resource_name}, one.error_code, one.error_message,
                 {});
}

config_origin origin_of(std::int8_t source) {
    constexpr auto last = static_cast<std::int8_t>(config_origin::group);
    return source > 0 && source <= last ? config_origin{source} : config_origin::unknown;
}

struct describe_configs_plan : plan_defaults {
    using request = kafka::describe_configs_request;
    using response = kafka::describe_configs_response;
    using key = config_resource;
    using value = std::vector<config_entry>;

    bool with_documentation = false;

    call_target target(const key& resource) const { return target_of(resource, call_target::any()); }
    request ask(std::span<const key> resources, std::int32_t, std::int16_t) const {
        request asked;
        asked.include_synonyms = true;
        asked.include_documentation = with_documentation;
        for (const auto& resource : resources) {
            auto& entry = asked.resources.emplace_back();
            entry.resource_type = static_cast<std::int8_t>(resource.kind);
            entry.resource_name = resource.name;
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.results) {
            std::vector<config_entry> entries;
            for (const auto& config : one.configs)
                entries.push_back(entry_of_answer(config));
            out.tell({resource_kind{one.resource_type}, one.resource_name}, one.error_code, one.error_message,
                     std::move(entries));
        }
    }
    template <class Config>
    static config_entry entry_of_answer(const Config& said) {
        config_entry made;
        made.name = said.name;
        made.value = said.value;
        made.origin = said.is_default ? config_origin::default_value : origin_of(said.config_source);
        made.is_read_only = said.read_only;
        made.is_sensitive = said.is_sensitive;
        for (const auto& one : said.synonyms)
            made.synonyms.push_back({one.name, one.value, origin_of(one.source)});
        made.documentation = said.documentation.value_or("");
        return made;
    }
};

struct alter_configs_plan : plan_defaults {
    using request = kafka::incremental_alter_configs_request;
    using response = kafka::incremental_alter_configs_response;
    using key = config_resource;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::map<config_resource, std::vector<config_change>> changes;
    bool validate_only = false;

    call_target target(const key& resource) const { return target_of(resource, call_target::controller()); }
    request ask(std::span<const key> resources, std::int32_t, std::int16_t) const {
        request asked;
        asked.validate_only = validate_only;
        for (const auto& resource : resources) {
            auto& entry = asked.resources.emplace_back();
            entry.resource_type = static_cast<std::int8_t>(resource.kind);
            entry.resource_name = resource.name;
            for (const auto& change : changes.at(resource)) {
                auto& one = entry.configs.emplace_back();
                one.name = change.name;
                one.config_operation = static_cast<std::int8_t>(change.what);
                if (change.what == config_change::operation::remove)
                    one.value.reset();
                else
                    one.value = change.value;
            }
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        tell_outcomes(said.responses, out);
    }
};

struct replace_configs_plan : plan_defaults {
    using request = kafka::alter_configs_request;
    using response = kafka::alter_configs_response;
    using key = config_resource;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::map<config_resource, std::map<std::string, std::string>> configs;
    bool validate_only = false;

    call_target target(const key& resource) const { return target_of(resource, call_target::controller()); }
    request ask(std::span<const key> resources, std::int32_t, std::int16_t) const {
        request asked;
        asked.validate_only = validate_only;
        for (const auto& resource : resources) {
            auto& entry = asked.resources.emplace_back();
            entry.resource_type = static_cast<std::int8_t>(resource.kind);
            entry.resource_name = resource.name;
            for (const auto& [name, text] : configs.at(resource)) {
                auto& one = entry.configs.emplace_back();
                one.name = name;
                one.value = text;
            }
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        tell_outcomes(said.responses, out);
    }
};

struct list_config_resources_plan : plan_defaults {
    using request = kafka::list_config_resources_request;
    using response = kafka::list_config_resources_response;
    using key = int;
    using value = std::vector<config_resource>;

    std::set<resource_kind> kinds;

    /// Version 0 lists client metrics only.
    std::int16_t lowest_version() const { return kinds == std::set{resource_kind::client_metrics} ? 0 : 1; }
    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const {
        request asked;
        for (const auto kind : kinds)
            asked.resource_types.push_back(static_cast<std::int8_t>(kind));
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        value all;
        for (const auto& one : said.config_resources)
            all.push_back({resource_kind{one.resource_type}, one.resource_name});
        std::sort(all.begin(), all.end());
        out.tell(0, said.error_code, {}, std::move(all));
    }
};

} // namespace

pending<admin::described_configs> admin::describe_configs(std::vector<config_resource> resources,
                                                          bool with_documentation,
                                                          call_options options) const {
    describe_configs_plan plan;
    plan.with_documentation = with_documentation;
    return submit_plan(submit_, plan, std::move(resources), options);
}

pending<admin::changed_configs>
admin::alter_configs(std::map<config_resource, std::vector<config_change>> changes,
                     call_options options) const {
    alter_configs_plan plan;
    plan.validate_only = options.validate_only;
    plan.changes = std::move(changes);
    auto resources = keys_of(plan.changes);
    return submit_plan(submit_, std::move(plan), std::move(resources), options);
}

pending<admin::changed_configs>
admin::replace_configs(std::map<config_resource, std::map<std::string, std::string>> configs,
                       call_options options) const {
    replace_configs_plan plan;
    plan.validate_only = options.validate_only;
    plan.configs = std::move(configs);
    auto resources = keys_of(plan.configs);
    return submit_plan(submit_, std::move(plan), std::move(resources), options);
}

pending<result<std::vector<config_resource>>> admin::list_config_resources(std::set<resource_kind> kinds,
                                                                           call_options options) const {
    list_config_resources_plan plan;
    plan.kinds = std::move(kinds);
    return submit_single(submit_, std::move(plan), options);
}

} // namespace barnabas::client
