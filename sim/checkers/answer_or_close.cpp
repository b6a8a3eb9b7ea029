#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class answer_or_close final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "answer_or_close"; }

    /// Whoever sends the bytes knows what they must lead to, and since when broker and network are whole.
    void on_bytes_ignored(const std::string& what) override { violated(what); }
};

} // namespace

std::unique_ptr<checker> make_answer_or_close(const history& of) {
    return std::make_unique<answer_or_close>(of);
}

} // namespace barnabas::sim
