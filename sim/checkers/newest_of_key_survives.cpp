#include "sim/checkers/checkers.hpp"

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

    void on_end(const end_facts& facts) override {
        std::map<std::pair<place, std::uint64_t>, stands> newest;
        for (const auto& batch : sent().batches()) {
            const auto* result = sent().result_of(batch.token);
            const bool promised = batch.acks == -1 || (batch.acks == 1 && !facts.written_may_be_lost);
            if (result == nullptr || result->what != client::delivery::acked || !promised ||
                result->base_offset.get() < 0)
                continue;
            for (std::size_t i = 0; i < batch.keys.size(); ++i) {
                auto& known = newest[{batch.where, batch.keys[i].key}];
                const auto offset = result->base_offset + static_cast<std::int64_t>(i);
                if (offset >= known.offset)
                    known = {batch.first_record + i, offset, batch.keys[i].tombstone};
            }
        }
        for (const auto& [of, wanted] : newest)
            judge(of.first, of.second, wanted);
    }

private:
    struct stands {
        std::uint64_t record = 0;
        log_offset offset{-1};
        bool tombstone = false;
    };

    void judge(const place& where, std::uint64_t key, const stands& wanted) {
        const auto found = found_.find({where, key});
        // A newer one that nobody had an answer for may stand there as well.
        if (found != found_.end() && found->second.offset >= wanted.offset)
            return;
        const auto what = "key " + std::to_string(key) + " of " + to_string(where) + ": record " +
                          std::to_string(wanted.record) + (wanted.tombstone ? ", a tombstone" : "") +
                          ", acknowledged at offset " + std::to_string(wanted.offset.get()) + ", is gone";
        violated(found == found_.end() ? what
                                       : what + ", and an older one stands at offset " +
                                             std::to_string(found->second.offset.get()));
    }

    /// What the last reader found last of each key.
    std::map<std::pair<place, std::uint64_t>, stands> found_;
    /// By reader.
    std::vector<by_place<log_offset>> positions_;
};

} // namespace

std::unique_ptr<checker> make_newest_of_key_survives(const history& of) {
    return std::make_unique<newest_of_key_survives>(of);
}

} // namespace barnabas::sim
