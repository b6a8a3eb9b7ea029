#include "sim/checkers/hang_stays_local.hpp"

namespace barnabas::sim {

namespace {

/// Clients hear of the partitions that hang when their requests time out, or when the directory is offline;
/// until then they may hold back what is meant for other partitions.
constexpr std::int64_t clients_adapt_ns = 8 * second;
/// What was sent so long before the end of the hang must have been taken.
constexpr std::int64_t taken_within_ns = 5 * second;
/// Fewer may wait behind others that were refused.
constexpr std::uint64_t hung_batches_min = 3;

std::string not_served(const directory_hang& hang, const place& where, const history& of) {
    const auto from = hang.began + clients_adapt_ns;
    std::uint64_t wanted = 0;
    std::uint64_t taken = 0;
    for (const auto& batch : of.batches()) {
        if (batch.where != where || batch.acks == 0)
            continue;
        wanted += batch.at >= from && hang.ended - batch.at > taken_within_ns;
        const auto* result = of.result_of(batch.token);
        taken += result != nullptr && result->what == client::delivery::acked && result->at >= from;
    }
    if (wanted < hung_batches_min || taken > 0)
        return {};
    return "none of " + std::to_string(wanted) + " batches for " + to_string(where) + " was taken while " +
           hang.directory + " hung, where that partition does not lie";
}

std::string badly_stopped(const directory_hang& hang) {
    if (!hang.served_before_stop)
        return {};
    if (!hang.stop_told)
        return "the broker did not stop beside " + hang.directory + ", which hangs";
    if (hang.marked.contains(hang.directory))
        return hang.directory + " hangs and has the marker of a clean stop";
    if (hang.short_of_room)
        return {};
    for (const auto& path : hang.others)
        if (!hang.marked.contains(path))
            return path + " was closed beside " + hang.directory +
                   ", which hangs, and has no marker of a clean stop";
    return {};
}

} // namespace

std::string felt_elsewhere(const directory_hang& hang, const history& of) {
    if (hang.stop_asked)
        return badly_stopped(hang);
    if (!hang.served || hang.ended - hang.began <= clients_adapt_ns + taken_within_ns)
        return {};
    for (const auto& where : hang.elsewhere)
        if (auto why = not_served(hang, where, of); !why.empty())
            return why;
    return {};
}

} // namespace barnabas::sim
