#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::runtime {

struct endpoint {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const endpoint&, const endpoint&) = default;
};
std::string to_string(const endpoint& value);

/// Bytes that arrived: `count` bytes at `at` in `into`. `count == 0` means that the peer closed its side or
/// the stream failed; nothing follows.
struct read_completion {
    std::shared_ptr<chunk> into;
    std::size_t at = 0;
    std::size_t count = 0;
};

/// Both are called on the stream's home loop, never from inside a call on the stream; they must only send a
/// message. None is called after `close`.
struct stream_events {
    std::function<void(read_completion)> on_read;
    /// All bytes handed to `write` are with the operating system, after more than `drained_above` of them had
    /// waited: whoever only holds back when much waits need not hear of every write.
    std::function<void()> on_drained;
    std::size_t drained_above = 0;
};

/// One connection: a stream of bytes, not of messages. All calls come from its home loop.
class byte_stream {
public:
    virtual ~byte_stream() = default;

    /// Once, before anything else.
    virtual void attach(stream_events events) = 0;

    /// Asks for at least one byte; exactly one `on_read` follows, and one read is outstanding at a time.
    /// With `into`, bytes land in [at, at + max) of it. Without, a chunk of up to `max` bytes is allocated
    /// when bytes are there, so that an idle connection holds no buffer.
    virtual void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) = 0;

    /// Takes the parts in order, without copying; the system call happens at the end of the loop's turn, one
    /// for all parts handed over in it. Never refuses: the caller watches `unsent_bytes`.
    virtual void write(std::vector<slice> parts) = 0;
    virtual std::size_t unsent_bytes() const = 0;

    /// Sends what was written (for a bounded time), then closes. No event follows.
    virtual void close() = 0;
    /// Closes at once; unsent bytes are lost.
    virtual void abort() = 0;

    virtual endpoint peer() const = 0;
    virtual loop_index home() const = 0;
};

/// A port that accepts. Destroying it closes the port.
class listening_socket {
public:
    virtual ~listening_socket() = default;
    virtual endpoint local() const = 0;
};

class network {
public:
    virtual ~network() = default;

    /// Port 0 picks a free one. New streams are spread over the loops; `on_accept` is called on the new
    /// stream's home loop and must only send a message. Codes: address_in_use, access_denied,
    /// network_exception.
    virtual result<std::unique_ptr<listening_socket>>
    listen(const endpoint& at, std::function<void(std::shared_ptr<byte_stream>)> on_accept) = 0;

    /// The stream's home is `home`, and `done` is called there. Codes: connection_refused, request_timed_out,
    /// not_found (nobody knows the host's address), network_exception.
    virtual void connect(const endpoint& to, loop_index home,
                         std::function<void(result<std::shared_ptr<byte_stream>>)> done) = 0;
};

} // namespace barnabas::runtime
