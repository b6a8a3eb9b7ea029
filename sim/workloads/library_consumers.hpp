#pragma once

#include "actors/client/consumer/cluster_consumer.hpp"
#include "actors/client/topic_admin.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "sim/checkers/consumer_events.hpp"
#include "sim/checkers/group_events.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/workloads/group_options.hpp"
#include "sim/workloads/program_options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Programs that read with the client library's consumer, each on a host of its own: poll, work a while,
/// commit, poll again; now and then one works for too long, goes back, or ends and begins anew. One whose
/// poll fails ends and begins anew as well.
class library_consumers {
public:
    struct parts {
        runtime::endpoint broker;
        std::vector<client::new_topic> topics;
        scheduler_options scheduler;
        planted_bugs planted;
        /// What the broker is told.
        broker_lines broker_config;
        /// When all behave.
        virtual_time rude_until;
        std::function<void(const consumer_event&)> on_event;
        std::function<void(const group_event&)> on_group;
        std::function<void(const std::string&)> tell;
    };

    library_consumers(world& time, network_fabric& network, observation& watched, parts with);

    void start(const std::vector<program_options>& programs);
    /// One member of each group asks once more for all that is committed, until it is told.
    void audit();
    bool is_audited() const noexcept { return unaudited_.empty(); }
    /// All end; answers how many actors were leaked.
    std::uint64_t end();
    /// Their numbers, as faults know hosts.
    std::vector<std::uint32_t> hosts() const;

private:
    using partition_name = client::partition_name;
    struct program {
        program_options options;
        std::uint32_t number = 0;
        std::unique_ptr<client_host> host;
        runtime::random draws{0};
        std::size_t client = 0;
        /// Counts the lives of all programs.
        std::uint64_t life = 0;
        bool closing = false;
        /// It waits for an answer.
        bool polls = false;
        /// The consumer said that it could not commit what was given before it gives partitions up.
        bool commit_failed = false;
        std::set<partition_name> has = {};
        /// As whom it is known, when that was looked at last, and when it was still somebody else.
        client::member_identity is = {};
        virtual_time looked_at = {};
        virtual_time was_other_at = {};
        monotonic_ns heard_at = {};
    };
    using task = std::function<void(client::cluster_consumer&, monotonic_ns)>;

    std::map<std::string, std::string> properties_of(const program& one) const;
    void open(program& one);
    void begin(program& one, client::cluster_consumer& consumer);
    void close(program& one);
    void tell_gone(program& one);
    void after_close(program& one);
    void close_sometime(program& one);
    /// Runs unless this life of the program has ended meanwhile.
    void run(program& one, task what);
    void poll_later(program& one);
    void poll(program& one);
    void hear(program& one, client::cluster_consumer& consumer, result<client::poll_answer> said);
    void tell_delivered(const program& one, const client::poll_answer& said);
    void on_change(program& one, client::cluster_consumer& consumer, const client::rebalance_event& change);
    void after_records(program& one, client::cluster_consumer& consumer);
    void commit(program& one, client::cluster_consumer& consumer);
    void tell_committed(const program& one, const std::map<place, log_offset>& positions, bool done) const;
    void look_at_committed(program& one, client::cluster_consumer& consumer);
    void ask_committed(program& one, client::cluster_consumer& consumer,
                       const std::set<partition_name>& partitions, std::function<void(bool)> done);
    void audit_later();
    void audit_group(std::uint64_t group);
    void go_back(program& one, client::cluster_consumer& consumer);
    void look_at_membership(program& one, const client::cluster_consumer& consumer);
    static std::uint64_t group_of(const program& one);
    static std::uint32_t member_of(const program& one);
    static std::uint64_t instance_of(const program& one);
    void tell_started(const program& one) const;
    /// The group cannot have begun anew since: it had offsets that stay.
    bool is_lasting(const program& one, virtual_time asked) const;
    void tell_assigned(const program& one, const std::vector<partition_name>& partitions) const;
    /// Their numbers.
    std::vector<std::uint64_t> tell_commits(const program& one, const client::member_identity& as,
                                            const std::map<place, log_offset>& positions);
    void tell_results(const std::vector<std::uint64_t>& numbers, bool done) const;
    bool is_rude(const program& one, std::uint64_t permille);
    place place_of(const partition_name& name) const;
    void tell_owned(const program& one) const;
    void tell_wanted(const program& one, bool wants) const;
    std::vector<std::int32_t> numbers_of(const std::set<partition_name>& names) const;
    std::set<partition_name> all_partitions() const;

    world& world_;
    network_fabric& network_;
    observation& watched_;
    parts with_;
    std::vector<std::unique_ptr<program>> programs_;
    std::uint64_t lives_ = 0;
    std::uint64_t commits_ = 0;
    /// Where groups are was asked so often.
    std::uint64_t questions_ = 0;
    /// In the audit: groups whose offsets were not told yet.
    std::set<std::uint64_t> unaudited_;
    /// By group: since when it has offsets that stay.
    std::map<std::uint64_t, virtual_time> kept_;
    bool ended_ = false;
};

} // namespace barnabas::sim
