#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class no_duplicates final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "no_duplicates"; }

    void on_read(const read_record& read) override {
        const auto* batch = read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch == nullptr || !batch->idempotent)
            return;
        auto& offset = at_grown(offsets_, *read.record, log_offset(-1));
        if (offset.get() < 0)
            offset = read.offset;
        else if (offset != read.offset)
            violated("record " + std::to_string(*read.record) + " of idempotent producer " +
                     std::to_string(batch->producer) + " stands at offset " + std::to_string(offset.get()) +
                     " and at " + std::to_string(read.offset.get()) + " of " + to_string(read.where));
    }

private:
    /// By record.
    std::vector<log_offset> offsets_;
};

} // namespace

std::unique_ptr<checker> make_no_duplicates(const history& of) {
    return std::make_unique<no_duplicates>(of);
}

} // namespace barnabas::sim
