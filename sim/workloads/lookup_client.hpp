#pragma once

#include "actors/client/topic_admin.hpp"
#include "protocol/kafka/wire.hpp"
#include "sim/checkers/history.hpp"
#include "sim/checkers/taken_directory.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/lookup_options.hpp"
#include "sim/workloads/lookup_session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::sim {

/// A client that asks where things are: offsets by time and at the ends (ListOffsets), ends of leader epochs
/// (OffsetForLeaderEpoch), what lies in which directory (DescribeLogDirs), in every version; and who leads
/// (Metadata), in those that can forbid to make a topic. One question at a time, so that all that was
/// acknowledged before it is known; the history hears what was answered.
class lookup_client {
public:
    struct parts {
        runtime::endpoint broker;
        /// Those that are asked about; directories hold others as well.
        const std::vector<client::new_topic>* topics = nullptr;
        std::function<place(const std::string& topic, std::int32_t partition)> place_of;
        /// Nobody is told which of two topics of a name an answer is about: only one counts between whose
        /// question and itself this did not change; nothing: no question counts now. May be empty.
        std::function<std::optional<std::uint64_t>()> settled;
        history* told = nullptr;
        /// The history was told something.
        std::function<void()> on_told;
        /// Instead of the history; empty: it is not asked who leads.
        std::function<void(const leader_told&)> on_leader_told{};
    };

    lookup_client(world& time, network_fabric& network, observation& watched, const lookup_options& options,
                  parts with);
    ~lookup_client();

    void begin();
    /// The connection ends, and no other is made.
    void rest();

private:
    enum class subject : std::uint8_t { offsets, epochs, directories, leaders };
    /// What is asked, until it is answered.
    struct question {
        subject of = subject::offsets;
        std::uint32_t topic = 0;
        std::int16_t version = 0;
        timestamp_ms time;
        leader_epoch epoch{-1};
        std::uint64_t settled = 0;
    };

    void ask_later();
    void ask();
    question drawn_question();
    timestamp_ms drawn_time(std::int16_t version);
    std::vector<slice> frame_of(const question& asked) const;
    void on_frame(const slice& frame);
    result<void> tell(const question& asked, kafka::wire_reader& in);
    result<void> tell_offsets(const question& asked, kafka::wire_reader& in);
    result<void> tell_epochs(const question& asked, kafka::wire_reader& in);
    result<void> tell_directories(const question& asked, kafka::wire_reader& in);
    result<void> tell_leaders(const question& asked, kafka::wire_reader& in);

    world& world_;
    lookup_options options_;
    parts with_;
    sim::host host_;
    runtime::random draws_;
    std::shared_ptr<lookup_session> session_;
    std::optional<question> asked_;
    /// When it was asked, or the connection was.
    virtual_time waits_since_;
    std::int32_t correlation_ = 0;
    bool resting_ = false;
};

} // namespace barnabas::sim
