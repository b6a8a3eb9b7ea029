#pragma once

#include "actors/client/cluster/broker_link.hpp"
#include "actors/client/cluster/call.hpp"
#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/cluster/settings.hpp"
#include "actors/client/limits.hpp"
#include "runtime/memory/chunk_pool.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

/// Names a connection between machine and shell; from 1, never used again.
using link_number = std::uint32_t;

/// What the shell carries out after each event.
struct cluster_effects {
    std::map<link_number, session_effects> links;
    /// Links that are no more, after their effects.
    std::vector<link_number> ended;
    /// Calls that have all their outcomes; `on_finished` is for the shell to call.
    std::vector<std::unique_ptr<cluster_call>> finished;
    /// Sentences for people: a broker that could not be reached, told once until it answers again.
    std::vector<std::string> troubles;
};

/// Carries calls to a cluster of brokers: finds out who leads, controls and coordinates, keeps a connection
/// to each broker that is needed, asks again after errors that may pass, and gives up at the deadline with
/// an error that says how far it got. Every part of every call gets one outcome. A machine.
class cluster_client {
public:
    cluster_client(client_settings settings, const runtime::random& draws);

    /// Without `timeout_ns` the call may take default.api.timeout.ms. Too many calls at once: each part
    /// fails with `throttled`.
    void submit(std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns, monotonic_ns now,
                cluster_effects& out);
    void on_connected(link_number link, monotonic_ns now, cluster_effects& out);
    /// Also an attempt to connect that failed.
    void on_disconnected(link_number link, error why, monotonic_ns now, cluster_effects& out);
    void on_bytes(link_number link, std::span<const std::byte> bytes, monotonic_ns now, cluster_effects& out);
    /// Where the link's stream is to put what comes next. For a link that is.
    client_connection::wanted_read next_read(link_number link) const {
        return links_.at(link)->connection().next_read();
    }
    void on_timer(monotonic_ns now, cluster_effects& out);
    /// Every part without an outcome fails with `closed`. Later calls do as well.
    void on_close(monotonic_ns now, cluster_effects& out);

    /// Null for a link that is no more.
    const broker_address* address_of(link_number link) const;
    /// When `on_timer` is due; zero for never.
    monotonic_ns deadline() const;
    const cluster_view& view() const noexcept { return view_; }

private:
    /// What a part still lacks to be asked.
    enum class lack { nothing, cluster, controller, leader, coordinator, broker, connection };
    enum class progress { waiting, asked, done };
    struct part_state {
        progress at = progress::waiting;
        lack lacks = lack::nothing;
        std::uint32_t attempts = 0;
        std::uint32_t malformed = 0;
        monotonic_ns not_before{};
        /// The link of the last attempt, or that it waits for.
        link_number link = 0;
        /// An attempt was cut off after it was sent; on the link that was the last such.
        bool cut_off = false;
        link_number cut_off_at = 0;
        std::optional<error> last;
    };
    struct running_call {
        std::unique_ptr<cluster_call> call;
        std::vector<part_state> parts;
        std::size_t open = 0;
        monotonic_ns since{};
        monotonic_ns deadline{};
    };
    using call_number = std::uint64_t;
    /// A request that waits for its answer: of a call, or one of the client's own.
    struct flight {
        enum class kind { call, metadata, coordinators };
        kind what = kind::call;
        call_number call = 0;
        std::vector<std::size_t> parts;
        std::vector<std::string> groups;
        monotonic_ns asked_at{};
    };
    /// A question of the client's own, and when it may be asked again.
    struct lookup {
        bool asking = false;
        std::uint32_t attempts = 0;
        monotonic_ns not_before{};
        std::optional<error> last;
    };
    struct route {
        link_number link = 0;
        lack lacks = lack::nothing;
    };

