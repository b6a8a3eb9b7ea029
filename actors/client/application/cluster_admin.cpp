#include "actors/client/application/cluster_admin.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster/call.hpp"
#include "actors/client/cluster/key_table.hpp"
#include "actors/client/cluster/settings.hpp"
#include "actors/client/cluster_actor.hpp"
#include "actors/client/user_call.hpp"
#include "runtime/node/gate.hpp"
#include "runtime/node/light_node.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace barnabas::client {

namespace {

/// One that is dropped fails with `closed` by itself.
void drop_call(std::unique_ptr<cluster_call>, std::optional<std::int64_t>) {}

} // namespace

struct cluster_admin::parts {
    std::unique_ptr<runtime::light_node> node;
    caf::actor actor;
    runtime::gate closed;
};

cluster_admin::cluster_admin(std::unique_ptr<parts> made)
    : admin(submitter_to(made->actor)), parts_(std::move(made)) {}

cluster_admin::cluster_admin(cluster_admin&&) noexcept = default;

cluster_admin& cluster_admin::operator=(cluster_admin&& other) noexcept {
    if (this != &other) {
        close();
        admin::operator=(std::move(other));
        parts_ = std::move(other.parts_);
    }
    return *this;
}

cluster_admin::~cluster_admin() {
    close();
}

void cluster_admin::close() {
    if (parts_ == nullptr || parts_->actor == nullptr)
        return;
    caf::anon_send(parts_->actor, close_client{});
    parts_->closed.wait();
    // Nobody takes a call any more, and the actor belongs to the node's system.
    admin::operator=(admin(drop_call));
    parts_->actor = nullptr;
    parts_->node.reset();
}

result<cluster_admin> make_admin(const properties& keys, application_options options) {
    auto settings = read_settings(keys);
    if (!settings)
        return settings.failure();
    if (options.unreached_patience)
        settings->unreached_ns = std::chrono::nanoseconds(*options.unreached_patience).count();
    tell_unused_keys(keys, is_used_by_clients, options.on_unused_keys, options.on_trouble);
    auto node = runtime::light_node::start();
    if (!node)
        return node.failure();
    auto made = std::make_unique<cluster_admin::parts>();
    made->node = std::move(*node);
    cluster_actor_events events;
    events.on_trouble = guarded_trouble(std::move(options.on_trouble));
    events.on_closed = [closed = made->closed]() mutable { closed.open(); };
    cluster_actor_options wanted;
    wanted.settings = std::move(*settings);
    made->actor = spawn_cluster_client(made->node->services(), std::move(wanted), std::move(events));
    return cluster_admin(std::move(made));
}

} // namespace barnabas::client
