#pragma once

#include "actors/client/consumer/consumer_types.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace barnabas::client {

/// A transaction that was aborted, as Fetch tells of it.
struct aborted_span {
    std::int64_t producer = -1;
    std::int64_t first_offset = -1;
};

struct run_options {
    bool check_crcs = true;
    /// Records of the aborted transactions stay out.
    bool read_committed = false;
};

/// The batches that one answer brought of one partition, given out record by record. Leaves out records
/// below the position, control records and, if wanted, those of aborted transactions. Nothing is copied of an
/// uncompressed batch; a compressed one is unpacked once, as a whole.
class fetched_run {
public:
    /// Codes: those of `split_complete_batches`; message_too_large when there is no complete batch.
    static result<fetched_run> open(const slice& records, std::vector<aborted_span> aborted,
                                    std::int64_t position, run_options options);

    /// Adds records to the set, at most `most`; how many. An error concerns the batch at the position; the
    /// records before it were given out.
    result<std::size_t> take(std::size_t most, const std::shared_ptr<const partition_name>& where,
                             record_set& into);
    /// The next record to give out has this offset or a later one.
    std::int64_t position() const noexcept { return position_; }
    /// Behind the last batch.
    std::int64_t end() const noexcept { return end_; }
    bool is_done() const noexcept { return next_batch_ == batches_.size() && !reader_; }
    std::size_t bytes() const noexcept { return bytes_; }
    /// How many records are left at most, by the headers of their batches, which may lie.
    std::uint64_t records_announced() const noexcept;
    /// Of the batch that was begun last; -1 before.
    std::int32_t leader_epoch() const noexcept { return epoch_; }

private:
    fetched_run() = default;
    result<void> begin_batch(const batch::batch_view& one);
    bool is_left_out(const batch::batch_view& one);
    void end_batch();

    std::vector<batch::batch_view> batches_;
    std::vector<aborted_span> aborted_;
    std::set<std::int64_t> aborting_;
    run_options options_;
    std::size_t next_batch_ = 0;
    std::size_t next_aborted_ = 0;
    std::optional<batch::record_reader> reader_;
    batch::batch_view current_;
    std::int64_t position_ = 0;
    std::int64_t end_ = 0;
    std::int32_t epoch_ = -1;
    std::size_t bytes_ = 0;
};

} // namespace barnabas::client
