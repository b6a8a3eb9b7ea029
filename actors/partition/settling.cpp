#include "actors/partition/limits.hpp"
#include "actors/partition/partition.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// Settling: what is stable in the journal only becomes stable in the log's own files.
namespace barnabas {

namespace limits = partition_limits;

void partition::on_settle(log_offset upto) {
    settle_upto_ = std::max(settle_upto_, upto);
    settle_if_asked();
}

void partition::settle_if_asked() {
    if (settle_upto_.get() < 0)
        return;
    if (log_.settled_offset() >= settle_upto_) {
        settle_upto_ = log_offset(-1);
        return port_.settled(log_.settled_offset());
    }
    if (BARNABAS_MARK_IF(log_.offline(), offline_log_cannot_settle)) {
        settle_upto_ = log_offset(-1);
        return port_.cannot_settle();
    }
    if (sync_waits_)
        return;
    if (auto job = log_.settle())
        port_.submit(std::move(*job));
}

void partition::on_settled(const replica::settle_job& job) {
    if (BARNABAS_MARK_IF(job.outcome.code() == errc::too_many_open_files, settling_waits_for_descriptors))
        wait_for_descriptors();
    after_sync(log_.on_settled(job));
}

/// Neither a sync nor settling is tried again before `on_repair_due`.
void partition::wait_for_descriptors() {
    sync_waits_ = true;
    port_.retry_repair(limits::repair_interval);
}

} // namespace barnabas
