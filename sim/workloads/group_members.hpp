#pragma once

#include "actors/client/topic_admin.hpp"
#include "sim/checkers/group_events.hpp"
#include "sim/checkers/group_options_followed.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/workloads/group_admin.hpp"
#include "sim/workloads/group_options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Consumer groups beside producers and readers, each member on a host of its own. Group g reads topic g
/// modulo their number; members that speak the consumer protocol come to read other topics, too.
class group_members {
public:
    struct parts {
        runtime::endpoint broker;
        std::vector<client::new_topic> topics;
        broker_lines broker_config;
        group_admin_options admin;
        scheduler_options scheduler;
        /// Topics are deleted, and their offsets with them.
        bool topics_go = false;
        /// When all behave.
        virtual_time rude_until;
        std::function<void(const group_event&)> on_event;
        std::function<void(const interval_told&)> on_interval;
        /// An answer that no coordinator may give.
        std::function<void(const std::string&)> on_problem;
    };

    group_members(world& time, network_fabric& network, observation& watched, parts with);

    void start(const std::vector<member_options>& members);
    /// The topic of that number is about to be deleted: that is a commit of nothing for every group that
    /// reads it. And it was.
    void on_topic_goes(std::uint32_t topic);
    void on_topic_gone(std::uint32_t topic);
    /// All committed offsets are asked for once more.
    void audit();
    bool is_audited() const { return admin_ == nullptr || admin_->is_audited(); }
    /// All end; answers how many actors were leaked.
    std::uint64_t end();
    /// Their numbers, as faults know hosts.
    std::vector<std::uint32_t> hosts() const;
    bool none() const noexcept { return hosts_.empty(); }

private:
    /// Of a member, for its events.
    struct identity {
        std::uint64_t group = 0;
        std::uint32_t number = 0;
        std::uint64_t instance = 0;
    };

    void note_groups(const std::vector<member_options>& members);
    staying_out excuse_of(const member_options& one, const std::vector<member_options>& members) const;
    void start_one(const member_options& options, std::uint32_t number, staying_out excuse);
    void spawn_one(const member_options& options, std::uint32_t number, client_host& host);
    void start_admin();
    client::group_member_options membership_of(const member_options& options) const;
    client::group_consumer_options consumer_of(const member_options& options) const;
    client::group_member_events events_of(const identity& who);
    void add_commit_events(const identity& who, client::group_member_events& events);
    void add_owner_events(const identity& who, client::group_member_events& events);
    void tell(const group_event& event);
    bool is_lasting(std::uint64_t group, virtual_time asked) const;
    const client::counted_topic& topic_of(std::uint64_t group) const {
        return topics_[group % topics_.size()];
    }

    world& world_;
    network_fabric& network_;
    observation& watched_;
    parts with_;
    std::vector<std::unique_ptr<client_host>> hosts_;
    std::unique_ptr<group_admin> admin_;
    bool ended_ = false;
    std::uint64_t commits_ = 0;
    /// Commits of nothing that are under way, by topic.
    std::map<std::uint32_t, std::vector<std::uint64_t>> removals_;
    /// The groups of commits whose fate is not known.
    std::map<std::uint64_t, std::uint64_t> open_;
    /// By group: since when it has offsets that stay, and so is never deleted.
    std::map<std::uint64_t, virtual_time> kept_;
    /// As `with_.topics`; the partitions of all of them are counted as one row.
    std::vector<client::counted_topic> topics_;
    /// By group: whether members of it speak the classic protocol, and the consumer protocol.
    struct protocols {
        bool classic = false;
        bool consumer = false;
    };
    std::map<std::uint64_t, protocols> spoken_;
};

} // namespace barnabas::sim
