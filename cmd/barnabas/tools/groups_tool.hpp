#pragma once

#include "actors/client/admin/admin.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Parts of `barnabas consumer-groups`, which is Kafka's kafka-consumer-groups.sh.
namespace barnabas::groups {

using tools::said;

struct context {
    const client::admin& calls;
    const cli::parsed_options& options;
    /// What --timeout leaves to each call.
    client::call_options limits;

    bool json() const { return tools::wants_json(options); }
};

/// A partition that a group has to do with; what is absent is shown as "-".
struct offset_row {
    std::string group;
    client::partition_name partition;
    std::optional<std::int64_t> committed;
    std::optional<std::int32_t> leader_epoch;
    std::optional<std::int64_t> end;
    /// Who reads it.
    std::optional<client::member_description> reader;

    std::optional<std::int64_t> lag() const {
        return committed && end ? std::optional(*end - *committed) : std::nullopt;
    }
};

using offsets = std::map<client::partition_name, std::int64_t>;

// groups_shown.cpp: Kafka's text, byte by byte.
std::string offsets_text(const std::vector<offset_row>& rows, bool verbose);
std::string members_text(const client::group_description& group, bool verbose);
std::string state_text(const client::group_description& group, const client::broker_description& coordinator,
                       bool verbose);
std::string listing_text(const std::vector<client::group_listing>& groups, bool with_type, bool with_state);
/// {"groups":[...]}, and a newline.
std::string listing_json(const std::vector<client::group_listing>& groups);
/// What kafka-groups.sh shows.
std::string all_groups_text(const std::vector<client::group_listing>& groups);
std::string plan_text(const std::map<std::string, offsets>& plans);
/// Rows of what --export writes and --from-file reads.
std::string plan_csv(const std::map<std::string, offsets>& plans, bool with_group);
/// Of lines without a group, which belong to `only_group`; the error names the line.
result<std::map<std::string, offsets>> parse_plan_csv(const std::string& file, const std::string& text,
                                                      const std::optional<std::string>& only_group);

/// In small letters.
std::string lower(std::string_view text);

/// The groups of consumers, by name; a failure of any broker is a failure.
result<std::vector<client::group_listing>> consumer_groups(const context& with);
/// Those of --group, or all with --all-groups.
result<std::vector<std::string>> chosen_groups(const context& with);
/// Topics as --topic names them, "t" or "t:0,1". The error names the partitions that do not exist.
result<std::vector<client::partition_name>> chosen_partitions(const context& with,
                                                              const std::vector<std::string>& topics);
/// Of `names`, those that exist.
result<std::set<client::partition_name>> existing_partitions(const context& with,
                                                             const std::set<client::partition_name>& names);

// The actions. A failure's detail is what Kafka's tool says behind "Executing consumer group command failed
// due to ".
result<said> list(const context& with);
result<said> describe(const context& with);
result<said> remove(const context& with);
result<said> remove_offsets(const context& with);
result<said> reset_offsets(const context& with);
result<said> validate_regex(const std::string& regex, bool json);
/// States and types that --list does not know would let no group through.
std::optional<std::string> find_list_misuse(const cli::parsed_options& options);

/// A failure that is told and, in Kafka's tool, no reason for another exit status.
void complain(said& to, const std::string& sentence);
/// The broker's refusal in Kafka's words.
std::string sentence_of(const error& why);

} // namespace barnabas::groups
