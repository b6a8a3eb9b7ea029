#include "actors/client/admin/submit_plan.hpp"
#include "actors/client/consumer/group_offsets.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_delete.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <limits>

// How far groups have read: asked for, set, forgotten.
namespace barnabas::client {

namespace {

struct group_offsets_plan : plan_defaults {
    using request = kafka::offset_fetch_request;
    using response = kafka::offset_fetch_response;
    using key = std::string;
    using value = std::map<partition_name, committed_offset>;

    std::size_t keys_per_request() const { return 1; }
    std::int16_t lowest_version() const { return 2; }
    std::int16_t highest_version() const { return last_offsets_with_names; }
    call_target target(const key& group) const { return call_target::coordinator(group); }
    request ask(std::span<const key> groups, std::int32_t, std::int16_t version) const {
        request asked;
        asked.group_id = groups.front();
        // Null: all topics.
        asked.topics.reset();
        if (version >= fetch_version_of_groups) {
            auto& group = asked.groups.emplace_back();
            group.group_id = groups.front();
            group.topics.reset();
        }
        return asked;
    }
    void read(const response& said, std::span<const key> groups, key_answers<key, value>& out) const {
        if (said.groups.empty())
            return tell(groups.front(), said.error_code, said.topics, out);
        for (const auto& one : said.groups)
            tell(one.group_id, one.error_code, one.topics, out);
    }

private:
    template <class Topics>
    static void tell(const key& group, std::int16_t code, const Topics& topics,
                     key_answers<key, value>& out) {
        value offsets;
        for (const auto& topic : topics)
            for (const auto& one : topic.partitions) {
                if (one.error_code != 0)
                    code = one.error_code;
                if (one.committed_offset >= 0)
                    offsets[{topic.name, one.partition_index}] = {
                        one.committed_offset, one.committed_leader_epoch, one.metadata.value_or("")};
            }
        out.tell(group, code, {}, std::move(offsets));
    }
};

struct commit_offsets_plan : plan_defaults {
    using request = kafka::offset_commit_request;
    using response = kafka::offset_commit_response;
    using key = partition_name;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::string group;
    std::map<partition_name, committed_offset> offsets;

    std::int16_t lowest_version() const { return 2; }
    std::int16_t highest_version() const { return last_offsets_with_names; }
    call_target target(const key&) const { return call_target::coordinator(group); }
    request ask(std::span<const key> names, std::int32_t, std::int16_t) const {
        request asked;
        asked.group_id = group;
        for (const auto& name : names) {
            const auto& offset = offsets.at(name);
            auto& partition = entry_of(asked.topics, name.topic).partitions.emplace_back();
            partition.partition_index = name.partition;
            partition.committed_offset = offset.offset;
            partition.committed_leader_epoch = offset.leader_epoch;
            partition.committed_metadata = offset.metadata;
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& topic : said.topics)
            for (const auto& one : topic.partitions)
                out.tell({topic.name, one.partition_index}, one.error_code, {}, {});
    }
};

struct delete_offsets_plan : plan_defaults {
    using request = kafka::offset_delete_request;
    using response = kafka::offset_delete_response;
    using key = partition_name;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::string group;

    call_target target(const key&) const { return call_target::coordinator(group); }
    request ask(std::span<const key> names, std::int32_t, std::int16_t) const {
        request asked;
        asked.group_id = group;
        for (const auto& name : names)
            entry_of(asked.topics, name.topic).partitions.emplace_back().partition_index = name.partition;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code);
        for (const auto& topic : said.topics)
            for (const auto& one : topic.partitions)
                out.tell({topic.name, one.partition_index}, one.error_code, {}, {});
    }
};

} // namespace

pending<admin::group_offsets> admin::offsets_of_groups(std::vector<std::string> groups,
                                                       call_options options) const {
    return submit_plan(submit_, group_offsets_plan{}, std::move(groups), options);
}

pending<admin::changed_partitions> admin::commit_offsets(std::string group,
                                                         std::map<partition_name, committed_offset> offsets,
                                                         call_options options) const {
    if (const auto fault = fault_of_offsets(offsets)) {
        changed_partitions all;
        for (const auto& [name, offset] : offsets)
            all.emplace(name, *fault);
        pending<changed_partitions> refused;
        refused.give(std::move(all));
        return refused;
    }
    commit_offsets_plan plan;
    plan.group = std::move(group);
    plan.offsets = std::move(offsets);
    auto names = keys_of(plan.offsets);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

pending<admin::changed_partitions>
admin::delete_offsets(std::string group, std::vector<partition_name> partitions, call_options options) const {
    delete_offsets_plan plan;
    plan.group = std::move(group);
    return submit_plan(submit_, std::move(plan), std::move(partitions), options);
}

} // namespace barnabas::client
