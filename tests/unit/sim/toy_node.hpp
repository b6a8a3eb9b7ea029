#pragma once

#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"
#include "sim/node/node_options.hpp"

#include <cstdint>
#include <string>

namespace barnabas::sim::toy {

/// What toy actors report to the test, outside of the simulation.
struct ledger {
    std::uint64_t bytes_echoed = 0;
    std::uint64_t connections = 0;
    std::uint64_t failed_connects = 0;
    std::uint64_t ended_early = 0;
    std::uint64_t ticks = 0;
    std::uint64_t disk_jobs_done = 0;
    /// Bytes that came back and were not what was sent at that place.
    std::uint64_t wrong_bytes = 0;
};

inline constexpr std::uint16_t port = 9'092;

/// A node that echoes what it is sent, appends it to a file, and ticks.
boot_function echo_server(ledger& book);
/// A node with `clients` actors, each of which keeps a connection to `server`, sends a pattern and checks the
/// echo.
boot_function echo_clients(ledger& book, const std::string& server, std::uint32_t clients);
/// A node with actors that only send messages to each other, for measurements.
boot_function ring(std::uint32_t actors);
/// An actor that throws at its first tick.
boot_function thrower();

} // namespace barnabas::sim::toy
