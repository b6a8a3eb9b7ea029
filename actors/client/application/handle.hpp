#pragma once

#include "actors/client/admin/admin.hpp"
#include "protocol/model/error.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

/// The client library as programs use it: no actors, no loops, no CAF in sight.
///
///     auto cluster = barnabas::client::connect({{"bootstrap.servers", "localhost:9092"}});
///     if (!cluster)
///         return complain(cluster.failure().detail);
///     auto made = cluster->admin_calls().create_topics({{"orders", 3, 1, {}, {}}}).get();
///     if (!made.at("orders"))
///         complain(made.at("orders").failure().detail);
namespace barnabas::client {

/// Kafka's Java names: bootstrap.servers, client.id, request.timeout.ms, ...
using properties = std::map<std::string, std::string>;

struct handle_options {
    /// Called on the client's thread when a broker could not be reached or was lost, once until it is back.
    std::function<void(const std::string& sentence)> on_trouble;
};

/// A client of a cluster, with a thread of its own. May be used by several threads at once, but for `close`
/// and destruction.
class handle {
public:
    handle(handle&&) noexcept;
    handle& operator=(handle&&) noexcept;
    /// Closes.
    ~handle();

    /// Neither it nor a copy may be used when the handle is gone.
    const admin& admin_calls() const;

    /// Calls that are under way fail with `closed`; waits until they have, and the connections are closed.
    /// Not from `on_done` or `on_trouble`. Later calls fail with `closed`.
    void close();

private:
    struct parts;
    explicit handle(std::unique_ptr<parts> made);
    friend result<handle> connect(const properties& keys, handle_options options);

    std::unique_ptr<parts> parts_;
};

/// Starts a client. Connections are made by the first call, so a cluster that cannot be reached is an error
/// of that call. Codes: invalid_config (the detail names the key, and for an unknown one the nearest that is
/// known), internal.
result<handle> connect(const properties& keys, handle_options options = {});

} // namespace barnabas::client
