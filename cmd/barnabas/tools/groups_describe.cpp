#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"

#include <algorithm>

// `barnabas consumer-groups --describe`.
namespace barnabas::groups {

using client::group_description;
using client::partition_name;

namespace {

/// What is shown of a group beside its table. False when there is no table.
bool tell_state(said& all, const group_description& group) {
    if (group.state == "Empty")
        all.complaints += "\nConsumer group '" + group.id + "' has no active members.\n";
    else if (group.state != "Stable")
        all.complaints += "\nWarning: Consumer group '" + group.id + "' is rebalancing.\n";
    return group.state != "Dead";
}

std::vector<const client::member_description*> readers_of(const group_description& group) {
    std::vector<const client::member_description*> members;
    const auto count = [](const client::member_description* one) {
        std::size_t all = 0;
        for (const auto& [topic, partitions] : one->assignment)
            all += partitions.size();
        return all;
    };
    for (const auto& one : group.members)
        if (count(&one) > 0)
            members.push_back(&one);
    std::stable_sort(members.begin(), members.end(),
                     [&](const auto* a, const auto* b) { return count(a) > count(b); });
    return members;
}

using committed_offsets = std::map<partition_name, client::committed_offset>;

offset_row row_of(const std::string& group, const partition_name& name, const committed_offsets& committed) {
    offset_row row;
    row.group = group;
    row.partition = name;
    if (const auto found = committed.find(name); found != committed.end()) {
        row.committed = found->second.offset;
        if (found->second.leader_epoch >= 0)
            row.leader_epoch = found->second.leader_epoch;
    }
    return row;
}

/// Partitions that somebody reads, by member; then those that only have an offset.
std::vector<offset_row> rows_of(const group_description& group, const committed_offsets& committed) {
    std::vector<offset_row> rows;
    std::set<partition_name> read;
    for (const auto* member : readers_of(group))
        for (auto [topic, partitions] : member->assignment) {
            std::sort(partitions.begin(), partitions.end());
            for (const auto partition : partitions) {
                rows.push_back(row_of(group.id, {topic, partition}, committed));
                rows.back().reader = *member;
                read.insert({topic, partition});
            }
        }
    for (const auto& [name, offset] : committed)
        if (!read.contains(name))
            rows.push_back(row_of(group.id, name, committed));
    return rows;
}

std::optional<error> add_log_ends(const context& with, std::vector<offset_row>& rows) {
    std::set<partition_name> names;
    for (const auto& row : rows)
        names.insert(row.partition);
    const auto there = existing_partitions(with, names);
    if (!there)
        return there.failure();
    std::map<partition_name, std::int64_t> wanted;
    for (const auto& name : *there)
        wanted[name] = client::offset_times::latest;
    if (wanted.empty())
        return std::nullopt;
    const auto ends = with.calls.list_offsets(std::move(wanted), with.limits).get();
    for (auto& row : rows)
        if (const auto found = ends.find(row.partition); found != ends.end() && found->second)
            row.end = found->second->offset;
    return std::nullopt;
}

json_object row_json(const offset_row& row) {
    json_object made;
    made.add("topic", row.partition.topic).add("partition", row.partition.partition);
    made.add("currentOffset", row.committed).add("logEndOffset", row.end).add("lag", row.lag());
    made.add("leaderEpoch", row.leader_epoch);
    const auto reader = row.reader.value_or(client::member_description{});
    const auto there = [&](const std::string& text) {
        return row.reader ? std::optional(text) : std::nullopt;
    };
    return made.add("consumerId", there(reader.id))
        .add("host", there(reader.host))
        .add("clientId", there(reader.client_id));
}

json_object assignment_json(const std::map<std::string, std::vector<std::int32_t>>& assignment) {
    json_object made;
    for (const auto& [topic, partitions] : assignment)
        made.add(topic, partitions);
    return made;
}

json_object member_json(const client::member_description& one) {
    json_object made;
    made.add("consumerId", one.id).add("groupInstanceId", one.instance_id).add("host", one.host);
    made.add("clientId", one.client_id).add("assignment", assignment_json(one.assignment));
    if (one.epoch >= 0)
        made.add("currentEpoch", one.epoch).add("targetAssignment", assignment_json(one.target_assignment));
    return made;
}

/// Describes group by group; `show` gives the table of one.
class description {
public:
    description(const context& with, std::vector<std::string> groups)
        : with_(with), names_(std::move(groups)),
          found_(with.calls.describe_groups(names_, with.limits).get()) {}

