#include "runtime/network/asio_network.hpp"

#include "runtime/network/tcp_acceptor.hpp"
#include "runtime/network/tcp_stream.hpp"
#include "runtime/scheduler/event_loop.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <utility>

namespace barnabas::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// An attempt to connect ends after this time, whatever the system would still try.
constexpr std::chrono::seconds connect_time_max{10};

error failed_to_listen(const error_code& why, const endpoint& at) {
    if (why == asio::error::address_in_use)
        return {errc::address_in_use, to_string(at) +
                                          " is in use: another process has that port; stop it or choose "
                                          "another port"};
    if (why == asio::error::access_denied)
        return {errc::access_denied,
                to_string(at) + " may not be used: ports below 1024 need special rights"};
    return {errc::network_exception, "cannot listen on " + to_string(at) + ": " + why.message()};
}

error failed_to_connect(const error_code& why, const endpoint& to) {
    errc code = errc::network_exception;
    if (why == asio::error::connection_refused)
        code = errc::connection_refused;
    else if (why == asio::error::timed_out)
        code = errc::request_timed_out;
    return {code, "cannot connect to " + to_string(to) + ": " + why.message()};
}

error failed_to_resolve(const error_code& why, const endpoint& to) {
    return {errc::not_found, "cannot find out the address of " + to.host + ": " +
                                 (why ? why.message() : std::string("the name service knows none"))};
}

/// Addresses of a host that needs no name service; none for any other.
std::vector<asio::ip::address> direct_addresses(const std::string& host) {
    if (host == "localhost")
        return {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
    error_code not_numeric;
    auto address = asio::ip::make_address(host, not_numeric);
    if (not_numeric)
        return {};
    return {address};
}

class bound_port final : public listening_socket {
public:
    bound_port(std::shared_ptr<tcp_acceptor> acceptor, endpoint local)
        : acceptor_(std::move(acceptor)), local_(std::move(local)) {}
    ~bound_port() override { acceptor_->close(); }
    endpoint local() const override { return local_; }

private:
    std::shared_ptr<tcp_acceptor> acceptor_;
    endpoint local_;
};

/// One attempt to connect, on Asio's thread. Pending operations keep it alive until the answer is given,
/// which happens on the stream's home loop.
class connector final : public std::enable_shared_from_this<connector> {
public:
    using done_function = std::function<void(result<std::shared_ptr<byte_stream>>)>;

    connector(asio::io_context& io, event_loop& home, std::shared_ptr<open_connections> open, endpoint to,
              done_function done)
        : io_(io), home_(home), open_(std::move(open)), to_(std::move(to)), done_(std::move(done)),
          resolver_(io), deadline_(io) {}

    void start() {
        deadline_.expires_after(connect_time_max);
        deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
            if (!cancelled)
                self->finish(error{errc::request_timed_out,
                                   "cannot connect to " + to_string(self->to_) + ": no answer in 10 s"});
        });
        for (const auto& address : direct_addresses(to_.host))
            addresses_.emplace_back(address, to_.port);
        if (!addresses_.empty())
            return connect();
        resolver_.async_resolve(to_.host, std::to_string(to_.port),
                                [self = shared_from_this()](const error_code& why, const auto& found) {
                                    for (const auto& one : found)
                                        self->addresses_.push_back(one.endpoint());
                                    if (why || self->addresses_.empty())
                                        self->finish(failed_to_resolve(why, self->to_));
                                    else
                                        self->connect();
                                });
    }

