#pragma once

#include "actors/client/consumer/cluster_consumer.hpp"
#include "actors/client/topic_admin.hpp"
#include "protocol/model/planted_client_bugs.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/workloads/produce_consume_options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Reads every topic from its start with the client library's consumer, all partitions assigned by hand: one
/// poll after the other, for ever.
class library_reader {
public:
    /// How far a partition reaches, as the consumer was told last; the high watermark is -1 while only the
    /// start was.
    struct extent {
        std::string topic;
        topic_id id;
        std::int32_t partition = 0;
        log_offset high_watermark{-1};
        log_offset log_start{-1};

        friend bool operator==(const extent&, const extent&) = default;
    };
    struct parts {
        world* time;
        client_host* host;
        std::vector<client::new_topic> topics;
        std::string name;
        planted_client_bugs planted;
        /// Of every partition of which the answer of a poll tells something new, before its records.
        std::function<void(const extent&)> on_extent;
        std::function<void(const std::string& topic, const topic_id& id, const client::consumed_record&)>
            on_record;
        /// A poll failed.
        std::function<void(const error&)> on_problem;
    };

    library_reader(parts with, const reader_options& options);

    /// Before the host ends.
    void rest() { resting_ = true; }

private:
    void begin(client::cluster_consumer& consumer);
    void poll();
    void hear(const client::cluster_consumer& consumer, const result<client::poll_answer>& said);
    void tell_extents(const client::cluster_consumer& consumer);

    parts with_;
    std::size_t client_ = 0;
    std::map<client::partition_name, extent> told_;
    bool resting_ = false;
};

} // namespace barnabas::sim
