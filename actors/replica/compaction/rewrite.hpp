#pragma once

#include "protocol/batch/record_reader.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace barnabas::replica {

/// Makes a batch of what another one keeps: same base offset, last offset, producer fields, epoch, codec and
/// timestamps; the largest timestamp is that of the kept records. Keeps its memory from batch to batch.
class batch_rewriter {
public:
    /// The records whose flag in `kept` is set; all if `kept` is empty.
    result<batch::batch_view> rebuild(const batch::batch_view& source, const std::vector<bool>& kept,
                                      std::optional<timestamp_ms> delete_horizon);
    /// The header alone.
    batch::batch_view without_records(const batch::batch_header& source) const;

    batch::codec_workspace& workspace() { return workspace_; }

private:
    void append(const batch::record_view& record, timestamp_ms base);
    result<void> collect(const batch::batch_view& source, const std::vector<bool>& kept,
                         batch::batch_header& target);

    batch::codec_workspace workspace_;
    std::vector<std::byte> records_;
};

} // namespace barnabas::replica
