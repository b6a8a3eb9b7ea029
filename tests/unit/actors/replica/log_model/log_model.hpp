#pragma once

#include "actors/replica/compaction/compactor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/log_model/operation.hpp"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace barnabas::replica::model {

/// Runs a sequence on a log over a simulated disk and says what was wrong first, or nothing.
std::string problem_of(const sequence& all, const planted_bugs& planted = {});

/// A batch as the log took it.
struct known_batch {
    slice bytes;
    batch::batch_header header;
};

/// What must be in a log: the reference that it is compared with.
struct expected_log {
    /// Appended and not known to have failed, by base offset; what retention deleted stays, for producers and
    /// epochs.
    std::map<log_offset, known_batch> batches;
    /// Every batch that was ever given this offset.
    std::map<log_offset, std::vector<slice>> ever;
    /// All below was promised, and must be there with the content that it has here.
    log_offset stable{0};
    /// The highest log start that there ever was: all below may be gone.
    log_offset highest_start{0};

    /// Compaction has touched what lies below, at most. `batches` still has all of it as it was appended, for
    /// producers and epochs; what stands there now is `cleaned`.
    log_offset cleaned_below{0};
    std::map<log_offset, known_batch> cleaned;
    /// Where the last batch of each producer begins, when the newest pass began.
    std::set<log_offset> tails;
    struct pass {
        timestamp_ms now;
        log_offset upto;
    };
    std::vector<pass> passes;
};

/// Sequences with smaller options have a log that is not compacted.
inline constexpr std::uint32_t plain_options = 2160;

/// Producers of transactions have ids of their own.
inline constexpr std::int64_t transactional_ids = 200;
inline bool is_transactional(producer_id id) {
    return id.get() >= transactional_ids;
}

batch_shape shape_of(const operation& one, std::uint64_t keys);

/// Drives one log by operations.
class log_model {
public:
    log_model(std::uint32_t options, const planted_bugs& planted);

    void run(const operation& one);

    /// The n-th operation on files from now fails; is the last of this process; the n-th read comes wrong.
    void fail_at(std::uint64_t n, errc code) { disk_.fail_nth(n, code); }
    /// Without `losses` only the process dies, and what it wrote survives.
    void die_at(std::uint64_t n, std::optional<std::uint32_t> losses);
    void rot_at(std::uint64_t n) { disk_.rot_nth_read(n); }
    /// Done once, when the next process is about to open the log.
    void before_next_open(std::function<void()> act) { before_open_ = std::move(act); }
    std::uint64_t operations() const { return disk_.operations(); }
    /// Of the newest opening that succeeded.
    std::uint64_t operations_of_open() const { return operations_of_open_; }

    /// Closes, opens, and cuts the power, with a look at everything after each.
    void finish();
    const std::string& problem() const { return problem_; }
    /// How often an index with entries was harmed, by how; gone first.
    const std::array<int, 4>& harmed() const { return harmed_; }

private:
    struct producer {
        std::int16_t epoch = 0;
        std::int32_t next_sequence = 0;
    };

    void append(const batch_shape& shape);
    void note_appended(const append_result& appended, std::size_t writes_before, log_offset end);
    void send(std::uint32_t number, const operation& one);
    void repeat(const operation& one);
    void refuse(const operation& one);
    void write();
    void write_all();
    void sync();
    void failing_sync();
    void read(const operation& one);
    void find(std::optional<timestamp_ms> timestamp);
    void find_below(std::optional<timestamp_ms> timestamp, log_offset upto);
    void retain(bool removes);
    void roll_expired();
    void commit(const operation& one);
    void settle(const operation& one);
    void delete_records(const operation& one);
    void compact(const operation& one);
    void run_pass(compactor& machine, compactor::job first);
    void note_pass(const clean_task& task);
    void close(bool believed);
    void die(std::optional<std::uint32_t> losses);
    void end_process(std::optional<std::uint32_t> losses);
    void open();
    void note_power();
    void run_living(const operation& one);
    void forget_from(log_offset from);

    // model_harm.cpp
    void end_and_harm_index(const operation& one);
    void harm_index(std::uint32_t choice);
    bool mends_transactions(const read_job& job);
    bool is_rotten(const std::string& path, std::span<const std::byte> content) const;

    // model_transactions.cpp
    void send_in_transaction(const operation& one);
    void end_transaction(const operation& one);
    void read_committed(const operation& one);
    /// What a reader of committed records sees, from the first offset to the last stable one.
    void compare_committed();
    void compare_unstable(log_offset high_watermark);
    /// The offset behind what was read; `from` when that failed and this is excused.
    log_offset read_committed_from(log_offset from, log_offset upto, std::size_t bytes);
    struct transaction_state {
        std::int16_t epoch = 0;
        std::int32_t next_sequence = 0;
        bool known = false;
        bool open = false;
    };
    transaction_state state_of(producer_id id) const;
    /// Base offsets of data whose transaction was aborted.
    std::set<log_offset> aborted() const;

    // cleaned_log.cpp
    void compare_marker(const known_batch& before, const known_batch* now,
                        const std::map<log_offset, known_batch>& found);
    const std::map<log_offset, known_batch>& standing();
    void compare_cleaned(const std::map<log_offset, known_batch>& found);
    void compare_kept(const known_batch& before, const known_batch* now);
    bool may_drop_tombstone(log_offset offset) const;

    // model_checks.cpp
    void look_at_all();
    std::map<log_offset, known_batch> read_whole();
    void compare_batches(std::map<log_offset, known_batch> found);
    void compare_producers();
    void compare_epochs();
    void compare_indexes();
    void compare_index(const segment_state& segment);
    void compare_times(const segment_state& segment, const std::vector<known_batch>& inside);
    std::optional<found_offset> expected_find(std::optional<timestamp_ms> timestamp, log_offset upto);
    std::vector<known_batch> batches_of(producer_id id) const;

    void wrong(const std::string& what) {
        if (problem_.empty())
            problem_ = what;
    }
    bool excused(const error& failure) const;

    sim::memory_disk disk_;
    log_options options_;
    log_host host_;
    std::uint64_t keys_;
    expected_log expected_;
    std::map<log_offset, known_batch> standing_;
    /// Of each key the newest record below `cleaned_below`, while a log is compared.
    std::map<std::string, log_offset> newest_;
    std::set<log_offset> aborted_;
    /// On stable storage outside of the log's directory.
    journal::journal_part journaled_{{"orders-0", log_host::small_options().topic_id}, {}};
    checkpointed_offsets checkpointed_;
    timestamp_ms cleaning_now_{5000};
    std::map<std::uint32_t, producer> producers_;
    std::vector<remove_job> removals_;
    int leader_epoch_ = 1;
    std::uint64_t label_ = 0;
    /// What survives when the planned cut comes; none: only the process dies.
    std::optional<std::uint32_t> planned_losses_;
    std::function<void()> before_open_;
    std::uint64_t operations_of_open_ = 0;
    /// Rotten entries of indexes, by path and place: nobody need notice before one leads astray.
    std::map<std::string, std::map<std::size_t, std::string>> rotten_;
    /// Offset indexes that lost entries: of those that a start does not miss reads walk a little further.
    std::set<std::string> shortened_;
    std::array<int, 4> harmed_{};
    std::string problem_;
};

} // namespace barnabas::replica::model
