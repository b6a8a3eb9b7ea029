#include "sim/checkers/consumer_checkers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// A group's committed offset is never ahead of what its consumers were given, and never behind what was
/// certainly committed: what the last owner confirmed, or was told to have committed before it gave the
/// partition up. Nor does anybody who is assigned a partition begin earlier. A commit that was not confirmed
/// may come late, behind newer ones, until somebody is assigned the partition: then it is fenced.
class commits_follow_delivery final : public consumer_checker {
public:
    using consumer_checker::consumer_checker;
    const char* name() const override { return "commits_follow_delivery"; }

    void on_consumer(const consumer_event& event) override {
        if (const auto* started = std::get_if<consumer_started>(&event))
            begin(*started);
        else if (const auto* assigned = std::get_if<consumer_assigned>(&event))
            assign(*assigned);
        else if (const auto* delivered = std::get_if<consumer_delivered>(&event))
            on_delivered(*delivered);
        else if (const auto* gone = std::get_if<consumer_given_up>(&event))
            on_given_up(*gone);
        else if (const auto* committed = std::get_if<consumer_committed>(&event))
            certain_[{committed->group, committed->where}] = committed->offset;
        else if (const auto* lost = std::get_if<consumer_commit_lost>(&event))
            on_lost(*lost);
        else if (const auto* asked = std::get_if<consumer_committed_asked>(&event))
            asked_[asked->question] = certain_of(asked->group);
        else if (const auto* seen = std::get_if<consumer_committed_seen>(&event))
            on_seen(*seen);
    }

private:
    using of_consumer = std::pair<std::uint64_t, place>;
    using of_group = std::pair<std::uint64_t, place>;

    void begin(const consumer_started& told) {
        groups_[told.consumer] = told.group;
        // Such a one commits the end of the log, where it begins.
        if (told.latest)
            begin_anywhere_.insert(told.group);
    }

    /// Only what is certain now counts: if it is put out without a word, others read on meanwhile.
    void assign(const consumer_assigned& told) {
        const of_group key{groups_[told.consumer], told.where};
        const auto late = late_.extract(key);
        const auto certain = certain_.find(key);
        if (certain != certain_.end() && !late.empty())
            certain->second = std::min(certain->second, late.mapped());
        fresh_[{told.consumer, told.where}] = certain == certain_.end() ? log_offset(0) : certain->second;
    }

    void on_lost(const consumer_commit_lost& told) {
        auto& late = late_.try_emplace({told.group, told.where}, told.offset).first->second;
        late = std::min(late, told.offset);
    }

    /// By partition of the group: what cannot be behind us, as things stand.
    std::map<place, log_offset> certain_of(std::uint64_t group) const {
        std::map<place, log_offset> all;
        for (const auto& [key, offset] : certain_) {
            if (key.first != group)
                continue;
            const auto late = late_.find(key);
            all[key.second] = late == late_.end() ? offset : std::min(offset, late->second);
        }
        return all;
    }

    void on_delivered(const consumer_delivered& told) {
        const auto group = groups_[told.consumer];
        next_[{told.consumer, told.where}] = told.offset + 1;
        auto& to = delivered_to_[{group, told.where}];
        to = std::max(to, told.offset + 1);
        const auto fresh = fresh_.extract({told.consumer, told.where});
        if (!fresh.empty() && told.offset < fresh.mapped())
            violated("consumer " + std::to_string(told.consumer) + " began at offset " +
                     std::to_string(told.offset.get()) + " of " + to_string(told.where) + ", though " +
                     std::to_string(fresh.mapped().get()) + " was committed for its group");
    }

    void on_given_up(const consumer_given_up& told) {
        const of_consumer key{told.consumer, told.where};
        fresh_.erase(key);
        const auto next = next_.extract(key);
        if (!next.empty() && told.committed)
            certain_[{groups_[told.consumer], told.where}] = next.mapped();
    }

    void on_seen(const consumer_committed_seen& told) {
        const auto& asked = asked_[told.question];
        const auto certain = asked.find(told.where);
        if (certain != asked.end() && told.offset < certain->second)
            violated("offset " + std::to_string(told.offset.get()) + " of " + to_string(told.where) +
                     " is committed for group " + std::to_string(told.group) + ", though " +
                     std::to_string(certain->second.get()) + " was before somebody asked");
        if (begin_anywhere_.contains(told.group) || is_compacted(told.where))
            return;
        const auto to = std::max(delivered_to_[{told.group, told.where}], start_of(told.where));
        if (told.offset > to)
            violated("offset " + std::to_string(told.offset.get()) + " of " + to_string(told.where) +
                     " is committed for group " + std::to_string(told.group) +
                     ", whose consumers were given all below " + std::to_string(to.get()));
    }

    std::map<std::uint64_t, std::uint64_t> groups_;
    std::set<std::uint64_t> begin_anywhere_;
    /// Assigned, and nothing was given of it yet: where it may begin.
    std::map<of_consumer, log_offset> fresh_;
    std::map<of_consumer, log_offset> next_;
    std::map<of_group, log_offset> delivered_to_;
    std::map<of_group, log_offset> certain_;
    /// The lowest that may yet be made.
    std::map<of_group, log_offset> late_;
    /// By question: what was certain when it was asked.
    std::map<std::uint64_t, std::map<place, log_offset>> asked_;
};

} // namespace

std::unique_ptr<consumer_checker> make_commits_follow_delivery(const history& of) {
    return std::make_unique<commits_follow_delivery>(of);
}

} // namespace barnabas::sim
