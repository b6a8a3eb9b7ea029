#pragma once

#include "actors/client/group_member_events.hpp"
#include "protocol/kafka/wire.hpp"
#include "sim/checkers/group_events.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/group_options.hpp"
#include "sim/workloads/lookup_session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;

/// A client that is in no group: deletes offsets and groups now and then, and in the audit asks for every
/// offset of every group until it was told. One question at a time.
class group_admin {
public:
    struct group {
        std::uint64_t number = 0;
        std::string name;
        /// Of which it may have offsets.
        std::vector<client::counted_topic> topics;

        std::vector<std::int32_t> numbers() const;
        /// Nothing for a partition that it cannot have offsets of.
        std::optional<std::int32_t> number_of(const std::string& topic, std::int32_t partition) const;
    };
    struct parts {
        runtime::endpoint broker;
        std::vector<group> groups;
        /// The number of a deletion, which is a commit of -1.
        std::function<std::uint64_t()> next_commit;
        std::function<void(const group_event&)> on_event;
        std::function<void(const std::string&)> on_problem;
    };

    group_admin(world& time, network_fabric& network, observation& watched, group_admin_options options,
                parts with);
    ~group_admin();

    void begin();
    void audit();
    bool is_audited() const noexcept { return auditing_ && audited_ == with_.groups.size(); }
    /// The connection ends, and no other is made.
    void rest();

private:
    enum class subject : std::uint8_t { fetch, delete_offsets, delete_group };
    struct question {
        subject of = subject::fetch;
        std::size_t group = 0;
        std::int16_t version = 0;
        /// Of a deletion: the numbers of its commits, by partition.
        std::map<std::int32_t, std::uint64_t> commits;
        virtual_time asked;
    };

    void ask_later();
    void ask();
    question drawn_question();
    std::vector<slice> frame_of(const question& asked) const;
    void on_frame(const slice& frame);
    result<void> hear(const question& asked, kafka::wire_reader& in);
    result<void> hear_offsets(const question& asked, kafka::wire_reader& in);
    result<void> hear_deleted_offsets(const question& asked, kafka::wire_reader& in);
    result<void> hear_deleted_group(const question& asked, kafka::wire_reader& in);
    void end_deletion(std::uint64_t commit, std::optional<std::int16_t> code);
    void forget_question();

    world& world_;
    group_admin_options options_;
    parts with_;
    sim::host host_;
    runtime::random draws_;
    std::shared_ptr<lookup_session> session_;
    std::optional<question> asked_;
    /// When it was asked, or the connection was.
    virtual_time waits_since_;
    std::int32_t correlation_ = 0;
    bool auditing_ = false;
    std::size_t audited_ = 0;
    bool resting_ = false;
};

} // namespace barnabas::sim
