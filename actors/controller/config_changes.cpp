#include "actors/controller/config_changes.hpp"

#include "runtime/config/broker_keys.hpp"
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
    bool is_topic = false;
};

result<altered_resource> find_resource(const metadata_image& image, const alter_configs_request::item& item) {
    if (const auto* name = std::get_if<std::string>(&item.resource)) {
        const auto* topic = image.find_topic(*name);
        if (topic == nullptr)
            return error{errc::unknown_topic_or_partition, "no topic is named " + *name};
        return altered_resource{topic->configs, topic->id, true};
    }
    if (const auto* broker = std::get_if<node_id>(&item.resource)) {
        if (!image.brokers.contains(*broker))
            return error{errc::invalid_request,
                         "no broker of this cluster has the id " + std::to_string(broker->get())};
        const auto found = image.broker_configs.find(*broker);
        return altered_resource{found == image.broker_configs.end() ? texts{} : found->second, *broker,
                                false};
    }
    return altered_resource{image.configs_of_all, cluster_resource{}, false};
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

/// Changes of a list start from the key's own default where nothing is set, as in Kafka.
result<std::string> list_after(const change& one, bool is_topic, const texts& now) {
    const auto facts = is_topic ? facts_of(find_topic_key(one.key)) : facts_of(find_broker_key(one.key));
    if (!facts)
        return is_topic ? error{errc::invalid_config, "Unknown topic config name: " + one.key}
                        : error{errc::invalid_request, "no configuration of brokers is named " + one.key};
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
        auto list = list_after(one, resource.is_topic, wanted);
        if (!list)
            return list.failure();
        wanted[one.key] = std::move(*list);
    }
    return wanted;
}

result<void> check_wanted(const altered_resource& resource, const texts& wanted) {
    if (resource.is_topic)
        return check_topic_configs({wanted.begin(), wanted.end()});
    for (const auto& [key, value] : wanted) {
        const auto set = resource.now.find(key);
        const bool stays = set != resource.now.end() && set->second == value;
        if (auto valid = check_altered_broker_config(key, value); !valid && !stays)
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

result<void> alter(const metadata_image& image, const alter_configs_request::item& item,
                   std::vector<metadata_record>& records) {
    const auto resource = find_resource(image, item);
    if (!resource)
        return resource.failure();
    const auto wanted = wanted_of(item, *resource);
    if (!wanted)
        return wanted.failure();
    if (auto valid = check_wanted(*resource, *wanted); !valid)
        return valid;
    write_changes(*resource, *wanted, records);
    return {};
}

} // namespace

decision<topics_response> decide_alter_configs(const controller_state& state,
                                               const alter_configs_request& request) {
    decision<topics_response> decided;
    decided.response.token = request.token;
    for (const auto& item : request.resources) {
        auto& answer = decided.response.topics.emplace_back();
        std::vector<metadata_record> records;
        if (auto done = alter(state.image, item, records); !done) {
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
