#pragma once

#include "runtime/network/network.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/connection.hpp"
#include "sim/network/link_table.hpp"
#include "sim/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

class node_network;

/// The network of a run: hosts by name, listening ports, connections, and what goes wrong between them.
/// Hosts are numbered in the order added. Endpoints name hosts; "", "0.0.0.0", "localhost" and "127.0.0.1"
/// mean the own host.
class network_fabric {
public:
    network_fabric(world& time, const network_faults& faults = {});
    ~network_fabric();
    network_fabric(const network_fabric&) = delete;
    network_fabric& operator=(const network_fabric&) = delete;

    std::uint32_t add_host(const std::string& name);
    /// From now on `name` leads to `host` (a name may move to another host).
    void name_host(const std::string& name, std::uint32_t host);

    // ---- node life; used by simulated_node

    /// The network of a new incarnation. If the host was without power, peers of old connections learn it
    /// now.
    std::unique_ptr<node_network> boot(std::uint32_t host, std::uint32_t loops, owner_id owner);
    /// The incarnation ended. With power lost, its connections fall silent; otherwise its kernel closes them.
    /// No callback of it is called any more and all are destroyed.
    void end(node_network& of, bool power_lost);

    // ---- faults

    void set_faults(const network_faults& faults) { faults_ = faults; }
    const network_faults& faults() const noexcept { return faults_; }
    /// Hears of every harm that chance did to a connection.
    void watch_harm(std::function<void(const connection_harm&)> observer) {
        harm_observer_ = std::move(observer);
    }
    /// Harms to connections that are still to be made; holds until `heal`, beside what chance does.
    void set_planned_harm(std::vector<connection_harm> harms);
    /// All links open, no clog, no planned harm, and from now on a healthy network: who still writes to an
    /// end that is gone is told within seconds, however long the silence was to last.
    void heal();
    /// Bytes from one host to another are held; after a drawn silence their connections fail.
    void block(std::uint32_t from, std::uint32_t to);
    void unblock(std::uint32_t from, std::uint32_t to);
    bool blocked(std::uint32_t from, std::uint32_t to) const { return links_.blocked(from, to); }
    /// Cuts a host off from all others, both ways.
    void isolate(std::uint32_t host);
    void rejoin(std::uint32_t host);
    /// Bytes from one host to another are held for this long; nothing is lost.
    void clog(std::uint32_t from, std::uint32_t to, std::int64_t duration_ns);
    void unclog(std::uint32_t from, std::uint32_t to);
    /// For so long bytes from one host to another travel no faster.
    void slow_down(std::uint32_t from, std::uint32_t to, const link_speed& speed, std::int64_t duration_ns);
    /// For so long attempts of one host to connect to another end like this.
    void set_connects(std::uint32_t from, std::uint32_t to, connect_mode mode, std::int64_t duration_ns);
    /// The ends at `gone` of all connections between the two vanish; their peers learn it after a silence.
    void vanish(std::uint32_t gone, std::uint32_t peer);
    /// The connections between the two are reset once each has sent so many more bytes in this direction;
    /// if there is none, the next one.
    void reset_after(std::uint32_t from, std::uint32_t to, std::uint64_t more_bytes);
    /// Resets every connection of the host, or one that `draws` picks. Answers how many.
    std::size_t reset_connections(std::uint32_t host);
    bool reset_one(runtime::random& draws);

    /// Connections that wait in a kernel until their listener's process takes them, at most; whoever comes
    /// when there are more is not answered and tries again. What Linux grants a listener that asks for as
    /// much as there is, as `runtime/network` does.
    static constexpr std::size_t listen_backlog = 4'096;

    /// Attempts of that host to connect, whatever became of them.
    std::uint64_t connects_of(std::uint32_t host) const { return hosts_[host].connects; }
    std::uint64_t connections_made() const noexcept { return connections_made_; }
    std::size_t open_connections() const noexcept { return connections_.size(); }
    std::uint64_t bytes_delivered() const noexcept { return bytes_delivered_; }

private:
    friend class node_network;
    friend class connection;
    friend class simulated_listener;

