#pragma once

#include "actors/broker/boot.hpp"
#include "actors/client/consumer.hpp"
#include "actors/client/producer.hpp"
#include "actors/client/topic_admin.hpp"
#include "protocol/batch/record_batch.hpp"
#include "runtime/random/random.hpp"
#include "sim/checkers/history.hpp"
#include "sim/node/host.hpp"
#include "sim/scheduler/scheduler_options.hpp"
#include "sim/workloads/alteration_options.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/group_options.hpp"
#include "sim/workloads/hostile/hostile_options.hpp"
#include "sim/workloads/lookup_options.hpp"
#include "sim/workloads/program_options.hpp"
#include "sim/workloads/recreation_options.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// The codecs of a producer's batches; each is as likely as its share of the list.
struct codec_list : std::vector<batch::codec> {
    using std::vector<batch::codec>::vector;
};

/// One producer of the load and what it sends.
struct load_options {
    client::producer_options producer;
    /// Sends each record by itself through the client library's producer (actors/client/producer), which
    /// makes batches of them: then the records of a batch here have a result each. It is idempotent only with
    /// acks=all, knows no topic by its id, packs with the last codec, and takes the newest versions.
    bool library = false;
    codec_list codecs;
    std::int64_t interval_ns = 0;  ///< mean time between batches
    std::uint64_t records_max = 1; ///< per batch
    std::uint64_t value_bytes_max = 1;
    std::size_t unfinished_max = 1;          ///< it sends no more while so many batches have no result
    std::uint64_t absurd_stamps_percent = 0; ///< of its batches have timestamps that no clock shows
    std::uint64_t keys = 0; ///< so many different ones, for compaction; 0: each record has its own
    std::uint64_t tombstones_percent = 0; ///< of the records with such keys have no value
};

/// One reader of every topic, each from its start.
struct reader_options : client::consumer_options {
    /// Reads with the client library's consumer (actors/client/consumer), partitions assigned by hand: that
    /// has no fetch sessions, and takes the newest version.
    bool library = false;
    /// Of the library's: isolation.level, and what a poll gives at most.
    bool read_committed = false;
    std::uint64_t records_max = 500;
};

/// One batch of a load that is stated instead of drawn.
struct planned_send {
    virtual_time at;
    std::uint32_t producer = 0;
    place where;
    batch::codec compression = batch::codec::none;
    /// One for each record.
    std::vector<std::uint32_t> value_bytes;
};

/// Everything about one run, drawn from its seed or stated. Virtual times of the phases:
///
///     0 load and faults -> healing -> progress_due: load ends, everybody must have progressed
///       -> all results are in -> last crash (if there are faults) -> audit -> clean stop
struct produce_consume_options {
    std::uint64_t seed = 0;
    std::int64_t seconds = 60;
    boot_options planted;
    /// The run goes on when a checker is violated, so that all of them can speak.
    bool to_the_end = false;

    std::vector<client::new_topic> topics;
    std::vector<load_options> producers;
    std::vector<reader_options> readers;
    std::vector<member_options> members; ///< of consumer groups
    group_admin_options group_admin;
    std::vector<program_options> programs; ///< with the client library's consumer; each reads every topic
    std::vector<std::pair<std::string, std::string>> broker_config;
    scheduler_options broker_scheduler;
    scheduler_options client_scheduler;
    clock_options broker_clock;
    hostile_options hostile;
    lookup_options lookups;
    recreation_options recreations;
    alteration_options alterations;
    fault_plan faults;
    virtual_time progress_due;
    /// The load; drawn as the run goes on when absent. In the order of their times.
    std::optional<std::vector<planned_send>> sends;
    /// What hostile clients do; drawn as the run goes on when absent. In the order of their times.
    std::optional<std::vector<planned_attack>> attacks;
    /// Which actors the loops chose, when the policy is `as_recorded`.
    std::shared_ptr<const choice_log> choices;
    /// Invariants that this run may break.
    std::vector<std::string> without_checkers;

    static produce_consume_options drawn(std::uint64_t seed, std::int64_t seconds);
    /// The same with all groups played: what is stated beside it may decide which are the client library's.
    static produce_consume_options drawn_played(std::uint64_t seed, std::int64_t seconds);
    /// No topic, no client, no fault, and the phases of a run of that length.
    static produce_consume_options plain(std::uint64_t seed, std::int64_t seconds);
};

/// The drawn part of a run that one section of a scenario can state.
load_options drawn_load(runtime::random draws);
/// Half of the producers and readers of today are the client library's.
void draw_library(load_options& load, runtime::random draws);
void draw_library(reader_options& reader, runtime::random draws);
/// Half of the groups become the client library's: members that are played commit what no record says, so the
/// two kinds are not mixed. None where committed offsets grow old, for then a consumer begins anew.
void draw_library_groups(produce_consume_options& made);

bool uses_zstd(const load_options& load);
bool knows_no_zstd(const client::consumer_options& reader);
/// Drops what the load's version of Produce does not have, and sequences without answers, but for what is
/// kept.
void fit_to_version(load_options& load, bool keep_idempotent = false, bool keep_codecs = false);
reader_options drawn_reader(runtime::random draws);

bool is_compacted(const client::new_topic& topic);
/// Numbers of clients, with the lines of a text that say something about them.
using stated_clients = std::map<std::size_t, std::size_t>;
/// All but the stated ones get versions that tell a topic from the next one of its name. The client library's
/// producer, which knows names only, is none of them.
void name_topics_by_id(produce_consume_options& options, const stated_clients& producers,
                       const stated_clients& readers);

/// Whether some topic keeps nothing but zstd, by its own `compression.type` or the broker's.
bool stores_zstd(const produce_consume_options& options);

} // namespace barnabas::sim
