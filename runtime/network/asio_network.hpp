#pragma once

#include "runtime/network/network.hpp"

#include <cstdint>
#include <memory>

namespace barnabas::runtime {

class loop_scheduler;
struct open_sockets;

/// TCP on the event loops. Hosts are numeric (IPv4 or IPv6, without brackets), "localhost" (127.0.0.1, then
/// ::1), names, or empty (listen only: every address of the machine). `listen` waits for the name service
/// when it is given a name. A stream that its owner drops unclosed is aborted; `close` and `abort` are safe
/// on every thread.
class asio_network final : public network {
public:
    explicit asio_network(loop_scheduler& loops);
    ~asio_network() override;

    result<std::unique_ptr<listening_socket>>
    listen(const endpoint& at, std::function<void(std::shared_ptr<byte_stream>)> on_accept) override;

    void connect(const endpoint& to, loop_index home,
                 std::function<void(result<std::shared_ptr<byte_stream>>)> done) override;

    /// Times that accepting paused because no descriptor or memory was left.
    std::uint64_t accept_pauses() const noexcept;

private:
    loop_scheduler& loops_;
    std::shared_ptr<open_sockets> open_;
};

} // namespace barnabas::runtime
