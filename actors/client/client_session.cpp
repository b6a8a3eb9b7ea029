#include "actors/client/client_session.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

monotonic_ns earlier(monotonic_ns a, monotonic_ns b) noexcept {
    if (a == monotonic_ns{} || b == monotonic_ns{})
        return a == monotonic_ns{} ? b : a;
    return std::min(a, b);
}

void client_session::on_start(monotonic_ns now, session_effects& out) {
    BARNABAS_ASSERT(state_ == state::pausing);
    state_ = state::connecting;
    due_ = now + options_.connect_wait_ns;
    out.connect = true;
}

void client_session::on_connected(monotonic_ns now, session_effects& out) {
    if (state_ != state::connecting)
        return;
    state_ = state::open;
    due_ = {};
    connection_.on_connected(now);
    settle(now, out);
}

void client_session::on_disconnected(monotonic_ns now, session_effects& out, error why) {
    if (state_ == state::connecting || state_ == state::open)
        lose(std::move(why), now, out);
}

void client_session::on_bytes(std::span<const std::byte> bytes, monotonic_ns now, session_effects& out) {
    if (state_ != state::open)
        return;
    connection_.on_bytes(bytes, now);
    settle(now, out);
}

void client_session::on_work(monotonic_ns now, session_effects& out) {
    if (state_ == state::open)
        settle(now, out);
    else if (state_ == state::pausing && due_ == monotonic_ns{} && role_.wants_connection())
        on_start(now, out);
}

void client_session::on_timer(monotonic_ns now, session_effects& out) {
    if (state_ == state::closed)
        return;
    role_.on_timer(now);
    const bool due = due_ != monotonic_ns{} && due_ <= now;
    if (state_ == state::pausing && due) {
        due_ = {};
        return on_work(now, out);
    }
    if (state_ == state::connecting && due)
        return lose({errc::request_timed_out, "no connection was made in time"}, now, out);
    if (state_ == state::open) {
        connection_.on_timer(now);
        settle(now, out);
    }
}

void client_session::on_close(monotonic_ns now, session_effects& out) {
    if (state_ == state::closed)
        return;
    out = {};
    out.abort = true;
    connection_.on_disconnected();
    role_.on_lost(now);
    state_ = state::closed;
    due_ = {};
}

void client_session::hang_up(monotonic_ns now, session_effects& out) {
    if (state_ != state::open)
        return;
    out.abort = true;
    out.writes.clear();
    connection_.on_disconnected();
    state_ = state::pausing;
    role_.on_lost(now);
}

void client_session::settle(monotonic_ns now, session_effects& out) {
    // Answers may make the role send, never answer again, so one round of each is enough.
    for (const auto& got : connection_.take_answers()) {
        role_.on_answer(got, now);
        pause_ns_ = 0;
        failures_ = 0;
    }
    if (connection_.is_ready())
        role_.on_ready(now);
    if (const auto& broken = connection_.broken()) {
        if (broken->code == errc::malformed)
            out.nonsense = *broken;
        return lose(*broken, now, out);
    }
    for (auto& part : connection_.take_writes())
        out.writes.push_back(std::move(part));
}

void client_session::lose(error why, monotonic_ns now, session_effects& out) {
    const bool was_open = state_ == state::open;
    out.abort = true;
    out.writes.clear();
    connection_.on_disconnected();
    state_ = state::pausing;
    last_failure_ = std::move(why);
    ++failures_;
    pause_ns_ = std::clamp(pause_ns_ * 2, options_.reconnect_first_ns, options_.reconnect_last_ns);
    due_ = now + std::max<std::int64_t>(draws_.between(pause_ns_ / 2, pause_ns_), 1);
    if (was_open)
        role_.on_lost(now);
}

monotonic_ns client_session::deadline() const {
    if (state_ == state::closed)
        return {};
    return earlier(due_, earlier(role_.deadline(), connection_.deadline()));
}

} // namespace barnabas::client
