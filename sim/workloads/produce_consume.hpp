#pragma once

#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_reader.hpp"
#include "sim/checkers/consumer_checkers.hpp"
#include "sim/checkers/history.hpp"
#include "sim/checkers/removed_topics_go.hpp"
#include "sim/checkers/room_checkers.hpp"
#include "sim/checkers/taken_directory.hpp"
#include "sim/checkers/tap_recorder.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/workloads/config_alterer.hpp"
#include "sim/workloads/fault_driver.hpp"
#include "sim/workloads/group_members.hpp"
#include "sim/workloads/hostile/hostile_clients.hpp"
#include "sim/workloads/library_consumers.hpp"
#include "sim/workloads/library_reader.hpp"
#include "sim/workloads/lookup_client.hpp"
#include "sim/workloads/produce_consume_options.hpp"
#include "sim/workloads/topic_lives.hpp"
#include "sim/workloads/topic_recreator.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim {

/// As checkers count topics: that which hostile clients make for themselves comes behind those of the
/// options, then that of groups.
std::uint32_t number_of_topic(const std::string& topic, const produce_consume_options& options);

/// How a run went.
struct run_report {
    bool passed = false;
    /// The broken invariant, or "node" when the broker or a client failed by itself.
    std::string checker;
    std::string what;
    /// Others that were violated later, in a run that went on to the end.
    std::vector<std::string> also;
    std::uint64_t trace_hash = 0;
    std::int64_t virtual_ns = 0;
    std::uint64_t events = 0;
    std::uint64_t batches = 0;
    std::uint64_t acked = 0;
    std::uint64_t unknown = 0;
    std::uint64_t failed = 0;
    std::uint64_t records_read = 0;
    std::uint64_t broker_lives = 0;
    /// Dated faults that were carried out, deaths of the broker among them.
    std::uint64_t faults = 0;
    /// What the broker was doing when each dated fault was carried out.
    fault_table faults_met;
};

/// Gets a line for everything worth telling a person; may be empty.
using narrator = std::function<void(virtual_time at, const std::string& line)>;

/// Producers, consumers and one broker that crashes: the invariants of sim/checkers hold throughout.
class produce_consume {
public:
    /// With `keep`, the run can be written down afterwards.
    produce_consume(const produce_consume_options& options, narrator tell, bool keep = false);
    ~produce_consume();

    run_report run();
    /// After a run that was kept: the same run with every send and every choice stated.
    produce_consume_options frozen() const;
    sim::world& time() noexcept { return world_; }

private:
    /// A producing client and the load on it.
    struct load {
        std::unique_ptr<client_host> host;
        const load_options* options = nullptr;
        std::uint32_t number = 0;
        runtime::random draws{0};
        std::size_t unfinished = 0;
        /// When it thinks of its next batch.
        virtual_time next_at;
    };

    void start_clients();
    void start_admin();
    void start_hostile_clients();
    void start_lookups();
    void start_recreations();
    void start_alterations();
    std::vector<std::uint64_t> groups_to_alter(const broker_config& config) const;
    void begin_alterations(const broker_config& config, std::vector<std::uint64_t>& groups);
    std::string name_of_altered(std::uint32_t number) const;
    void on_interval_told(const interval_told& told);
    /// As the broker must understand the topic's configuration; or that of a topic without one.
    retention_policy retention_of(std::uint32_t topic, bool has_configs = true);
    void start_members();
    void start_load(std::uint32_t number);
    void start_reader(std::uint32_t number, const client::consumer_options& options, bool audit);
    void send_next(load& of);
    void send_drawn(load& of);
    planned_send drawn_send(const load& of, runtime::random& draws, virtual_time at) const;
    void add_unsent(const load& of, std::vector<planned_send>& to) const;
    void send_planned(std::size_t index);
    void send_batch(load& of, const planned_send& planned);
    void send_records(load& of, const planned_send& planned);
    void start_library(load& of, const std::string& name);
    void start_library(client_host& host, std::uint32_t number, const std::string& name);
    void on_poll_failed(std::uint32_t reader, const error& why);
    void start_programs();
    bool is_idempotent(const load& of) const;
    void send_by_library(load& of, client::outgoing_batch batch);

