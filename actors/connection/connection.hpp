#pragma once

#include "actors/connection/authorizer.hpp"
#include "actors/connection/connection_port.hpp"
#include "actors/connection/fetch_reads.hpp"
#include "actors/connection/fetch_session.hpp"
#include "actors/connection/frame_reader.hpp"
#include "actors/connection/operation.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/kafka/wire.hpp"
#include "protocol/model/lean_deque.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas {

namespace runtime {
class memory_reserve;
}
class connection_tap;

/// What a connection is given once.
struct connection_options {
    const broker_config* config = nullptr;
    const authorizer* access = nullptr;
    runtime::memory_reserve* input = nullptr;
    std::string listener = "PLAINTEXT";
    /// Unique on this node; session ids are made from it.
    std::uint64_t number = 0;
    /// Null outside of simulations.
    connection_tap* tap = nullptr;
    planted_bugs planted{};
    /// Null: every batch gets memory of its own to be unpacked.
    batch::codec_workspace* workspace = nullptr;
    /// Address of the client, for people: as Java prints it, which Kafka's tools show.
    std::string client_host{};
};

/// One client's connection. Guarantees: requests are handled strictly one after another, except Produce after
/// Produce, whose batches enter their partitions in arrival order before earlier ones are answered; responses
/// leave in request order; every request gets an answer or the connection is closed; a slow reader or a
/// pipelining client is held back through its socket. Assumes: partitions answer every request once (a
/// dropped one counts).
class connection {
public:
    connection(connection_options options, connection_port& port);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Asks for the first bytes.
    void start();

    void on_read(const runtime::read_completion& bytes);
    void on_drained();
    void on_room();
    void on_timer();
    void on_append_response(const append_response& answer);
    void on_read_response(const read_response& answer);
    void on_partition_readable(const partition_readable& note);
    void on_offset_query_response(const offset_query_response& answer);
    void on_epoch_query_response(const epoch_query_response& answer);
    void on_delete_records_response(const delete_records_response& answer);
    void on_topics_response(const topics_response& answer);
    void on_init_producer_id_response(const init_producer_id_response& answer);
    void on_log_dirs_response(const log_dirs_response& answer);
    void on_alter_log_dirs_response(const alter_log_dirs_response& answer);
    void on_producers_response(const producers_response& answer);
    void on_coordinator_response(const group::coordinator_response& answer);
    /// Gives back all memory; nothing is called behind it.
    void release();
    /// The node is stopping: nothing is answered any more, waiting partitions are told.
    void on_stop();

    // For handlers.
    const connection_options& options() const noexcept { return options_; }
    /// The broker's configuration was altered; it outlives its use here.
    void use_config(const broker_config& config) noexcept { options_.config = &config; }
    const broker_config& config() const noexcept { return *options_.config; }
    /// For requests that bring no time-out of their own.
    std::chrono::milliseconds request_timeout() const {
        return std::chrono::milliseconds(config().request_timeout_ms);
    }
    connection_port& port() noexcept { return port_; }
    fetch_reads& reads() noexcept { return reads_; }
    fetch_sessions& sessions() noexcept { return sessions_; }
    bool allowed(const request_context& who, acl_operation what, resource_type type,
                 std::string_view name) const {
        return options_.access->allowed(who, what, type, name);
    }
    /// Takes the operation over: it answers later. Its questions carry tokens made by `operation::token`.
    operation& park(std::unique_ptr<operation> waiting);
    /// Its `on_timer` is called when it has not answered by then.
    operation& park(std::unique_ptr<operation> waiting, std::chrono::milliseconds patience);
    /// Calls the parked operation's `on_timer` once, that much later, unless it has answered by then.
    void set_deadline(std::uint64_t number, std::chrono::milliseconds from_now);
    /// Number of the request being handled; answers are sent by it.
    std::uint64_t current() const noexcept { return next_number_ - 1; }
    /// The answer of request `number`: a whole frame. Leaves when all earlier ones have left.
    void answer(std::uint64_t number, std::vector<slice> frame);
    /// Request `number` needs no answer (Produce with acks=0).
    void answer_nothing(std::uint64_t number);
    /// The client cannot be understood or must not go on.
    void fail(const error& why);

    bool is_closed() const noexcept { return closed_; }
    std::size_t requests_in_flight() const noexcept { return in_flight_.size(); }

private:
    struct waiting_frame {
        slice bytes;
        monotonic_ns arrived_at;
    };
    struct in_flight {
        std::uint64_t number = 0;
        /// But for the answer's part.
        finished_request facts;
        bool answered = false;
        std::vector<slice> frame;
        std::unique_ptr<operation> waiting;
        std::optional<monotonic_ns> deadline;
    };

    void want_bytes();
    void handle_waiting_frames();
    bool may_start(const slice& frame) const;
    void handle(waiting_frame frame);
    void send_answered(monotonic_ns now);
    void tell_waiting_frames();
    in_flight* find(std::uint64_t number);
    operation* find_operation(std::uint64_t token);
    void arm_for(monotonic_ns deadline);
    monotonic_ns idle_deadline() const;
    bool reader_is_stuck(monotonic_ns now);
    bool sender_is_stuck(monotonic_ns now) const;

    connection_options options_;
    connection_port& port_;
    frame_reader frames_;
    fetch_reads reads_;
    fetch_sessions sessions_;
    /// Cut from the bytes that arrived just now; empty between events.
    std::vector<slice> arrived_;
    lean_deque<waiting_frame> waiting_frames_;
    std::size_t told_waiting_frames_ = 0;
    lean_deque<in_flight> in_flight_;
    std::uint64_t next_number_ = 1;
    /// When the armed timers fire. One serves all requests: another is armed only for an earlier deadline, so
    /// a busy connection arms a few per second and not one per request.
    std::set<monotonic_ns> armed_;
    monotonic_ns last_bytes_at_;
    /// When the frame that is half read began.
    monotonic_ns frame_begun_at_;
    /// Unsent bytes when they were last looked at and found changed.
    std::size_t unsent_seen_ = 0;
    monotonic_ns unsent_since_;
    bool reading_ = false;
    bool waiting_for_room_ = false;
    bool handling_ = false;
    bool closed_ = false;
};

} // namespace barnabas
