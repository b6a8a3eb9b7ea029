#pragma once

#include "actors/replica/dump/dump_options.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::replica::dump {

/// In the order in which they are told.
enum class finding {
    offset_mismatch,    ///< an index entry's offset, the last offset of the batch it points to
    timestamp_mismatch, ///< a time index entry's timestamp, the largest one of its batch
    timestamp_order,    ///< a time index entry's timestamp, the not smaller one of the entry before
    offset_not_found,   ///< a time index entry's offset, the next last offset of a batch, -1 without one
    offset_gap,         ///< a record's offset, the next record's, which is not the next number
};

/// Collects what files contradict each other in, to be told when everything has been shown, as Kafka does.
/// Memory is bounded: beyond `pairs_max` findings are only counted.
class findings {
public:
    static constexpr std::size_t pairs_max = 1'000'000;

    void add(finding what, const std::string& path, std::int64_t first, std::int64_t second);
    void tell(dump_output& output) const;

private:
    struct group {
        std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
        std::uint64_t left_out = 0;
    };
    std::map<finding, std::map<std::string, group>> groups_;
    std::size_t pairs_ = 0;
};

} // namespace barnabas::replica::dump
