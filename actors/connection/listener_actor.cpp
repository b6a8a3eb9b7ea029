#include "actors/connection/listener_actor.hpp"

#include "actors/connection/connection_actor.hpp"
#include "actors/connection/connection_messages.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/pending_reply.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <utility>

namespace barnabas {

namespace {

/// To the listener itself: the port it owns.
struct port_bound {
    std::shared_ptr<runtime::listening_socket> socket;
};

class listener_actor final : public caf::event_based_actor {
public:
    listener_actor(caf::actor_config& config, runtime::node_services& node, std::string listener_name,
                   server_context context)
        : event_based_actor(config), node_(node), name_(std::move(listener_name)),
          context_(std::move(context)) {}

    caf::behavior make_behavior() override;
    const char* name() const override { return "listener"; }

    /// Handles that point back here would keep this actor alive.
    void on_exit() override {
        socket_.reset();
        connections_.clear();
        closer_ = nullptr;
        context_ = {};
    }

private:
    void on_accepted(const std::shared_ptr<runtime::byte_stream>& stream);
    caf::actor begin_connection(std::uint64_t number, const std::shared_ptr<runtime::byte_stream>& stream);
    void end_if_done();

    runtime::node_services& node_;
    std::string name_;
    server_context context_;
    std::shared_ptr<runtime::listening_socket> socket_;
    std::map<std::uint64_t, caf::actor> connections_;
    std::uint64_t accepted_ = 0;
    caf::strong_actor_ptr closer_;
    bool closing_ = false;
};

} // namespace

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::port_bound)

namespace barnabas {

namespace {

caf::behavior listener_actor::make_behavior() {
    return {
        [this](const port_bound& message) {
            if (!closing_)
                socket_ = message.socket;
        },
        [this](const stream_accepted& message) { on_accepted(message.stream); },
        [this](const connection_closed& message) {
            connections_.erase(message.number);
            end_if_done();
        },
        [this](const close_listener&) {
            closing_ = true;
            socket_.reset();
            closer_ = current_sender();
            for (const auto& [number, one] : connections_)
                send(one, close_connection{});
            end_if_done();
        },
    };
}

void listener_actor::on_accepted(const std::shared_ptr<runtime::byte_stream>& stream) {
    const bool full = connections_.size() >= static_cast<std::size_t>(context_.config->max_connections);
    if (closing_ || full) {
        if (full)
            node_.log->warn("connection_refused",
                            {{"peer", to_string(stream->peer())}, {"reason", "max.connections is reached"}});
        // A stream belongs to its home loop; the connection closes it there.
        send(begin_connection(++accepted_, stream), close_connection{});
        return;
    }
    const std::uint64_t number = ++accepted_;
    connections_.emplace(number, begin_connection(number, stream));
}

caf::actor listener_actor::begin_connection(std::uint64_t number,
                                            const std::shared_ptr<runtime::byte_stream>& stream) {
    return spawn_connection(node_, context_, {name_, number, stream, caf::actor_cast<caf::actor>(this)});
}

void listener_actor::end_if_done() {
    if (!closing_ || !connections_.empty() || closer_ == nullptr)
        return;
    send(caf::actor_cast<caf::actor>(std::exchange(closer_, nullptr)), listener_closed{});
    quit();
}

} // namespace

result<opened_listener> open_listener(runtime::node_services& node, const listener_options& options,
                                      const server_context& context) {
    auto actor =
        runtime::spawn<caf::actor, listener_actor>(node, {loop_index(0), "listener"}, options.name, context);
    auto socket = node.network->listen(options.bind, [actor](std::shared_ptr<runtime::byte_stream> stream) {
        caf::anon_send(actor, stream_accepted{std::move(stream)});
    });
    if (!socket) {
        caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
        return socket.failure();
    }
    std::shared_ptr<runtime::listening_socket> owned = std::move(*socket);
    const runtime::endpoint local = owned->local();
    caf::anon_send(actor, port_bound{std::move(owned)});
    return opened_listener{actor, local};
}

} // namespace barnabas
