#pragma once

#include "actors/client/admin/admin_broker_types.hpp"
#include "actors/client/admin/admin_client_types.hpp"
#include "actors/client/admin/admin_types.hpp"
#include "actors/client/pending.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client {

class cluster_call;

/// Typed calls to a cluster. Each gives one result per resource that was named; a value that comes later can
/// be waited for or hooked to. Errors have a code and a sentence:
///
/// | code | meaning |
/// |---|---|
/// | `request_timed_out` | no answer in time: how far it got; a change may have happened |
/// | `topic_already_exists`, `invalid_config`, ... | the broker refused; its words |
/// | `unsupported_version` | the broker is too old for what was asked |
/// | `broker_not_available` | the cluster has no broker of that number |
/// | `malformed` | answers could not be read, three times |
/// | `throttled` | too many calls at once |
/// | `closed` | the client was closed |
/// | `internal` | an error of Kafka's that has no name here; the sentence names it |
///
/// The sentence of a timeout has each broker's last error.
class admin {
public:
    /// Hands a call to who carries it out; `timeout_ns` instead of the default.
    using submitter =
        std::function<void(std::unique_ptr<cluster_call>, std::optional<std::int64_t> timeout_ns)>;

    explicit admin(submitter submit) : submit_(std::move(submit)) {}

    using created = results<std::string, created_topic>;
    using described_topics = results<std::string, topic_description>;
    using changed = results<std::string, no_value>;
    using described_configs = results<config_resource, std::vector<config_entry>>;
    using described_groups = results<std::string, group_description>;
    using group_offsets = results<std::string, std::map<partition_name, committed_offset>>;
    using changed_partitions = results<partition_name, no_value>;
    using changed_configs = results<config_resource, no_value>;

    pending<created> create_topics(std::vector<topic_spec> topics, call_options options = {}) const;
    pending<changed> delete_topics(std::vector<std::string> names, call_options options = {}) const;
    /// All topics, internal ones too, by name.
    pending<result<std::vector<topic_listing>>> list_topics(call_options options = {}) const;
    pending<described_topics> describe_topics(std::vector<std::string> names,
                                              call_options options = {}) const;
    pending<changed> create_partitions(std::map<std::string, partitions_spec> topics,
                                       call_options options = {}) const;

    /// With all settings, their synonyms and, if wanted, what they mean.
    pending<described_configs> describe_configs(std::vector<config_resource> resources,
                                                bool with_documentation = false,
                                                call_options options = {}) const;
    /// Only what is named changes.
    pending<changed_configs> alter_configs(std::map<config_resource, std::vector<config_change>> changes,
                                           call_options options = {}) const;

    /// Everything that is not named goes back to its default. For brokers before 2.3; others have
    /// `alter_configs`.
    pending<changed_configs>
    replace_configs(std::map<config_resource, std::map<std::string, std::string>> configs,
                    call_options options = {}) const;
    /// What has settings, or can have some; without kinds, all of them.
    pending<result<std::vector<config_resource>>> list_config_resources(std::set<resource_kind> kinds = {},
                                                                        call_options options = {}) const;

    pending<result<cluster_description>> describe_cluster(call_options options = {}) const;
    /// The APIs that each broker serves, by number.
    pending<results<std::int32_t, std::vector<served_api>>>
    describe_versions(std::vector<std::int32_t> brokers, call_options options = {}) const;
    pending<result<feature_levels>> describe_features(call_options options = {}) const;
    pending<changed> update_features(std::map<std::string, feature_change> changes,
                                     call_options options = {}) const;
    /// By number. Where the brokers' clients go, or the controllers'.
    pending<result<std::vector<endpoint_description>>>
    list_endpoints(endpoint_kind kind, bool with_fenced = false, call_options options = {}) const;
    pending<results<std::int32_t, no_value>> unregister_brokers(std::vector<std::int32_t> brokers,
                                                                call_options options = {}) const;

    /// Offsets by time: milliseconds since 1970, or one of `offset_times`.
    pending<results<partition_name, listed_offset>> list_offsets(std::map<partition_name, std::int64_t> times,
                                                                 call_options options = {}) const;
    /// Deletes the records before each offset (-1: all that are committed); gives the new low watermarks.
    pending<results<partition_name, std::int64_t>>
    delete_records(std::map<partition_name, std::int64_t> before, call_options options = {}) const;

    /// The producers that the leader of each partition remembers.
    pending<results<partition_name, std::vector<producer_state>>>
    describe_producers(std::vector<partition_name> partitions, call_options options = {}) const;

    /// Of all brokers; the failure of one is no failure of the call.
    pending<result<found_groups>> list_groups(call_options options = {}) const;
    /// Of either protocol; `group_id_not_found` for a group that nobody knows.
    pending<described_groups> describe_groups(std::vector<std::string> groups,
                                              call_options options = {}) const;
    /// Who coordinates each group.
    pending<results<std::string, broker_description>> coordinators_of_groups(std::vector<std::string> groups,
                                                                             call_options options = {}) const;
    pending<changed> delete_groups(std::vector<std::string> groups, call_options options = {}) const;
    /// All offsets that a group has committed.
    pending<group_offsets> offsets_of_groups(std::vector<std::string> groups,
                                             call_options options = {}) const;
    /// For a group without members. With an offset below 0 nothing is sent, and all are `invalid_request`.
    pending<changed_partitions> commit_offsets(std::string group,
                                               std::map<partition_name, committed_offset> offsets,
                                               call_options options = {}) const;
    pending<changed_partitions> delete_offsets(std::string group, std::vector<partition_name> partitions,
                                               call_options options = {}) const;

    /// Members of a classic group leave it; the coordinator logs the reason.
    pending<results<member_name, no_value>> remove_members(std::string group,
                                                           std::vector<member_name> members,
                                                           std::string reason,
                                                           call_options options = {}) const;

    /// Per broker.
    pending<results<std::int32_t, std::vector<log_dir_description>>>
    describe_log_dirs(std::vector<std::int32_t> brokers, call_options options = {}) const;
    /// Moves replicas to the directory with that path, on their own broker.
    pending<results<replica_name, no_value>> alter_log_dirs(std::map<replica_name, std::string> paths,
                                                            call_options options = {}) const;

private:
    submitter submit_;
};

} // namespace barnabas::client