private:
    /// Tries the addresses one after another; the last failure is the answer.
    void connect() {
        if (!done_)
            return;
        socket_.emplace(io_);
        socket_->async_connect(addresses_[next_++], [self = shared_from_this()](const error_code& why) {
            if (!why)
                self->connected();
            else if (self->next_ < self->addresses_.size())
                self->connect();
            else
                self->finish(failed_to_connect(why, self->to_));
        });
    }

    void connected() {
        if (!done_)
            return;
        error_code failed;
        const auto remote = socket_->remote_endpoint(failed);
        // Taken out of Asio's poller.
        descriptor taken(failed ? -1 : socket_->release(failed));
        if (failed)
            return finish(failed_to_connect(failed, to_));
        auto made = std::make_shared<connected_socket>(
            connected_socket{std::move(taken), {remote.address().to_string(), remote.port()}});
        end([made, &home = home_, open = open_](const done_function& done) {
            auto connection = tcp_connection::open(std::move(*made), home, open);
            done(std::shared_ptr<byte_stream>(std::make_shared<tcp_stream>(std::move(connection))));
        });
    }

    void finish(error why) {
        if (done_)
            end([why = std::move(why)](const done_function& done) { done(why); });
    }

    void end(std::function<void(const done_function&)> answer) {
        home_.post([answer = std::move(answer), done = std::exchange(done_, nullptr)] { answer(done); });
        deadline_.cancel();
        resolver_.cancel();
        socket_.reset();
    }

    asio::io_context& io_;
    event_loop& home_;
    std::shared_ptr<open_connections> open_;
    endpoint to_;
    done_function done_;
    tcp::resolver resolver_;
    asio::steady_timer deadline_;
    std::vector<tcp::endpoint> addresses_;
    std::size_t next_ = 0;
    std::optional<tcp::socket> socket_;
};

/// Where to listen. Without a host: on both families when the machine has IPv6, else on IPv4.
result<std::vector<tcp::endpoint>> addresses_to_listen(const endpoint& at) {
    if (at.host.empty())
        return std::vector<tcp::endpoint>{{asio::ip::address_v6::any(), at.port},
                                          {asio::ip::address_v4::any(), at.port}};
    if (auto direct = direct_addresses(at.host); !direct.empty())
        return std::vector<tcp::endpoint>{{direct.front(), at.port}};
    asio::io_context waiting;
    tcp::resolver resolver(waiting);
    error_code why;
    const auto found = resolver.resolve(at.host, std::to_string(at.port), tcp::resolver::passive, why);
    if (why || found.empty())
        return error{errc::network_exception,
                     "cannot listen on " + to_string(at) +
                         ": the name service says: " + (why ? why.message() : "no address")};
    return std::vector<tcp::endpoint>{found.begin()->endpoint()};
}

} // namespace

asio_network::asio_network(loop_scheduler& loops) : loops_(loops), open_(std::make_shared<open_sockets>()) {
    open_->connections = std::make_shared<open_connections>(loops.loop_count());
    loops.on_stop([open = open_] {
        for (auto& on_loop : *open->connections)
            while (!on_loop.empty())
                std::shared_ptr(*on_loop.begin())->loops_stopped();
        open->asio.stop();
        {
            std::lock_guard guard(open->acceptors_mutex);
            for (auto* acceptor : open->acceptors)
                acceptor->loops_stopped();
        }
        // Not under the lock: what is dropped may be the last reference to an acceptor.
        open->asio.drop_pending();
    });
}

asio_network::~asio_network() = default;

result<std::unique_ptr<listening_socket>>
asio_network::listen(const endpoint& at, std::function<void(std::shared_ptr<byte_stream>)> on_accept) {
    const auto addresses = addresses_to_listen(at);
    if (!addresses)
        return addresses.failure();
    error_code why;
    for (const auto& address : *addresses) {
        auto acceptor = std::make_shared<tcp_acceptor>(loops_, open_, on_accept);
        why = acceptor->open(address);
        if (!why) {
            const endpoint local{at.host.empty() ? address.address().to_string() : at.host,
                                 acceptor->local().port()};
            acceptor->start();
            return std::unique_ptr<listening_socket>(
                std::make_unique<bound_port>(std::move(acceptor), local));
        }
        if (why == asio::error::address_in_use)
            break;
    }
    return failed_to_listen(why, at);
}

void asio_network::connect(const endpoint& to, loop_index home,
                           std::function<void(result<std::shared_ptr<byte_stream>>)> done) {
    auto& io = open_->asio.io();
    auto attempt =
        std::make_shared<connector>(io, loops_.loop(home), open_->connections, to, std::move(done));
    asio::post(io, [attempt = std::move(attempt)] { attempt->start(); });
}

std::uint64_t asio_network::accept_pauses() const noexcept {
    return open_->accept_pauses.load(std::memory_order_relaxed);
}

} // namespace barnabas::runtime
