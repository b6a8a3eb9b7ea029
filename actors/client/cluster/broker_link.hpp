#pragma once

#include "actors/client/client_session.hpp"
#include "actors/client/cluster/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

/// The connection to one broker of a cluster: made when somebody wants it, kept while it is used. Part of
/// `cluster_client`, which says what is sent and hears what came.
class broker_link final : public client_role {
public:
    broker_link(broker_address at, const client_settings& settings,
                std::shared_ptr<runtime::chunk_pool> frames, const runtime::random& draws)
        : at_(std::move(at)),
          connection_({settings.client_id, settings.request_timeout_ns, std::move(frames)}),
          session_(connection_, *this, draws,
                   {settings.connect_timeout_ns, settings.reconnect_backoff_ns,
                    settings.reconnect_backoff_max_ns}) {}
    broker_link(const broker_link&) = delete;
    broker_link& operator=(const broker_link&) = delete;

    const broker_address& at() const noexcept { return at_; }
    client_connection& connection() noexcept { return connection_; }
    const client_connection& connection() const noexcept { return connection_; }
    client_session& session() noexcept { return session_; }
    const client_session& session() const noexcept { return session_; }
    /// Requests may be sent now.
    bool is_ready() const noexcept { return session_.is_open() && connection_.is_ready(); }

    void set_wanted(bool wanted) noexcept { wanted_ = wanted; }
    bool is_wanted() const noexcept { return wanted_; }
    std::vector<answer> take_answers() { return std::exchange(answers_, {}); }
    /// The connection ended since the last call: what was asked on it gets no answer.
    bool take_lost() noexcept { return std::exchange(lost_, false); }
    bool is_lost() const noexcept { return lost_; }

    /// When it was used last, for closing what nobody uses.
    monotonic_ns used_at{};
    /// When the present attempt to connect began.
    monotonic_ns connecting_since{};
    /// When it was last seen open, and ready; zero for never.
    monotonic_ns open_at{};
    monotonic_ns ready_at{};
    /// The broker wants no request before.
    monotonic_ns silent_until{};
    /// How many failures were told already.
    std::uint32_t failures_told = 0;
    /// What it sent that is no Kafka, as it was told last: once until it is something else, or all is well.
    std::string nonsense_told;

    // client_role
    void on_ready(monotonic_ns) override {}
    void on_lost(monotonic_ns) override { lost_ = true; }
    void on_answer(const answer& got, monotonic_ns) override { answers_.push_back(got); }
    void on_timer(monotonic_ns) override {}
    monotonic_ns deadline() const override { return {}; }
    bool wants_connection() const override { return wanted_; }

private:
    broker_address at_;
    client_connection connection_;
    client_session session_;
    bool wanted_ = false;
    bool lost_ = false;
    std::vector<answer> answers_;
};

} // namespace barnabas::client
