#include "actors/controller/config_changes.hpp"

#include "runtime/config/broker_keys.hpp"
#include "runtime/config/cordon.hpp"
#include "runtime/config/group_config.hpp"
#include "runtime/config/topic_config.hpp"
#include "runtime/config/topic_keys.hpp"

#include <iterator>
#include <optional>
#include <utility>

namespace barnabas {

namespace {

using texts = std::map<std::string, std::string>;
using change = alter_configs_request::change;

/// What is altered: where it is kept, and how records name it.
struct altered_resource {
    texts now;
    decltype(config_changed_record::resource) record;

    bool is_topic() const { return std::holds_alternative<topic_id>(record); }
    bool is_group() const { return std::holds_alternative<named_group>(record); }
};

/// What is set there; nothing where nothing is.
template <class Map, class Name>
texts set_for(const Map& configs, const Name& name) {
    const auto found = configs.find(name);
    return found == configs.end() ? texts{} : found->second;
}

result<altered_resource> find_resource(const metadata_image& image, const alter_configs_request::item& item) {
    altered_resource found;
    if (const auto* name = std::get_if<std::string>(&item.resource)) {
        const auto* topic = image.find_topic(*name);
        if (topic == nullptr)
            return error{errc::unknown_topic_or_partition, "no topic is named " + *name};
        found.now = topic->configs;
        found.record = topic->id;
    } else if (const auto* broker = std::get_if<node_id>(&item.resource)) {
        if (!image.brokers.contains(*broker))
            return error{errc::invalid_request,
                         "no broker of this cluster has the id " + std::to_string(broker->get())};
        found.now = set_for(image.broker_configs, *broker);
        found.record = *broker;
    } else if (const auto* group = std::get_if<named_group>(&item.resource)) {
        found.now = set_for(image.group_configs, group->name);
        found.record = *group;
    } else {
        found.now = image.configs_of_all;
    }
    return found;
}

/// Type and default of a key; nothing of one that is not known.
struct key_facts {
    config_type type = config_type::string;
    std::string default_text;
};

template <class Key>
std::optional<key_facts> facts_of(const Key* key) {
    if (key == nullptr)
        return std::nullopt;
    return key_facts{key->type, key->default_text == nullptr ? "" : key->default_text};
}

result<key_facts> find_facts(const altered_resource& resource, const std::string& key) {
    if (resource.is_topic())
        if (const auto facts = facts_of(find_topic_key(key)))
            return *facts;
    if (resource.is_group())
        if (const auto facts = facts_of(find_group_key(key)))
            return *facts;
    if (resource.is_topic() || resource.is_group())
        return error{errc::invalid_config, std::string("Unknown ") +
                                               (resource.is_topic() ? "topic" : "group") +
                                               " config name: " + key};
    if (const auto facts = facts_of(find_broker_key(key)))
        return *facts;
    return error{errc::invalid_request, "no configuration of brokers is named " + key};
}

/// Changes of a list start from the key's own default where nothing is set, as in Kafka.
result<std::string> list_after(const change& one, const altered_resource& resource, const texts& now) {
    const auto facts = find_facts(resource, one.key);
    if (!facts)
        return facts.failure();
    const auto set = now.find(one.key);
    return changed_list(one.key, facts->type, one.what, set == now.end() ? facts->default_text : set->second,
                        one.value);
}

result<texts> wanted_of(const alter_configs_request::item& item, const altered_resource& resource) {
    texts wanted = item.replaces ? texts{} : resource.now;
    for (const auto& one : item.changes) {
        if (one.what == config_operation::remove) {
            wanted.erase(one.key);
            continue;
        }
        if (one.what == config_operation::set) {
            wanted[one.key] = one.value;
            continue;
        }
        auto list = list_after(one, resource, wanted);
        if (!list)
            return list.failure();
        wanted[one.key] = std::move(*list);
    }
    return wanted;
}

result<void> check_wanted(const controller_options& options, const altered_resource& resource,
                          const texts& wanted) {
    if (resource.is_topic())
        return check_topic_configs({wanted.begin(), wanted.end()});
    if (resource.is_group())
        return check_group_configs(options.groups, wanted);
    for (const auto& [key, value] : wanted) {
        const auto set = resource.now.find(key);
        const bool stays = set != resource.now.end() && set->second == value;
        if (auto valid = check_altered_broker_config(key, value); !valid && !stays)
            return valid;
        if (key != cordon_key || stays)
            continue;
        if (auto valid = check_cordon(options.log_dirs, value); !valid)
            return valid;
    }
    return {};
}

void write_changes(const altered_resource& resource, const texts& wanted,
                   std::vector<metadata_record>& records) {
    for (const auto& [key, value] : wanted) {
        const auto set = resource.now.find(key);
        if (set == resource.now.end() || set->second != value)
            records.emplace_back(config_changed_record{resource.record, key, value});
    }
    for (const auto& [key, value] : resource.now)
        if (!wanted.contains(key))
            records.emplace_back(config_changed_record{resource.record, key, std::nullopt});
}

result<void> alter(const controller_state& state, const controller_options& options,
                   const alter_configs_request::item& item, std::vector<metadata_record>& records) {
    const auto resource = find_resource(state.image, item);
    if (!resource)
        return resource.failure();
    const auto wanted = wanted_of(item, *resource);
    if (!wanted)
        return wanted.failure();
    if (auto valid = check_wanted(options, *resource, *wanted); !valid)
        return valid;
    write_changes(*resource, *wanted, records);
    return {};
}

} // namespace

decision<topics_response> decide_alter_configs(const controller_state& state,
                                               const controller_options& options,
                                               const alter_configs_request& request) {
    decision<topics_response> decided;
    decided.response.token = request.token;
    for (const auto& item : request.resources) {
        auto& answer = decided.response.topics.emplace_back();
        std::vector<metadata_record> records;
        if (auto done = alter(state, options, item, records); !done) {
            answer.code = done.code();
            answer.detail = done.failure().detail;
        } else if (!request.validate_only) {
            decided.records.insert(decided.records.end(), std::make_move_iterator(records.begin()),
                                   std::make_move_iterator(records.end()));
        }
    }
    return decided;
}

} // namespace barnabas
