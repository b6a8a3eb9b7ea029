#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace barnabas::sim {

namespace {

class newest_of_key_survives final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "newest_of_key_survives"; }

    void on_read(const read_record& read) override {
        const auto* batch = read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch == nullptr || batch->keys.empty())
            return;
        auto& last = at_grown(positions_, read.reader)[read.where];
        if (read.offset < last)
            violated("reader " + std::to_string(read.reader) + " got offset " +
                     std::to_string(read.offset.get()) + " of " + to_string(read.where) + " behind offset " +
                     std::to_string(last.get() - 1));
        last = read.offset + 1;
        if (!read.audit)
            return;
        const auto& shared = batch->keys[*read.record - batch->first_record];
        auto& found = found_[{batch->where, shared.key}];
        found = {*read.record, read.offset, shared.tombstone};
    }

    void on_watermark(const seen_watermark& seen) override {
        auto& start = start_[seen.where];
        start = std::max(start, seen.log_start_offset);
    }

    void on_cleaning_begun(const cleaning_begun& event) override {
        passes_[event.where].push_back({event.pass.now, event.pass.delete_retention_ms, event.pass.upto});
    }

    void on_end(const end_facts& facts) override {
        std::map<key_of, expected> newest;
        for (const auto& batch : sent().batches())
            for (std::size_t i = 0; i < batch.keys.size(); ++i)
                count(facts, batch, i, newest[{batch.where, batch.keys[i].key}]);
        for (const auto& [of, wanted] : newest)
            if (wanted.newest.offset.get() >= 0 && !sent().is_gone(of.first))
                judge(of, wanted);
    }

private:
    using key_of = std::pair<place, std::uint64_t>;
    struct stands {
        std::uint64_t record = 0;
        log_offset offset{-1};
        bool tombstone = false;
    };
    struct expected {
        /// Of those that were promised.
        stands newest;
        /// One was sent of which nobody knows where it stands, if it does.
        bool tombstone_somewhere = false;
    };
    struct pass {
        timestamp_ms now;
        std::int64_t delete_retention_ms = 0;
        log_offset upto;
    };

    void count(const end_facts& facts, const sent_batch& batch, std::size_t index, expected& of) const {
        const auto* result = sent().result_of(batch.token);
        const bool tombstone = batch.keys[index].tombstone;
        const bool promised = batch.acks == -1 || (batch.acks == 1 && !facts.written_may_be_lost);
        const bool acked = result != nullptr && result->what == client::delivery::acked;
        if (!acked || result->base_offset.get() < 0) {
            of.tombstone_somewhere |= tombstone;
            return;
        }
        const auto offset = result->base_offset + static_cast<std::int64_t>(index);
        if (!promised)
            of.tombstone_somewhere |= tombstone;
        else if (offset >= of.newest.offset)
            of.newest = {batch.first_record + index, offset, tombstone};
    }

    void judge(const key_of& of, const expected& expected) {
        const auto& wanted = expected.newest;
        const auto& where = of.first;
        const auto found = found_.find(of);
        // A newer one that nobody had an answer for may stand there as well.
        if (found != found_.end() && found->second.offset >= wanted.offset)
            return;
        // Retention takes old records of a log that is compacted as well, whatever their keys are.
        if (wanted.offset < start_[where])
            return;
        const bool by_itself = wanted.tombstone && may_drop_tombstone(where, wanted.offset);
        const bool by_another = expected.tombstone_somewhere && may_drop_tombstone(where, wanted.offset);
        if (found == found_.end() && (by_itself || by_another))
            return;
        const auto what = "key " + std::to_string(of.second) + " of " + to_string(where) + ": record " +
                          std::to_string(wanted.record) + (wanted.tombstone ? ", a tombstone" : "") +
                          ", acknowledged at offset " + std::to_string(wanted.offset.get()) + ", is gone";
        violated(found == found_.end() ? what
                                       : what + ", and an older one stands at offset " +
                                             std::to_string(found->second.offset.get()));
    }

    /// One pass found the tombstone and gave it its horizon, and a later one came behind that; by the
    /// broker's wall clock, which may have jumped.
    bool may_drop_tombstone(const place& where, log_offset offset) {
        const auto& passes = passes_[where];
        for (auto first = passes.begin(); first != passes.end(); ++first) {
            if (first->upto <= offset)
                continue;
            for (auto later = first + 1; later != passes.end(); ++later)
                if (later->upto > offset && later->now - first->now >= first->delete_retention_ms)
                    return true;
        }
        return false;
    }

    /// What the last reader found last of each key.
    std::map<key_of, stands> found_;
    by_place<log_offset> start_;
    by_place<std::vector<pass>> passes_;
    /// By reader.
    std::vector<by_place<log_offset>> positions_;
};

} // namespace

std::unique_ptr<checker> make_newest_of_key_survives(const history& of) {
    return std::make_unique<newest_of_key_survives>(of);
}

} // namespace barnabas::sim
