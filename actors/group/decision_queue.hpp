#pragma once

#include "actors/group/group_effects.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace barnabas::group {

/// What is decided and not committed yet, in order. Law: a batch is whole in the log after a crash, or not
/// there at all; so all records of a decision are in one batch, however large, and a batch holds decisions
/// that are whole.
class decision_queue {
public:
    /// A decision that takes too much: which of its turn's records it is.
    struct refusal {
        std::size_t first = 0;
        std::size_t records = 0;

        friend bool operator==(const refusal&, const refusal&) = default;
    };
    /// What a turn decided. Nothing is taken, and the first such decision is told, where one takes more than
    /// `bytes_max`.
    [[nodiscard]] std::optional<refusal> take(const effects& from, std::size_t bytes_max);
    /// To be written now: as many decisions as fit into so many bytes, but one at least. Nothing while
    /// another batch is under way, and when all is written.
    std::optional<slice> next_batch(timestamp_ms now, std::size_t bytes_max);
    /// The batch that is under way.
    void on_committed();
    void clear();

    /// Decisions so far.
    std::uint64_t decided() const noexcept { return decided_; }
    std::uint64_t committed() const noexcept { return committed_; }

private:
    struct decision {
        std::vector<encoded_record> records;
        std::size_t bytes = 0;
    };
    std::deque<decision> waiting_;
    /// The first ones, which are being written.
    std::size_t in_flight_ = 0;
    std::uint64_t decided_ = 0;
    std::uint64_t committed_ = 0;
};

} // namespace barnabas::group