    struct host_state {
        std::string name;
        bool powered = true;
        std::uint64_t connects = 0;
        std::uint16_t next_port = 40'000;
        /// The next ephemeral port; they come round again.
        std::uint16_t take_port();
    };
    struct listener {
        std::uint64_t number;
        node_network* of;
        std::function<void(std::shared_ptr<runtime::byte_stream>)> on_accept;
        /// Established, and not taken by the process yet.
        std::deque<std::shared_ptr<connection>> backlog;
    };
    /// An attempt to connect, while it travels.
    struct attempt {
        std::uint64_t number = 0;
        connection::party source;
        runtime::endpoint to;
        std::uint32_t target = 0;
        std::int64_t latency = 0;
        /// What clogs and full backlogs have cost so far.
        std::int64_t waited = 0;
        /// Until the next try when nobody answers; twice as long each time.
        std::int64_t retry_after = second;
        std::function<void(result<std::shared_ptr<runtime::byte_stream>>)> done;
    };
    using port_key = std::pair<std::uint32_t, std::uint16_t>;

    result<std::unique_ptr<runtime::listening_socket>>
    listen(node_network& by, const runtime::endpoint& at,
           std::function<void(std::shared_ptr<runtime::byte_stream>)> on_accept);
    void stop_listening(const port_key& key, std::uint64_t number);
    void connect(node_network& by, const runtime::endpoint& to, loop_index home,
                 std::function<void(result<std::shared_ptr<runtime::byte_stream>>)> done);
    void reach(std::shared_ptr<attempt> trying);
    void wait_and_reach(std::shared_ptr<attempt> trying, std::int64_t wait, std::int64_t left);
    void establish(attempt& trying, const port_key& key, listener& at);
    void offer(const port_key& key, listener& to, const std::shared_ptr<connection>& made);
    void take_backlog(const port_key& key, std::uint64_t number);
    void harm_made(connection& made, runtime::random& draws);
    bool harmed(std::uint64_t number, harm_kind kind, std::uint32_t chance, runtime::random& draws);
    void report_harm(const connection_harm& harm) const {
        if (harm_observer_)
            harm_observer_(harm);
    }
    const link_speed* slow_link(std::uint32_t from, std::uint32_t to) const {
        return links_.speed(from, to, world_.now());
    }
    /// Calls `act(connection, side)` for the ends at `from` of connections to `to`.
    template <class Act>
    void for_each_end(std::uint32_t from, std::uint32_t to, const Act& act);
    void answer_later(std::shared_ptr<attempt> trying, std::int64_t delay, errc code, const char* why);
    bool resolve(const std::string& name, std::uint32_t own, std::uint32_t& host) const;
    void forget_if_finished(const connection& candidate);
    void count_delivered(std::size_t bytes) noexcept { bytes_delivered_ += bytes; }

    world& world_;
    network_faults faults_;
    runtime::random draws_;
    runtime::random harm_draws_;
    std::vector<host_state> hosts_;
    std::map<std::string, std::uint32_t, std::less<>> names_;
    std::map<port_key, listener> listeners_;
    std::map<std::uint64_t, std::shared_ptr<connection>> connections_;
    link_table links_;
    std::map<std::uint64_t, std::vector<connection_harm>> planned_harm_;
    std::function<void(const connection_harm&)> harm_observer_;
    std::uint64_t next_connection_ = 1;
    std::uint64_t connections_made_ = 0;
    std::uint64_t next_listener_ = 1;
    std::uint64_t bytes_delivered_ = 0;
};

/// The network as one incarnation of a node sees it.
class node_network final : public runtime::network {
public:
    node_network(network_fabric& fabric, std::uint32_t host, std::uint32_t loops, owner_id owner)
        : fabric_(fabric), host_(host), loops_(loops), owner_(owner) {}

    result<std::unique_ptr<runtime::listening_socket>>
    listen(const runtime::endpoint& at,
           std::function<void(std::shared_ptr<runtime::byte_stream>)> on_accept) override {
        return fabric_.listen(*this, at, std::move(on_accept));
    }
    void connect(const runtime::endpoint& to, loop_index home,
                 std::function<void(result<std::shared_ptr<runtime::byte_stream>>)> done) override {
        fabric_.connect(*this, to, home, std::move(done));
    }

    /// Until when the process stands still, as its scheduler sees it; it never does if nobody says.
    void watch_pauses(std::function<virtual_time()> paused_until) { paused_until_ = std::move(paused_until); }

private:
    friend class network_fabric;

    virtual_time paused_until() const { return paused_until_ ? paused_until_() : virtual_time(0); }

    std::function<virtual_time()> paused_until_;
    network_fabric& fabric_;
    std::uint32_t host_;
    std::uint32_t loops_;
    owner_id owner_;
    /// After the end of the incarnation every call is without effect.
    bool ended_ = false;
};

} // namespace barnabas::sim
