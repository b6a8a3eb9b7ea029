#pragma once

#include "actors/broker/lag/lag_report.hpp"
#include "actors/group/commits_messages.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas {

/// Whom a round asks; each question is answered by the machine's function of the same name, or never.
class lag_port {
public:
    virtual ~lag_port() = default;
    virtual void ask_commits(partition_index coordinator, const group::commits_query& query) = 0;
    /// The partition, if it is led here.
    virtual std::optional<topic_partition> led_here(std::string_view topic, partition_index index) = 0;
    virtual void ask_end(const topic_partition& partition, const offset_query& query) = 0;
    virtual void ask_record(const topic_partition& partition, const read_request& query) = 0;
    virtual void done(lag_report report) = 0;
};

/// How far the groups coordinated here are behind, as far as one broker knows. Guarantees: a round ends once,
/// with `done`; it asks each coordinator and each partition once, reads at most
/// `broker_limits::lag_lookups_max` records, few at a time, and not one whose timestamp is remembered. Where
/// there are more to read, rounds take turns with them. A record is read where a group has just read, or was
/// read here before, so that a round finds it in memory. What is not known is left out.
class consumer_lag {
public:
    /// `partitions_max`: committed offsets that are told.
    consumer_lag(std::size_t partitions_max, lag_port& port) : partitions_max_(partitions_max), port_(port) {}

    void begin(std::vector<partition_index> coordinators, monotonic_ns now);
    void on_commits(const group::commits_response& response);
    void on_end(const offset_query_response& response);
    void on_record(const read_response& response);
    /// The round ends with what is known.
    void on_late();

    bool running() const noexcept { return step_ != step::idle; }
    /// Of the running round.
    std::uint64_t round() const noexcept { return round_; }
    std::size_t remembered() const noexcept { return known_.size(); }

private:
    /// idle -> commits -> ends -> records -> idle; each may go to idle at once.
    enum class step : std::uint8_t { idle, commits, ends, records };
    /// A partition, and the first offset that a group has not read.
    using place = std::pair<topic_partition, log_offset>;
    struct known_record {
        timestamp_ms timestamp;
        monotonic_ns seen_at;
    };
    struct watched_partition {
        topic_partition id;
        bool answered = false;
        log_offset start{0};
        log_offset end{0};
    };
    struct lookup {
        place where;
        /// Moves on over markers.
        log_offset from;
        log_offset end;
    };

    void ask_next_coordinator();
    void add_rows(const group::group_commits& group);
    /// Its number, if the partition is led here.
    std::optional<std::size_t> watch(std::string_view topic, partition_index index);
    void ask_ends();
    void look_up_records();
    void ask_more_records();
    void finish();
    void note_record(std::size_t number, const read_response& response);
    void read_on(std::size_t number, log_offset from);
    std::uint64_t token(std::size_t number) const;
    /// Nothing for the answer to a question of an earlier round, or of another step.
    std::optional<std::size_t> number_of(std::uint64_t token, step asked_in) const;
    /// Calls `visit(row, watched partition)` for the rows whose partition has told its end.
    template <class Visit>
    void for_each_known_row(const Visit& visit);
    void fill(partition_lag& row, const watched_partition& partition) const;

    const std::size_t partitions_max_;
    lag_port& port_;

    step step_ = step::idle;
    std::uint64_t round_ = 0;
    monotonic_ns now_;
    std::deque<partition_index> coordinators_;
    std::size_t told_ = 0;
    std::vector<watched_partition> partitions_;
    std::map<topic_partition, std::size_t> numbers_;
    /// Questions that are not answered yet.
    std::size_t open_ = 0;
    std::vector<lookup> lookups_;
    std::size_t next_lookup_ = 0;
    std::size_t bytes_read_ = 0;
    /// Places without a record left to read.
    std::set<place> read_all_;
    lag_report report_;
    /// Which row of the report is of which watched partition.
    std::vector<std::optional<std::size_t>> rows_;

    std::map<place, known_record> known_;
    /// Where the next round goes on with its lookups.
    place turn_;
};

} // namespace barnabas
