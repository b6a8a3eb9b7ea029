#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class nothing_invented final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "nothing_invented"; }

    void on_read(const read_record& read) override {
        const auto where = " at offset " + std::to_string(read.offset.get()) + " of " + to_string(read.where);
        const auto* batch = read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch == nullptr)
            return violated("a record that nobody sent was read" + where);
        const auto record = "record " + std::to_string(*read.record);
        if (batch->where != read.where)
            return violated(record + ", sent to " + to_string(batch->where) + ", was read" + where);
        if (batch->contents[*read.record - batch->first_record] != read.content)
            return violated(record + " was read with another content" + where);
        const auto* result = sent().result_of(batch->token);
        if (result != nullptr && result->what == client::delivery::failed)
            violated(record + ", which the broker refused, was read" + where);
    }
};

} // namespace

std::unique_ptr<checker> make_nothing_invented(const history& of) {
    return std::make_unique<nothing_invented>(of);
}

} // namespace barnabas::sim
