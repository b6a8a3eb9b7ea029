#pragma once

#include "actors/broker/boot.hpp"
#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/logging/logger.hpp"

#include <memory>
#include <string>

namespace barnabas {

/// A broker on a production node of its own. Destroying it ends the node's threads.
class running_broker {
public:
    virtual ~running_broker() = default;
    /// Asks the broker to stop; the answer is `on_stopped` or `on_failed`.
    virtual void stop() = 0;
};

/// Makes the node and boots the broker on it. `cluster_id`: see `boot_options`. Errors here are those of the
/// node's own parts (loops, disk).
result<std::unique_ptr<running_broker>> start_broker(std::shared_ptr<const broker_config> config,
                                                     log_level level, boot_events events,
                                                     std::string cluster_id);

} // namespace barnabas
