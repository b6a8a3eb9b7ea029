#pragma once

#include "actors/client/client_session.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

struct new_topic {
    std::string name;
    std::int32_t partitions = 1;
    std::vector<std::pair<std::string, std::string>> configs;
};

struct admin_events {
    /// The topic is there (made now or before), or the broker refused it for good.
    std::function<void(const std::string& topic, const result<void>& outcome)> on_created;
};

/// Creates topics, repeating each until the broker gives a final answer. A topic that exists already counts
/// as made.
class topic_admin final : public client_role {
public:
    topic_admin(client_connection& connection, admin_events events)
        : connection_(connection), events_(std::move(events)) {}

    void create(new_topic topic) { wanted_.push_back(std::move(topic)); }

    void on_ready(monotonic_ns now) override;
    void on_lost(monotonic_ns now) override;
    void on_answer(const answer& got, monotonic_ns now) override;
    void on_timer(monotonic_ns now) override;
    monotonic_ns deadline() const override { return wanted_.empty() ? monotonic_ns{} : not_before_; }

private:
    void finish(const std::string& topic, const result<void>& outcome);

    client_connection& connection_;
    admin_events events_;
    std::vector<new_topic> wanted_;
    std::uint64_t asked_ = 0;
    monotonic_ns not_before_{};
};

} // namespace barnabas::client
