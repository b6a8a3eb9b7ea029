#include "actors/client/client_actor.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/limits.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <utility>

namespace barnabas::client {

namespace {

/// The shell of every client: a stream, timers and messages around a session and its role.
template <class Role>
class client_actor final : public caf::event_based_actor {
public:
    template <class... Options>
    client_actor(caf::actor_config& config, runtime::node_services& node, client_options options,
                 Options... role_options)
        : event_based_actor(config), node_(node), options_(std::move(options)),
          connection_(options_.connection), role_(connection_, std::move(role_options)...),
          session_(connection_, role_, runtime::random(node.seed).split("client").split(options_.number)) {}

    ~client_actor() override { drop_stream(); }

    const char* name() const override { return "client"; }
    void on_exit() override { drop_stream(); }

    caf::behavior make_behavior() override {
        step([this](session_effects& out) { session_.on_start(now(), out); });
        return {
            [this](const client_read& message) { on_read(message); },
            [this](const send_batch& message) { on_send(message); },
            [this](const client_timer& message) { on_timer(message); },
            [this](const client_connected& message) { on_connected(message); },
            [this](const create_topic& message) { on_create(message); },
            [this](const close_client&) {
                step([this](session_effects& out) { session_.on_close(now(), out); });
                quit();
            },
        };
    }

private:
    monotonic_ns now() const { return node_.clock->monotonic_now(); }

    void on_send(const send_batch& message) {
        if constexpr (std::is_same_v<Role, producer>) {
            role_.send(message.batch, now());
            step([this](session_effects& out) { session_.on_work(now(), out); });
        }
    }
    void on_create(const create_topic& message) {
        if constexpr (std::is_same_v<Role, topic_admin>) {
            role_.create(message.topic);
            step([this](session_effects& out) { session_.on_work(now(), out); });
        }
    }

    void on_connected(const client_connected& message) {
        if (message.attempt != attempt_ || session_.is_closed()) {
            if (message.stream != nullptr)
                message.stream->abort();
            return;
        }
        if (message.stream == nullptr)
            return step([this](session_effects& out) { session_.on_disconnected(now(), out); });
        stream_ = message.stream;
        auto self = caf::actor_cast<caf::actor>(this);
        const auto attempt = attempt_;
        stream_->attach({[self, attempt](runtime::read_completion bytes) {
                             caf::anon_send(self, client_read{attempt, std::move(bytes)});
                         },
                         nullptr});
        stream_->read(nullptr, 0, limits::read_bytes_max);
        step([this](session_effects& out) { session_.on_connected(now(), out); });
    }

    void on_read(const client_read& message) {
        if (message.attempt != attempt_ || stream_ == nullptr)
            return;
        if (message.bytes.count == 0)
            return step([this](session_effects& out) { session_.on_disconnected(now(), out); });
        const auto* begin = message.bytes.into->data() + message.bytes.at;
        step([&](session_effects& out) { session_.on_bytes({begin, message.bytes.count}, now(), out); });
        if (stream_ == nullptr)
            return;
        auto wanted = connection_.next_read();
        stream_->read(std::move(wanted.into), wanted.at, wanted.max);
    }

    void on_timer(const client_timer& message) {
        if (message.deadline == armed_.get())
            armed_ = {};
        step([this](session_effects& out) { session_.on_timer(now(), out); });
    }

    template <class Event>
    void step(const Event& event) {
        session_effects out;
        event(out);
        if (out.nonsense)
            node_.log->error("nonsense_received", {{"message", to_string(*out.nonsense)}});
        if (out.abort)
            drop_stream();
        if (!out.writes.empty() && stream_ != nullptr)
            stream_->write(std::move(out.writes));
        if (out.connect)
            connect();
        arm();
    }

    void connect() {
        drop_stream();
        const auto attempt = ++attempt_;
        auto self = caf::actor_cast<caf::actor>(this);
        node_.network->connect(options_.broker, options_.home,
                               [self, attempt](result<std::shared_ptr<runtime::byte_stream>> made) {
                                   client_connected message{attempt, nullptr};
                                   if (made)
                                       message.stream = *made;
                                   caf::anon_send(self, std::move(message));
                               });
    }

    void drop_stream() {
        if (stream_ != nullptr)
            std::exchange(stream_, nullptr)->abort();
    }

    /// One timer is out at a time, unless an earlier one is needed.
    void arm() {
        const auto due = session_.deadline();
        if (due == monotonic_ns{} || (armed_ != monotonic_ns{} && armed_ <= due))
            return;
        armed_ = due;
        const auto delay = std::max<std::int64_t>(due - now(), 0);
        delayed_send(caf::actor_cast<caf::actor>(this), std::chrono::nanoseconds(delay),
                     client_timer{due.get()});
    }

    runtime::node_services& node_;
    client_options options_;
    client_connection connection_;
    Role role_;
    client_session session_;
    std::shared_ptr<runtime::byte_stream> stream_;
    std::uint64_t attempt_ = 0;
    monotonic_ns armed_{};
};

} // namespace

caf::actor spawn_producer(runtime::node_services& node, const client_options& options,
                          const producer_options& producing, producer_events events) {
    return runtime::spawn<caf::actor, client_actor<producer>>(node, {options.home, "producer"}, options,
                                                              producing, std::move(events));
}

caf::actor spawn_consumer(runtime::node_services& node, const client_options& options,
                          consumer_options consuming, consumer_events events) {
    return runtime::spawn<caf::actor, client_actor<consumer>>(node, {options.home, "consumer"}, options,
                                                              std::move(consuming), std::move(events));
}

caf::actor spawn_group_member(runtime::node_services& node, const client_options& options,
                              group_member_options membership, group_member_events events) {
    auto draws = runtime::random(node.seed).split("group member").split(options.number);
    return runtime::spawn<caf::actor, client_actor<group_member>>(
        node, {options.home, "group_member"}, options, std::move(membership), draws, std::move(events));
}

caf::actor spawn_group_consumer(runtime::node_services& node, const client_options& options,
                                group_consumer_options membership, group_member_events events) {
    auto draws = runtime::random(node.seed).split("group member").split(options.number);
    return runtime::spawn<caf::actor, client_actor<group_consumer>>(
        node, {options.home, "group_member"}, options, std::move(membership), draws, std::move(events));
}

caf::actor spawn_topic_admin(runtime::node_services& node, const client_options& options,
                             admin_events events) {
    return runtime::spawn<caf::actor, client_actor<topic_admin>>(node, {options.home, "topic_admin"}, options,
                                                                 std::move(events));
}

} // namespace barnabas::client
