#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/consumer_group_describe.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/describe_groups.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/list_groups.hpp"

// Groups: listed, described, deleted.
namespace barnabas::client {

namespace {

struct list_groups_plan : plan_defaults {
    using request = kafka::list_groups_request;
    using response = kafka::list_groups_response;
    using key = std::int32_t;
    using value = std::vector<group_listing>;

    std::size_t keys_per_request() const { return 1; }
    call_target target(const key& broker) const { return call_target::broker(broker); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const { return {}; }
    void read(const response& said, std::span<const key> brokers, key_answers<key, value>& out) const {
        std::vector<group_listing> groups;
        for (const auto& one : said.groups)
            groups.push_back({one.group_id, one.protocol_type, one.group_state, one.group_type});
        out.tell(brokers.front(), said.error_code, {}, std::move(groups));
    }
};

std::map<std::string, std::vector<std::int32_t>> assignment_in(const slice& bytes) {
    std::map<std::string, std::vector<std::int32_t>> given;
    constexpr std::int16_t newest = 3;
    kafka::wire_reader in(bytes);
    const auto version = in.int16("version");
    if (!in.ok() || version < 0)
        return given;
    const auto read = kafka::consumer_protocol_assignment::decode(in, std::min(version, newest));
    if (!read)
        return given;
    for (const auto& one : read->assigned_partitions)
        given[one.topic] = one.partitions;
    return given;
}

struct describe_classic_plan : plan_defaults {
    using request = kafka::describe_groups_request;
    using response = kafka::describe_groups_response;
    using key = std::string;
    using value = group_description;

    call_target target(const key& group) const { return call_target::coordinator(group); }
    request ask(std::span<const key> groups, std::int32_t, std::int16_t) const {
        request asked;
        asked.groups.assign(groups.begin(), groups.end());
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.groups) {
            // Before version 6 a group that nobody knows was dead.
            const bool gone = one.error_code == 0 && one.group_state == "Dead";
            out.tell(one.group_id,
                     gone ? kafka::wire_value(kafka::error_code::group_id_not_found) : one.error_code,
                     one.error_message, description_of(one));
        }
    }
    static group_description description_of(const response::described_group& said) {
        group_description made;
        made.id = said.group_id;
        made.state = said.group_state;
        made.protocol_type = said.protocol_type;
        made.assignor = said.protocol_data;
        for (const auto& one : said.members) {
            auto& member = made.members.emplace_back();
            member.id = one.member_id;
            member.instance_id = one.group_instance_id;
            member.client_id = one.client_id;
            member.host = one.client_host;
            if (said.protocol_type == "consumer" || said.protocol_type.empty())
                member.assignment = assignment_in(one.member_assignment);
        }
        return made;
    }
};

struct describe_consumer_plan : plan_defaults {
    using request = kafka::consumer_group_describe_request;
    using response = kafka::consumer_group_describe_response;
    using key = std::string;
    using value = group_description;

    call_target target(const key& group) const { return call_target::coordinator(group); }
    request ask(std::span<const key> groups, std::int32_t, std::int16_t) const {
        request asked;
        asked.group_ids.assign(groups.begin(), groups.end());
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.groups)
            out.tell(one.group_id, one.error_code, one.error_message, description_of(one));
    }
    static group_description description_of(const response::described_group& said) {
        group_description made;
        made.id = said.group_id;
        made.state = said.group_state;
        made.protocol_type = "consumer";
        made.assignor = said.assignor_name;
        made.is_consumer_protocol = true;
        made.epoch = said.group_epoch;
        made.target_epoch = said.assignment_epoch;
        for (const auto& one : said.members) {
            auto& member = made.members.emplace_back();
            member.id = one.member_id;
            member.instance_id = one.instance_id;
            member.client_id = one.client_id;
            member.host = one.client_host;
            member.epoch = one.member_epoch;
            for (const auto& topic : one.assignment.topic_partitions)
                member.assignment[topic.topic_name] = topic.partitions;
            for (const auto& topic : one.target_assignment.topic_partitions)
                member.target_assignment[topic.topic_name] = topic.partitions;
        }
        return made;
    }
};

struct find_coordinators_plan : plan_defaults {
    using request = kafka::find_coordinator_request;
    using response = kafka::find_coordinator_response;
    using key = std::string;
    using value = broker_description;

