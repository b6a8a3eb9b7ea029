#pragma once

#include "actors/client/admin/admin.hpp"
#include "actors/client/application/properties.hpp"
#include "protocol/model/error.hpp"

#include <memory>

/// Asking and changing a cluster, as programs do it.
///
///     auto cluster = barnabas::client::make_admin({{"bootstrap.servers", "localhost:9092"}});
///     if (!cluster)
///         return complain(cluster.failure().detail);
///     auto made = cluster->create_topics({{"orders", 3, 1, {}, {}}}).get();
///     if (!made.at("orders"))
///         complain(made.at("orders").failure().detail);
namespace barnabas::client {

/// All calls of `admin`, whose header has their errors, with a thread of its own that carries them out. May
/// be used by several threads at once, but for `close` and destruction. A process forked from this one must
/// not use or destroy it.
class cluster_admin : public admin {
public:
    cluster_admin(cluster_admin&&) noexcept;
    cluster_admin& operator=(cluster_admin&&) noexcept;
    /// Closes.
    ~cluster_admin();

    /// The calls alone. Neither they nor a copy may be used when this is gone.
    const admin& admin_calls() const { return *this; }

    /// Calls that are under way fail with `closed`; waits until they have, and the connections are closed.
    /// Not from `on_done` or `on_trouble`. Later calls fail with `closed`.
    void close();

private:
    struct parts;
    explicit cluster_admin(std::unique_ptr<parts> made);
    friend result<cluster_admin> make_admin(const properties& keys, application_options options);

    std::unique_ptr<parts> parts_;
};

/// Starts a client. Connections are made by the first call, so a cluster that cannot be reached is an error
/// of that call. Codes: invalid_config (the detail names the key, and for an unknown one the nearest that is
/// known), internal.
result<cluster_admin> make_admin(const properties& keys, application_options options = {});

} // namespace barnabas::client