    void on_outcome(load& of, const client::produce_outcome& outcome);
    void tell_outcome(const load& of, const client::produce_outcome& outcome) const;
    void on_consumed(std::uint32_t reader, std::uint32_t topic, bool audit, const client::consumed& got);
    place place_of(std::uint32_t topic, const topic_id& id, std::int32_t partition);
    void on_record(const read_record& read);
    std::optional<std::uint64_t> number_seen(const batch::record_view& record) const;
    struct record_shape {
        std::uint64_t number = 0;
        std::size_t size = 0;
        timestamp_ms stamp;
    };
    client::outgoing_record keyed_record(const load_options& options, runtime::random& draws,
                                         const record_shape& shape, sent_batch& sent);
    std::uint64_t content_seen_without_stamp(const batch::record_view& record) const;
    void on_problem(std::uint32_t reader, std::uint32_t topic, const client::consumer_problem& problem);
    void on_out_of_range(const out_of_range& told);
    void note_audited(const place& where, const client::consumed& got);
    void look_at_invariants();
    void look_at_broker();
    bool disk_may_show() const;
    void note_heard();

    bool run_phases();
    void on_hang(directory_hang hang);
    void on_foreign_disk(const foreign_disk& disk);
    void add_disk_checkers();
    void add_room_checkers();
    void on_directory_taken(const std::string& directory);
    void look_at_disk();
    void tell_room();
    std::uint64_t least_kept_room();
    std::uint64_t fewest_kept_names();
    void fail_unless_without(const char* checker, const std::string& why);
    bool audit();
    bool stop_broker();
    directories_of_topics directories_left();
    bool removals_are_done();
    std::size_t unfinished() const;
    std::vector<place> places() const;
    void fail(const std::string& checker, const std::string& what);
    void tell(const std::string& line) const;
    run_report report();

    /// What was chosen and sent, when the run is kept.
    std::shared_ptr<choice_log> chosen_;
    std::vector<planned_send> performed_;
    std::vector<planned_attack> attacked_;
    std::vector<connection_harm> harms_;
    produce_consume_options options_;
    narrator tell_;
    sim::world world_;
    network_fabric network_;
    observation watched_;
    topic_lives lives_;
    history history_;
    tap_recorder taps_;
    simulated_broker broker_;
    std::unique_ptr<fault_driver> faults_;
    std::unique_ptr<hostile_clients> hostile_;
    std::unique_ptr<lookup_client> lookups_;
    std::unique_ptr<topic_recreator> recreator_;
    std::unique_ptr<config_alterer> alterer_;
    /// How often members come whose group sets nothing.
    std::int32_t unset_heartbeat_ms_ = 0;
    std::unique_ptr<group_members> members_;
    std::unique_ptr<library_consumers> programs_;
    std::vector<std::unique_ptr<consumer_checker>> consumer_checkers_;
    /// Of those in the history, who hears of directories that are taken away; null in a lossy run.
    taken_directory_checker* taken_checker_ = nullptr;
    /// And who hears of the room on the disk.
    std::vector<room_checker*> room_checkers_;
    std::uint64_t reserve_bytes_ = 0;
    /// The room kept for deletions, as it was found last.
    struct kept_room {
        std::uint64_t used = 0;
        virtual_time at{-second};
        std::uint64_t bytes = 0;
    };
    kept_room kept_room_;
    std::unique_ptr<client_host> admin_;
    std::vector<std::unique_ptr<load>> loads_;
    std::vector<std::unique_ptr<library_reader>> library_readers_;
    std::vector<std::unique_ptr<client_host>> readers_;
    bool load_ended_ = false;
    std::map<place, log_offset> audited_to_;
    /// By the number of the record, as it was sent: what a reader without timestamps sees of it, and all of
    /// it.
    /// The numbers of tombstones, by their content.
    std::map<std::uint64_t, std::uint64_t> tombstones_;
    struct sent_content {
        std::uint64_t without_stamp = 0;
        std::uint64_t whole = 0;
    };
    std::vector<sent_content> contents_;
    end_facts facts_;
    run_report outcome_;
    /// For reading what consumers got.
    batch::codec_workspace workspace_;
};

} // namespace barnabas::sim
