#pragma once

// Private to runtime/network.

#include "runtime/network/asio_thread.hpp"
#include "runtime/network/network.hpp"
#include "runtime/network/tcp_connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace barnabas::runtime {

class loop_scheduler;
class tcp_acceptor;

/// What is open in a node, so that it can be let go before its loops end.
struct open_sockets {
    asio_thread asio;
    std::shared_ptr<open_connections> connections;
    std::mutex acceptors_mutex;
    std::set<tcp_acceptor*> acceptors;
    /// Times that accepting paused because the process or the system had no descriptor or memory left.
    std::atomic<std::uint64_t> accept_pauses{0};
};

/// A listening port. Accepts on Asio's thread and spreads the streams over all loops. Its pending wait keeps
/// it alive.
class tcp_acceptor final : public std::enable_shared_from_this<tcp_acceptor> {
public:
    using accept_function = std::function<void(std::shared_ptr<byte_stream>)>;

    tcp_acceptor(loop_scheduler& loops, std::shared_ptr<open_sockets> open, accept_function on_accept);
    ~tcp_acceptor();

    boost::system::error_code open(const boost::asio::ip::tcp::endpoint& at);
    boost::asio::ip::tcp::endpoint local() const;
    void start();
    /// From any thread: the port is free when it returns, and nothing is accepted any more.
    void close();
    void loops_stopped();

private:
    void wait();
    void accept();
    bool accept_one();
    void hand_over(connected_socket made);
    void pause();

    loop_scheduler& loops_;
    std::shared_ptr<open_sockets> open_;
    std::optional<boost::asio::ip::tcp::acceptor> socket_;
    std::optional<boost::asio::steady_timer> pause_;
    /// Never changed, because it is called on every loop.
    const std::shared_ptr<const accept_function> on_accept_;
    std::uint32_t next_ = 0;
    std::atomic<bool> closed_{false};
};

} // namespace barnabas::runtime
