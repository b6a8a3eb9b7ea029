#include "sim/checkers/consumer_checkers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// A consumer goes on at the offset behind the last one that it was given, or at the one that it was told to
/// seek. One that was just assigned a partition begins no further than its group has come.
class consumers_skip_nothing final : public consumer_checker {
public:
    using consumer_checker::consumer_checker;
    const char* name() const override { return "consumers_skip_nothing"; }

    void on_consumer(const consumer_event& event) override {
        if (const auto* started = std::get_if<consumer_started>(&event))
            begin(*started);
        else if (const auto* assigned = std::get_if<consumer_assigned>(&event))
            assign(*assigned);
        else if (const auto* sought = std::get_if<consumer_sought>(&event))
            next_[{sought->consumer, sought->where}] = sought->offset;
        else if (const auto* delivered = std::get_if<consumer_delivered>(&event))
            judge(*delivered);
        else if (const auto* committed = std::get_if<consumer_committed>(&event))
            commit(*committed);
        else if (const auto* gone = std::get_if<consumer_given_up>(&event))
            give_up(*gone);
    }

private:
    void begin(const consumer_started& told) {
        kinds_[told.consumer] = told;
        if (told.latest)
            begin_anywhere_.insert(told.group);
    }

    /// What the group has is nobody's choice, only what it has not.
    void assign(const consumer_assigned& told) {
        const auto& kind = kinds_[told.consumer];
        next_[{told.consumer, told.where}].reset();
        const auto committed = committed_.find({kind.group, told.where});
        least_[{told.consumer, told.where}] =
            committed == committed_.end() ? log_offset(0) : committed->second;
        if (kind.latest && committed == committed_.end())
            choosing_.insert({told.consumer, told.where});
        else
            choosing_.erase({told.consumer, told.where});
    }

    /// Who begins at the end may commit that before it is given anything.
    void commit(const consumer_committed& told) {
        const std::pair key{told.group, told.where};
        committed_[key] = told.offset;
        if (begin_anywhere_.contains(told.group))
            delivered_to_[key] = std::max(delivered_to_[key], told.offset);
    }

    /// Who was given nothing may not even have known where to begin.
    void give_up(const consumer_given_up& told) {
        const auto& next = next_[{told.consumer, told.where}];
        if (told.committed && next)
            committed_[{kinds_[told.consumer].group, told.where}] = *next;
    }

    void judge(const consumer_delivered& told) {
        const auto& kind = kinds_[told.consumer];
        auto& next = next_[{told.consumer, told.where}];
        auto& group_to = delivered_to_[{kind.group, told.where}];
        const auto start = start_of(told.where);
        const bool chooses = !next && choosing_.contains({told.consumer, told.where});
        const auto due = next ? *next : (kind.group == 0 ? log_offset(0) : group_to);
        // Where retention has been, the reset policy says where to go on.
        const auto least = next ? *next : least_[{told.consumer, told.where}];
        const bool lost_its_place = kind.latest && least < start;
        const bool may_skip = chooses || lost_its_place || is_compacted(told.where);
        if (!may_skip && told.offset > std::max(due, start))
            violated(said(told) + " where " + std::to_string(due.get()) + " was due: poll-skip");
        if (next && told.offset < *next)
            violated(said(told) + " again, behind " + std::to_string(next->get() - 1));
        next = told.offset + 1;
        group_to = std::max(group_to, *next);
    }

    static std::string said(const consumer_delivered& told) {
        return "consumer " + std::to_string(told.consumer) + " was given offset " +
               std::to_string(told.offset.get()) + " of " + to_string(told.where);
    }

    std::map<std::uint64_t, consumer_started> kinds_;
    std::set<std::uint64_t> begin_anywhere_;
    /// By consumer; nothing where it has just been assigned the partition.
    std::map<std::pair<std::uint64_t, place>, std::optional<log_offset>> next_;
    /// By group: all below was given to somebody, or need not be.
    std::map<std::pair<std::uint64_t, place>, log_offset> delivered_to_;
    /// What was committed last for certain.
    std::map<std::pair<std::uint64_t, place>, log_offset> committed_;
    /// By consumer: where its group was, at the least, when it was assigned the partition.
    std::map<std::pair<std::uint64_t, place>, log_offset> least_;
    /// By consumer: it was assigned the partition when nothing was committed, and begins where it likes.
    std::set<std::pair<std::uint64_t, place>> choosing_;
};

} // namespace

std::unique_ptr<consumer_checker> make_consumers_skip_nothing(const history& of) {
    return std::make_unique<consumers_skip_nothing>(of);
}

} // namespace barnabas::sim
