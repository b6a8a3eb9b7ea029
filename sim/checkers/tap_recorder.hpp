#pragma once

#include "actors/connection/connection_tap.hpp"
#include "actors/partition/partition_tap.hpp"
#include "sim/checkers/history.hpp"
#include "sim/node/host.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace barnabas::sim {

/// Lets the history hear the taps of one broker, with virtual time and the broker's life. What decides a
/// verdict also enters the trace, so that two runs that differ in it differ in their hash.
class tap_recorder final : public partition_taps, public connection_tap {
public:
    struct parts {
        sim::world* time;
        sim::history* history;
        /// As the workload numbers it.
        std::function<place(const std::string& topic, const topic_partition& id)> place_of;
        /// Called when an invariant is broken.
        std::function<void()> on_broken;
    };

    explicit tap_recorder(parts with) : with_(std::move(with)) {}
    /// Before the broker starts.
    void watch(host& on) noexcept { host_ = &on; }

    std::unique_ptr<partition_tap> open(const std::string& topic, const topic_partition& id,
                                        const std::string& directory) override;

    void connection_opened(std::uint64_t connection) override;
    void request_begun(const request& which, kafka::api_key key, std::size_t unsent_bytes) override;
    void request_may_wait(const request& which, std::chrono::milliseconds at_most) override;
    void request_answered(const request& which, std::size_t answer_bytes, std::size_t unsent_bytes) override;
    void connection_closed(std::uint64_t connection) override;

    /// A look at the running broker.
    void reading(const node_reading& what);

private:
    class log_recorder;

    std::uint64_t life();
    host_time now() const;
    void look();

    parts with_;
    host* host_ = nullptr;
    std::uint64_t last_life_ = 0;
};

} // namespace barnabas::sim
