#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace barnabas::runtime {

/// A bounded amount of memory for one purpose (client input, fetch output, replication, control). Whoever
/// brings bytes into a node takes a permit; it rides on the chunk and returns when the last slice dies.
/// Mailboxes have no bound of their own, so this is the bound. Safe to use from every loop.
class memory_reserve {
public:
    memory_reserve(std::string name, std::size_t capacity);
    ~memory_reserve();

    /// Null when the reserve has no room. To keep the node moving when many half-read requests hold the whole
    /// reserve, one of them at a time may exceed it: pass `may_overdraw` for a request that has already
    /// begun. In use is at most the capacity and one such request.
    std::shared_ptr<void> try_acquire(std::size_t bytes, bool may_overdraw = false);

    /// Gives back what a permit holds beyond `bytes`: a reader asks for what may come and keeps what came.
    static void shrink(const std::shared_ptr<void>& permit, std::size_t bytes);

    /// Calls `when_room` once, after some permit returns; it must only send a message. First come, first
    /// called.
    void notify_when_room(std::function<void()> when_room);

    std::size_t in_use() const;
    std::size_t capacity() const;
    const std::string& name() const;

private:
    struct state;
    struct permit;
    std::shared_ptr<state> state_;
};

class tail_cache;

/// The reserves of a node. None waits for a later one.
struct memory_reserves {
    memory_reserve client_input;
    memory_reserve fetch_output;
    memory_reserve control;
    /// Records that readers near the end of a log find in memory; null: none.
    std::shared_ptr<tail_cache> tail{};
};

} // namespace barnabas::runtime