    /// `part(group)` gives text and JSON of a group, or a failure of all.
    template <class Part>
    result<said> told(const Part& part) {
        std::vector<json_object> shown;
        for (const auto& [id, group] : found_) {
            if (!group && group.code() != errc::group_id_not_found)
                return group.failure();
            if (!group) {
                tell_missing(id, shown);
                continue;
            }
            json_object made;
            made.add("group", id).add("state", group->state);
            const auto text = part(*group, made);
            if (!text)
                return text.failure();
            shown.push_back(made);
            if (tell_state(all_, *group))
                all_.out += *text;
        }
        if (with_.json()) {
            all_.out = json_object().add("groups", shown).text() + "\n";
            all_.complaints.clear();
        }
        return all_;
    }

private:
    void tell_missing(const std::string& id, std::vector<json_object>& shown) {
        complain(all_, "Consumer group '" + id + "' does not exist.");
        shown.push_back(json_object().add("group", id).add("error", "does not exist"));
    }

    const context& with_;
    std::vector<std::string> names_;
    client::admin::described_groups found_;
    said all_;
};

result<said> describe_offsets(const context& with, const std::vector<std::string>& groups) {
    const auto committed = with.calls.offsets_of_groups(groups, with.limits).get();
    const bool verbose = with.options.has("verbose");
    return description(with, groups)
        .told([&](const group_description& group, json_object& json) -> result<std::string> {
            const auto& offsets = committed.at(group.id);
            if (!offsets)
                return offsets.failure();
            auto rows = rows_of(group, *offsets);
            if (const auto failed = add_log_ends(with, rows))
                return *failed;
            std::vector<json_object> all;
            for (const auto& row : rows)
                all.push_back(row_json(row));
            json.add("partitions", all);
            return rows.empty() ? std::string() : offsets_text(rows, verbose);
        });
}

result<said> describe_members(const context& with, const std::vector<std::string>& groups) {
    const bool verbose = with.options.has("verbose");
    return description(with, groups)
        .told([&](const group_description& group, json_object& json) -> result<std::string> {
            std::vector<json_object> all;
            for (const auto& one : group.members)
                all.push_back(member_json(one));
            json.add("members", all);
            return group.members.empty() ? std::string() : members_text(group, verbose);
        });
}

result<said> describe_state(const context& with, const std::vector<std::string>& groups) {
    const bool verbose = with.options.has("verbose");
    const auto coordinators = with.calls.coordinators_of_groups(groups, with.limits).get();
    return description(with, groups)
        .told([&](const group_description& group, json_object& json) -> result<std::string> {
            const auto& coordinator = coordinators.at(group.id);
            if (!coordinator)
                return coordinator.failure();
            json.add("coordinator", json_object()
                                        .add("id", coordinator->id)
                                        .add("host", coordinator->host)
                                        .add("port", coordinator->port));
            json.add("assignor", group.assignor).add("memberCount", group.members.size());
            if (group.is_consumer_protocol)
                json.add("groupEpoch", group.epoch).add("targetAssignmentEpoch", group.target_epoch);
            return state_text(group, *coordinator, verbose);
        });
}

} // namespace

result<said> describe(const context& with) {
    const auto groups = chosen_groups(with);
    if (!groups)
        return groups.failure();
    if (groups->empty())
        return said{with.json() ? json_object().add("groups", std::vector<json_object>{}).text() + "\n"
                                : std::string(),
                    {}};
    if (with.options.has("members"))
        return describe_members(with, *groups);
    return with.options.has("state") ? describe_state(with, *groups) : describe_offsets(with, *groups);
}

} // namespace barnabas::groups
