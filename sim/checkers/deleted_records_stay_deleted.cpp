#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class deleted_records_stay_deleted final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "deleted_records_stay_deleted"; }

    void on_deletion_begun(const deletion_begun& event) override {
        auto& of = logs_[event.where];
        of.asked = std::max(of.asked, event.upto);
    }

    void on_deletion_answered(const deletion_answered& event) override {
        auto& of = logs_[event.where];
        if (event.upto > of.asked)
            violated("the deletion up to " + std::to_string(event.upto.get()) + " of " +
                     to_string(event.where) + " was answered before it was begun");
        of.promised = std::max(of.promised, event.upto);
    }

    void on_log_opened(const log_opened& event) override {
        auto& of = logs_[event.where];
        const auto start = event.now.log_start_offset;
        // A disk that lies keeps no promise.
        if (!sent().disks_lie() && start < of.promised)
            violated("the log of " + to_string(event.where) + " begins at " + std::to_string(start.get()) +
                     " after a restart, though all below " + std::to_string(of.promised.get()) +
                     " was deleted for good");
        if (!sent().disks_lie() && sent().log_of(event.where).known() &&
            start > std::max(of.asked, of.moved_to))
            violated("the log of " + to_string(event.where) + " begins at " + std::to_string(start.get()) +
                     " after a restart, though nobody deleted more than what is below " +
                     std::to_string(std::max(of.asked, of.moved_to).get()));
        of.moved_to = std::max(of.moved_to, start);
        if (sent().disks_lie())
            of.promised = of.asked = start;
    }

    /// The promise holds in the life that gives it, too; what retention takes is told here before it happens.
    void on_log_moved(const log_moved& event) override {
        auto& of = logs_[event.where];
        if (event.now.log_start_offset < of.promised)
            violated("the log of " + to_string(event.where) + " begins at " +
                     std::to_string(event.now.log_start_offset.get()) + ", though all below " +
                     std::to_string(of.promised.get()) + " was deleted for good");
        of.moved_to = std::max(of.moved_to, event.now.log_start_offset);
    }

private:
    struct starts {
        /// The highest that anybody asked for, and that was acknowledged.
        log_offset asked{0};
        log_offset promised{0};
        /// The highest that a life of the broker showed.
        log_offset moved_to{0};
    };
    by_place<starts> logs_;
};

} // namespace

std::unique_ptr<checker> make_deleted_records_stay_deleted(const history& of) {
    return std::make_unique<deleted_records_stay_deleted>(of);
}

} // namespace barnabas::sim
