#include "actors/replica/log/checkpoint_check.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

std::string beyond_end(const std::string& file, log_offset said, log_offset end, const std::string& meaning) {
    return file + " says " + std::to_string(said.get()) + ", but the log ends at " +
           std::to_string(end.get()) + ": " + meaning;
}

} // namespace

checked_offsets check_checkpointed(const checkpointed_offsets& said, log_offset first, log_offset end) {
    checked_offsets checked;
    checked.log_start = first;
    if (BARNABAS_MARK_IF(said.log_start > end, log_start_beyond_end))
        checked.ignored.push_back(beyond_end("log-start-offset-checkpoint", said.log_start, end,
                                             "it is ignored, and nothing counts as deleted by it"));
    else
        checked.log_start = std::max(first, said.log_start);
    if (said.cleaned_upto > end)
        checked.ignored.push_back(beyond_end("cleaner-offset-checkpoint", said.cleaned_upto, end,
                                             "it is ignored, and the log is compacted from its start"));
    else if (said.cleaned_upto.get() >= 0)
        checked.cleaned_upto = std::max(checked.log_start, said.cleaned_upto);
    if (said.recovery_point > end)
        checked.ignored.push_back(beyond_end("recovery-point-offset-checkpoint", said.recovery_point, end,
                                             "records that were on stable storage are gone"));
    if (said.high_watermark > end)
        checked.ignored.push_back(beyond_end("replication-offset-checkpoint", said.high_watermark, end,
                                             "records that readers may have seen are gone"));
    return checked;
}

} // namespace barnabas::replica
