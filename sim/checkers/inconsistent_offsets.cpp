#include "sim/checkers/checkers.hpp"

#include <optional>

namespace barnabas::sim {

namespace {

class inconsistent_offsets final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "inconsistent_offsets"; }

    void on_read(const read_record& read) override {
        note(read.where, read.offset, {read.record.value_or(nobodys), read.content}, "was read");
    }

    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        // What acks=1 promised may be lost, and its offset given out again.
        if (result.what != client::delivery::acked || result.base_offset.get() < 0 || batch.acks != -1)
            return;
        for (std::size_t i = 0; i < batch.contents.size(); ++i)
            note(batch.where, result.base_offset + static_cast<std::int64_t>(i),
                 {batch.first_record + i, batch.contents[i]}, "was acknowledged");
    }

private:
    static constexpr std::uint64_t nobodys = UINT64_MAX;
    /// Far above what a run can send.
    static constexpr std::int64_t offset_max = 1 << 26;
    struct stands {
        std::uint64_t record = 0;
        std::uint64_t content = 0;
        friend bool operator==(const stands&, const stands&) = default;
    };

    void note(const place& where, log_offset offset, const stands& now, const char* how) {
        if (offset.get() < 0 || offset.get() > offset_max)
            return violated("offset " + std::to_string(offset.get()) + " " + how + " in " + to_string(where));
        auto& known = at_grown(seen_[where], static_cast<std::size_t>(offset.get()), {});
        if (!known)
            known = now;
        else if (*known != now)
            violated("record " + std::to_string(now.record) + " " + how + " at offset " +
                     std::to_string(offset.get()) + " of " + to_string(where) + ", where record " +
                     std::to_string(known->record) + " stood before");
    }

    by_place<std::vector<std::optional<stands>>> seen_;
};

} // namespace

std::unique_ptr<checker> make_inconsistent_offsets(const history& of) {
    return std::make_unique<inconsistent_offsets>(of);
}

} // namespace barnabas::sim