    // cluster_client.cpp: life of links and calls
    void settle(monotonic_ns now, cluster_effects& out);
    void flush(monotonic_ns now, cluster_effects& out);
    void tell_trouble(broker_link& link, cluster_effects& out);
    void rest_links(monotonic_ns now, cluster_effects& out);
    bool is_needed(const broker_link& link) const;
    bool has_flights(link_number link) const;
    void fail(running_call& one, std::size_t part, error why);
    bool is_nobody_there(monotonic_ns now) const;
    std::optional<error> strangers_since(monotonic_ns since) const;
    void watch_for_nobody(monotonic_ns now);
    void expire(monotonic_ns now);
    void finish(cluster_effects& out);
    link_number link_to(const broker_address& at);
    broker_link* find(link_number link);
    void wake_at(monotonic_ns when) { wake_ = earlier(wake_, when); }
    std::int64_t pause_after(std::uint32_t attempts);

    // cluster_asking.cpp: who is asked what
    void plan(monotonic_ns now);
    void plan_call(call_number number, running_call& one, monotonic_ns now);
    void ask_parts(call_number number, running_call& one, link_number link,
                   std::span<const std::size_t> parts, monotonic_ns now);
    route route_to(const running_call& one, const call_target& target, monotonic_ns now);
    route route_to_broker(std::int32_t id, monotonic_ns now);
    route route_to_leader(const call_target& target, monotonic_ns now);
    route route_to_coordinator(const std::string& group, monotonic_ns now);
    bool is_doubtful(const broker_link& link, monotonic_ns now);
    std::optional<error> hopeless(const running_call& one, const call_target& target, lack lacks,
                                  monotonic_ns now) const;
    std::optional<error> unreachable(const running_call& one, std::size_t part, const route& found);
    link_number any_link(monotonic_ns now);
    std::vector<link_number> candidates();
    bool may_send(const broker_link& link, monotonic_ns now);
    bool needs_metadata(monotonic_ns now) const;
    void ask_metadata(monotonic_ns now);
    void ask_coordinators(monotonic_ns now);
    void ask_coordinators_at(link_number link, std::vector<std::string> groups, monotonic_ns now);

    // cluster_heard.cpp: what came back
    void hear(monotonic_ns now);
    void hear_answer(broker_link& link, const flight& asked, const answer& got, monotonic_ns now);
    void hear_call(broker_link& link, const flight& asked, const answer& got, monotonic_ns now);
    void hear_part(running_call& one, const part_answer& said, monotonic_ns now);
    void hear_metadata(broker_link& link, const flight& asked, const answer& got, monotonic_ns now);
    void hear_coordinators(broker_link& link, const flight& asked, const answer& got, monotonic_ns now);
    void hear_coordinator(const std::string& group, std::int16_t code, std::int32_t broker,
                          const broker_address& at, monotonic_ns now);
    void hear_loss(link_number number, broker_link& link, monotonic_ns now);
    void void_flight(const flight& asked, const error& why, monotonic_ns now);
    void repeat(running_call& one, std::size_t part, error why, monotonic_ns now);
    void put_off(lookup& question, error why, monotonic_ns now);

    // cluster_told.cpp: what people read
    error timed_out(const running_call& one, std::size_t part, monotonic_ns now) const;
    std::string reached(const running_call& one, std::size_t part) const;
    std::string reached_by_links(monotonic_ns since) const;
    std::string reached_by_link(link_number link, monotonic_ns since) const;
    std::string asked_of(const running_call& one, link_number link) const;
    std::string failures_of_links() const;

    client_settings settings_;
    runtime::random draws_;
    cluster_view view_;
    std::shared_ptr<runtime::chunk_pool> frames_ =
        std::make_shared<runtime::chunk_pool>(limits::kept_frame_bytes_max);
    std::map<link_number, std::unique_ptr<broker_link>> links_;
    std::map<broker_address, link_number> links_by_address_;
    link_number next_link_ = 1;
    std::map<call_number, running_call> calls_;
    call_number next_call_ = 1;
    std::map<std::pair<link_number, std::uint64_t>, flight> flights_;
    lookup metadata_;
    std::map<std::string, lookup> lookups_;
    /// What the parts that wait need to know; made anew by each `plan`.
    bool cluster_wanted_ = false;
    std::set<std::string> topics_wanted_;
    std::set<std::string> groups_wanted_;
    /// An answer contradicted what is known.
    bool stale_ = false;
    /// Metadata was heard since the last `plan`; what it lacked is asked for again with this as the reason.
    std::optional<error> fresh_;
    bool closed_ = false;
    monotonic_ns wake_{};
};

} // namespace barnabas::client
