#pragma once

#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/question.hpp"
#include "actors/client/consumer/read_partition.hpp"
#include "protocol/kafka/fetch.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

/// Reads partitions by hand: one Fetch at a time to each leader for all that it leads, some data ahead of
/// the program, never more than is bounded. Guarantees: records of a partition come in the order of their
/// offsets, each once since the last seek, none left out but those that the log has not any more. A topic
/// that was made again under its name is another one, and read from where the reset policy says. A machine;
/// part of `cluster_consumer`, which keeps the view of the cluster.
class record_fetcher {
public:
    record_fetcher(const consumer_settings& settings, const consumer_ports& ports, const cluster_view& view,
                   const runtime::random& draws)
        : settings_(settings), ports_(ports), view_(view), draws_(draws) {}

    /// Without a position; `begin_at_reset`, `seek` or `seek_to_time` says where to begin.
    void add(const partition_name& name);
    void remove(const partition_name& name) { partitions_.erase(name); }
    bool has(const partition_name& name) const { return partitions_.contains(name); }
    std::set<partition_name> partitions() const;
    const read_partition* find(const partition_name& name) const {
        const auto found = partitions_.find(name);
        return found == partitions_.end() ? nullptr : &found->second;
    }

    /// All of them are false for a partition that is not read.
    bool seek(const partition_name& name, std::int64_t offset);
    bool seek_to_time(const partition_name& name, std::int64_t time);
    bool pause(const partition_name& name, bool paused);
    /// By auto.offset.reset; with `none` the next poll fails.
    void begin_at_reset(const partition_name& name);

    /// Asks what there is to ask.
    void step(monotonic_ns now);
    /// Adds up to `most` records. An error is told once: the records before it come first.
    result<std::size_t> take(std::size_t most, record_set& into);
    /// A poll would give something.
    bool has_something() const;
    /// Of a partition that waits for a seek.
    std::optional<error> standing_trouble() const;
    monotonic_ns deadline() const noexcept { return wake_; }
    /// What is known of leaders is not enough, or was contradicted.
    bool wants_view() const noexcept { return wants_view_; }
    /// The view was renewed.
    void on_view(monotonic_ns now);
    /// Bytes that were fetched and not given out, of partitions that are not paused.
    std::size_t buffered() const;

private:
    struct asked_partition {
        std::uint64_t turn = 0;
        std::int64_t from = -1;
        std::int32_t epoch = -1;
    };
    /// A Fetch without an answer.
    struct flight {
        std::map<partition_name, asked_partition> parts;
        std::map<std::string, topic_id> ids;
        /// Who gave data longest ago comes first.
        std::vector<std::pair<std::uint64_t, partition_name>> order;
        monotonic_ns watched_since{};
    };
    struct leader_found {
        std::int32_t broker = -1;
        std::int32_t epoch = -1;
    };

    std::int64_t reset_time() const;
    std::optional<leader_found> leader_of(const partition_name& name) const;
    void follow_topic(read_partition& one);
    bool may_fetch(const read_partition& one, monotonic_ns now);
    void fetch_at(std::int32_t broker, std::vector<read_partition*> wanted, monotonic_ns now);
    kafka::fetch_request request_for(const flight& one) const;
    void hear_fetch(std::int32_t broker, result<kafka::fetch_response> said, monotonic_ns now);
    void hear_partition(read_partition& one, const asked_partition& asked,
                        kafka::fetch_response::partition_data& said, monotonic_ns now);
    void hear_error(read_partition& one, kafka::error_code code, monotonic_ns now);
    void keep(read_partition& one, kafka::fetch_response::partition_data& said);
    void put_off(read_partition& one, monotonic_ns now);
    void complain(read_partition& one, error why);
    void refuse(read_partition& one, error why, monotonic_ns now);
    void watch_flights(monotonic_ns now);
    void list_offsets(monotonic_ns now);
    void hear_offset(const partition_name& name, std::uint64_t turn, const result<listed_offset>& said,
                     monotonic_ns now);
    void ask_offsets(std::map<partition_name, std::int64_t> times,
                     std::map<partition_name, std::uint64_t> turns);
    result<std::size_t> take_of(read_partition& one, std::size_t most, record_set& into);
    void wake_at(monotonic_ns when) { wake_ = wake_ == monotonic_ns{} ? when : std::min(wake_, when); }

    const consumer_settings& settings_;
    const consumer_ports& ports_;
    const cluster_view& view_;
    runtime::random draws_;
    std::map<partition_name, read_partition> partitions_;
    std::map<std::int32_t, flight> flights_;
    std::uint64_t served_ = 0;
    std::uint64_t added_ = 0;
    bool wants_view_ = false;
    monotonic_ns wake_{};
};

} // namespace barnabas::client
