#pragma once

#include "actors/broker/limits.hpp"
#include "runtime/disk/work_meter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace barnabas {

/// How far the openings of an image are, in lines for people: one for each tenth of many partitions, and one
/// every now and then while a large log is being checked and nothing else happens. Plain state of
/// `partition_set`.
class opening_progress {
public:
    const std::shared_ptr<runtime::work_meter>& checked() const noexcept { return checked_; }
    void begin(std::size_t partitions) {
        partitions_ = partitions;
        tenths_noted_ = 0;
        ticks_ = 0;
    }
    /// `on_tick` has something to do.
    bool is_long() const { return checked_->now().expected >= broker_limits::check_noted_bytes_min; }

    /// One more is open, and so many are not; a line if one is due.
    std::optional<std::string> on_opened(std::size_t waiting) {
        constexpr std::size_t worth_a_line = 100;
        if (partitions_ < worth_a_line || done(waiting) * 10 / partitions_ == tenths_noted_)
            return std::nullopt;
        return line(waiting);
    }
    std::optional<std::string> on_tick(std::size_t waiting) {
        if (++ticks_ % broker_limits::check_note_ticks != 0)
            return std::nullopt;
        return checked_->now().done > bytes_noted_ ? std::optional(line(waiting)) : std::nullopt;
    }

private:
    std::size_t done(std::size_t waiting) const { return partitions_ - std::min(partitions_, waiting); }
    std::string line(std::size_t waiting) {
        const auto checked = checked_->now();
        tenths_noted_ = done(waiting) * 10 / std::max<std::size_t>(partitions_, 1);
        bytes_noted_ = checked.done;
        return std::to_string(done(waiting)) + " of " + std::to_string(partitions_) +
               " partitions are open; " + std::to_string(checked.done) + " of " +
               std::to_string(checked.expected) + " bytes are checked";
    }

    std::shared_ptr<runtime::work_meter> checked_ = std::make_shared<runtime::work_meter>();
    std::size_t partitions_ = 0;
    std::size_t tenths_noted_ = 0;
    std::uint64_t bytes_noted_ = 0;
    std::uint32_t ticks_ = 0;
};

} // namespace barnabas
