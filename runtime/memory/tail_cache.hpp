#pragma once

#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/memory/reserve.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace barnabas::runtime {

/// The newest batches of all logs of a node: who reads near the end of a log needs no disk. They are copied:
/// a slice of a request would keep all of the request, and batches that came apart could not be read as one.
/// Those of a log lie one behind the other in pieces of memory, the larger the more it takes; a piece counts
/// as a whole, until the last reader has let go of it. The oldest pieces of the node make room for new ones;
/// when readers hold too much, nothing new is kept. Of each log the batches follow one another without a gap.
/// Safe to use from every loop.
class tail_cache {
public:
    /// Zero: keeps nothing.
    explicit tail_cache(std::size_t capacity = 0);
    ~tail_cache();

    enum class log_key : std::uint64_t {};
    log_key add_log();
    /// Behind what is there of the log; if it does not follow that, the old is dropped.
    void put(log_key log, log_offset base, log_offset next, std::span<const std::byte> batch);
    /// All of the log is dropped: what it has may have changed.
    void drop(log_key log);

    struct range {
        log_offset from;
        log_offset upto; ///< exclusive
        std::size_t max_bytes = 0;
        bool at_least_one = false;
    };
    struct found {
        /// Empty: the log has no such batch here.
        slice batches;
        /// Behind the last of them.
        log_offset end{-1};
    };
    /// Whole batches from the one that holds `from` on, wholly below `upto`, as far as they lie in one piece.
    found read(log_key log, const range& wanted);

    struct reading {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::size_t pieces = 0;
        std::size_t bytes = 0; ///< with pieces that only readers still hold
        std::size_t capacity = 0;
    };
    reading now() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace barnabas::runtime
