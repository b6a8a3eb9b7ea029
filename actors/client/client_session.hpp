#pragma once

#include "actors/client/client_connection.hpp"
#include "actors/client/limits.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::client {

/// What a client does with its connection: producer, consumer, topic_admin. It sends through the
/// `client_connection` that it was given, and only while that is ready.
class client_role {
public:
    virtual ~client_role() = default;
    /// The connection is ready, or something happened meanwhile: send what there is to send.
    virtual void on_ready(monotonic_ns now) = 0;
    /// The connection is gone, and every request without an answer is void.
    virtual void on_lost(monotonic_ns now) = 0;
    virtual void on_answer(const answer& got, monotonic_ns now) = 0;
    virtual void on_timer(monotonic_ns now) = 0;
    /// When `on_timer` is due; zero for never.
    virtual monotonic_ns deadline() const = 0;
    /// There is something to do on a connection: without it none is made anew.
    virtual bool wants_connection() const { return true; }
};

struct session_options {
    std::int64_t connect_wait_ns = limits::connect_wait_ns;
    /// Pause after the first failure, and the longest.
    std::int64_t reconnect_first_ns = limits::reconnect_first_ns;
    std::int64_t reconnect_last_ns = limits::reconnect_last_ns;
};

/// What the shell carries out after each event, in this order.
struct session_effects {
    bool abort = false;
    bool connect = false;
    std::vector<slice> writes;
    /// What the broker sent cannot be an answer to what was asked. It is no excuse for the broker that the
    /// client comes back and goes on.
    std::optional<error> nonsense;
};

/// Keeps one connection to a broker alive: connects, hands events to the role, reconnects after a pause that
/// grows. While the role wants no connection none is made: the session rests when the pause is over.
///
///     pausing -> connecting -> open -> pausing ...      any -> closed
class client_session {
public:
    client_session(client_connection& connection, client_role& role, runtime::random draws,
                   session_options options = {})
        : connection_(connection), role_(role), draws_(draws), options_(options) {}

    void on_start(monotonic_ns now, session_effects& out);
    void on_connected(monotonic_ns now, session_effects& out);
    /// Also the end of an open stream. `why` is for people.
    void on_disconnected(monotonic_ns now, session_effects& out,
                         error why = {errc::network_exception, "the connection was closed"});
    void on_bytes(std::span<const std::byte> bytes, monotonic_ns now, session_effects& out);
    void on_timer(monotonic_ns now, session_effects& out);
    /// The role was given something to do.
    void on_work(monotonic_ns now, session_effects& out);
    void on_close(monotonic_ns now, session_effects& out);
    /// Ends an open connection that nobody needs; the next `on_work` makes a new one if the role wants it.
    void hang_up(monotonic_ns now, session_effects& out);

    monotonic_ns deadline() const;
    bool is_closed() const noexcept { return state_ == state::closed; }
    bool is_open() const noexcept { return state_ == state::open; }
    bool is_connecting() const noexcept { return state_ == state::connecting; }
    /// Waits until it may connect again.
    bool is_pausing() const noexcept { return state_ == state::pausing && due_ != monotonic_ns{}; }
    /// Why the last attempt or connection ended, and how many ended since the broker last answered.
    const std::optional<error>& last_failure() const noexcept { return last_failure_; }
    std::uint32_t failures() const noexcept { return failures_; }

private:
    enum class state { pausing, connecting, open, closed };

    void lose(error why, monotonic_ns now, session_effects& out);
    void settle(monotonic_ns now, session_effects& out);

    client_connection& connection_;
    client_role& role_;
    runtime::random draws_;
    session_options options_;
    state state_ = state::pausing;
    monotonic_ns due_{};
    std::int64_t pause_ns_ = 0;
    std::optional<error> last_failure_;
    std::uint32_t failures_ = 0;
};

/// The earlier of two deadlines, where zero means never.
monotonic_ns earlier(monotonic_ns a, monotonic_ns b) noexcept;

} // namespace barnabas::client
