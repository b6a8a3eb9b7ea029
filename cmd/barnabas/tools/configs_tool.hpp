#pragma once

#include "actors/client/admin/admin.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// Parts of `barnabas configs`, which is Kafka's kafka-configs.sh.
namespace barnabas::configs {

using tools::said;

/// "topics" or one of the other types, and which: nothing for all of them, "" for the default of all brokers.
struct entity {
    std::string type;
    std::optional<std::string> name;
};

/// The entity that --entity-type and --entity-name name, or a short form such as --topic.
result<entity> chosen_entity(const cli::parsed_options& options);
/// What --add-config, --add-config-file and --delete-config say, in the order of the names.
result<std::vector<client::config_change>> chosen_changes(const cli::parsed_options& options);
/// "k=v,k2=[a,b]". The error is Kafka's.
result<std::map<std::string, std::string>> parse_added(const std::string& text);

result<said> alter(const client::admin& calls, const cli::parsed_options& options, const entity& which);
result<said> describe(const client::admin& calls, const cli::parsed_options& options, const entity& which);

client::resource_kind kind_of(const entity& which);
/// "topic" of "topics".
std::string singular(const std::string& type);
/// Set for this entity itself, and not further away.
bool is_its_own(const client::config_resource& resource, const client::config_entry& entry);

} // namespace barnabas::configs
