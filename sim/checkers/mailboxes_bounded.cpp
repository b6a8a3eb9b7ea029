#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class mailboxes_bounded final : public checker {
public:
    mailboxes_bounded(const history& of, const node_limits& limits) : checker(of), limits_(limits) {}
    const char* name() const override { return "mailboxes_bounded"; }

    void on_reading(const node_reading& reading) override {
        const bool of_listener = reading.longest_mailbox_of == "listener";
        if (reading.longest_mailbox > (of_listener ? limits_.listener_mailbox_max : limits_.mailbox_max))
            violated("the mailbox of " + reading.longest_mailbox_of + " held " +
                     std::to_string(reading.longest_mailbox) + " messages");
    }

private:
    node_limits limits_;
};

} // namespace

std::unique_ptr<checker> make_mailboxes_bounded(const history& of, const node_limits& limits) {
    return std::make_unique<mailboxes_bounded>(of, limits);
}

} // namespace barnabas::sim
