#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class nothing_invented final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "nothing_invented"; }

    void on_read(const read_record& read) override {
        const auto* batch = read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch == nullptr)
            return refuse(read, "a record that nobody sent was read");
        if (batch->where != read.where)
            return refuse(read, "a record sent to " + to_string(batch->where) + " was read");
        if (batch->contents[*read.record - batch->first_record] != read.content)
            return refuse(read, "a record was read with another content");
        const auto* result = sent().result_of(batch->token);
        if (result != nullptr && result->what == client::delivery::failed)
            refuse(read, "G1a: a record that the broker had refused was read");
    }

private:
    void refuse(const read_record& read, const std::string& what) {
        violated(what + ": " + (read.record ? "record " + std::to_string(*read.record) : "no number") +
                 " at offset " + std::to_string(read.offset.get()) + " of " + to_string(read.where));
    }
};

} // namespace

std::unique_ptr<checker> make_nothing_invented(const history& of) {
    return std::make_unique<nothing_invented>(of);
}

} // namespace barnabas::sim