    std::size_t keys_per_request() const { return 1; }
    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key> groups, std::int32_t, std::int16_t) const {
        request asked;
        asked.key = groups.front();
        asked.coordinator_keys.assign(groups.begin(), groups.end());
        return asked;
    }
    void read(const response& said, std::span<const key> groups, key_answers<key, value>& out) const {
        // Before version 4 the answer itself is of the one group.
        if (said.coordinators.empty())
            return out.tell(groups.front(), said.error_code, said.error_message,
                            {said.node_id, said.host, said.port, {}});
        for (const auto& one : said.coordinators)
            out.tell(one.key, one.error_code, one.error_message, {one.node_id, one.host, one.port, {}});
    }
};

struct delete_groups_plan : plan_defaults {
    using request = kafka::delete_groups_request;
    using response = kafka::delete_groups_response;
    using key = std::string;
    using value = no_value;
    static constexpr bool changes_something = true;

    call_target target(const key& group) const { return call_target::coordinator(group); }
    request ask(std::span<const key> groups, std::int32_t, std::int16_t) const {
        request asked;
        asked.groups_names.assign(groups.begin(), groups.end());
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.results)
            out.tell(one.group_id, one.error_code, one.error_message, {});
    }
};

/// Not of the new protocol, or asked of a broker from before it: asked again as a classic one.
bool may_be_classic(errc code) {
    return code == errc::group_id_not_found || code == errc::unsupported_version;
}

} // namespace

pending<result<found_groups>> admin::list_groups(call_options options) const {
    pending<result<found_groups>> later;
    describe_cluster(options).on_done([submit = submit_, options, later](const auto& cluster) {
        if (!cluster)
            return later.give(cluster.failure());
        std::vector<std::int32_t> brokers;
        for (const auto& one : cluster->brokers)
            brokers.push_back(one.id);
        submit_plan(submit, list_groups_plan{}, brokers, options).on_done([later](const auto& all) {
            found_groups found;
            for (const auto& [broker, groups] : all) {
                if (groups)
                    found.groups.insert(found.groups.end(), groups->begin(), groups->end());
                else
                    found.failures.emplace(broker, groups.failure());
            }
            std::sort(found.groups.begin(), found.groups.end(),
                      [](const auto& a, const auto& b) { return a.id < b.id; });
            later.give(std::move(found));
        });
    });
    return later;
}

pending<admin::described_groups> admin::describe_groups(std::vector<std::string> groups,
                                                        call_options options) const {
    pending<described_groups> later;
    auto first = submit_plan(submit_, describe_consumer_plan{}, std::move(groups), options);
    first.on_done([submit = submit_, options, later](const described_groups& as_new) {
        std::vector<std::string> classic;
        for (const auto& [group, one] : as_new)
            if (!one && may_be_classic(one.code()))
                classic.push_back(group);
        if (classic.empty())
            return later.give(as_new);
        submit_plan(submit, describe_classic_plan{}, classic, options)
            .on_done([as_new, later](const described_groups& as_classic) {
                auto all = as_new;
                for (const auto& [group, one] : as_classic)
                    all.insert_or_assign(group, one);
                later.give(std::move(all));
            });
    });
    return later;
}

pending<results<std::string, broker_description>>
admin::coordinators_of_groups(std::vector<std::string> groups, call_options options) const {
    return submit_plan(submit_, find_coordinators_plan{}, std::move(groups), options);
}

pending<admin::changed> admin::delete_groups(std::vector<std::string> groups, call_options options) const {
    return submit_plan(submit_, delete_groups_plan{}, std::move(groups), options);
}

} // namespace barnabas::client
