#pragma once

#include "protocol/model/ids.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace barnabas {

/// Readers that found nothing and want to be told once there is something. One entry costs nothing until the
/// high watermark passes its offset.
class waiting_reads {
public:
    struct reader {
        /// Number of the asking actor on this node, and its token.
        std::uint64_t asker = 0;
        std::uint64_t token = 0;

        friend auto operator<=>(const reader&, const reader&) = default;
    };

    void add(reader who, log_offset wants);
    void forget(reader who);
    /// Takes out everybody who waits for an offset below the high watermark.
    std::vector<reader> readable(log_offset high_watermark);
    /// Takes out everybody: the partition ends, and they shall ask again to learn it.
    std::vector<reader> all();

    std::size_t size() const noexcept { return by_reader_.size(); }
    /// Somebody of this asker still waits.
    bool waits(std::uint64_t asker) const;

private:
    std::multimap<log_offset, reader> by_offset_;
    std::map<reader, log_offset> by_reader_;
};

} // namespace barnabas
