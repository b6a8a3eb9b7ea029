#include "actors/partition/partition.hpp"

#include <algorithm>

/// Who waits for what to become readable.
namespace barnabas {

void partition::wake_readers() {
    for (const auto& reader : readers_.readable(high_watermark_)) {
        port_.notify(reader);
        if (log_.options().planted.wake_one_reader)
            break;
    }
    if (committed_readers_.size() == 0)
        return;
    for (const auto& reader : committed_readers_.readable(last_stable_offset()))
        port_.notify(reader);
}

log_offset partition::last_stable_offset() const {
    return std::min(high_watermark_, log_.first_unstable_offset(high_watermark_));
}

std::vector<waiting_reads::reader> partition::all_readers() {
    auto all = readers_.all();
    const auto others = committed_readers_.all();
    all.insert(all.end(), others.begin(), others.end());
    return all;
}

} // namespace barnabas
