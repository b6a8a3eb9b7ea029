#include "actors/client/application/handle.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster/call.hpp"
#include "actors/client/cluster/settings.hpp"
#include "actors/client/cluster_actor.hpp"
#include "runtime/node/gate.hpp"
#include "runtime/node/light_node.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace barnabas::client {

struct handle::parts {
    std::unique_ptr<runtime::light_node> node;
    caf::actor actor;
    runtime::gate closed;
    admin calls{nullptr};
};

handle::handle(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

handle::handle(handle&&) noexcept = default;

handle& handle::operator=(handle&& other) noexcept {
    if (this != &other) {
        close();
        parts_ = std::move(other.parts_);
    }
    return *this;
}

handle::~handle() {
    close();
}

const admin& handle::admin_calls() const {
    return parts_->calls;
}

void handle::close() {
    if (parts_ == nullptr || parts_->actor == nullptr)
        return;
    caf::anon_send(parts_->actor, close_client{});
    parts_->closed.wait();
    // Nobody takes a call any more: one that is dropped fails with `closed` by itself.
    parts_->calls = admin([](std::unique_ptr<cluster_call>, std::optional<std::int64_t>) {});
    // The actor belongs to the node's system.
    parts_->actor = nullptr;
    parts_->node.reset();
}

result<handle> connect(const properties& keys, handle_options options) {
    auto settings = read_settings(keys);
    if (!settings)
        return settings.failure();
    auto node = runtime::light_node::start();
    if (!node)
        return node.failure();
    auto made = std::make_unique<handle::parts>();
    made->node = std::move(*node);
    cluster_actor_events events;
    events.on_trouble = std::move(options.on_trouble);
    events.on_closed = [closed = made->closed]() mutable { closed.open(); };
    cluster_actor_options wanted;
    wanted.settings = std::move(*settings);
    made->actor = spawn_cluster_client(made->node->services(), std::move(wanted), std::move(events));
    made->calls = admin(submitter_to(made->actor));
    return handle(std::move(made));
}

} // namespace barnabas::client
