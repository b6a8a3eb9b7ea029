#include "actors/replica/timestamp_rule.hpp"

#include <cstdint>
#include <limits>

namespace barnabas::replica {

std::string timestamp_complaint(const log_options& options, timestamp_ms time, timestamp_ms now) {
    if (options.timestamp_type == batch::timestamp_type::log_append_time || time == no_timestamp)
        return {};
    const auto before_max = options.timestamp_before_max_ms;
    const auto after_max = options.timestamp_after_max_ms;
    // A timestamp may be any int64, so its distance to now is not computed.
    const bool too_old = before_max >= 0 && before_max < now.get() && time < now - before_max;
    const bool too_new = after_max >= 0 && after_max < std::numeric_limits<std::int64_t>::max() - now.get() &&
                         time > now + after_max;
    if (!too_old && !too_new)
        return {};
    return "timestamp " + std::to_string(time.get()) + " is too far " + (too_old ? "before" : "after") +
           " the broker's " + std::to_string(now.get());
}

std::vector<batch::refused_record> refused_by_time(const batch::batch_view& batch, const log_options& options,
                                                   timestamp_ms now) {
    return batch::find_refused(batch, [&](const batch::record_view& record) {
        return timestamp_complaint(options, record.timestamp, now);
    });
}

} // namespace barnabas::replica
