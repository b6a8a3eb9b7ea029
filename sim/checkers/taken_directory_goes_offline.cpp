#include "sim/checkers/taken_directory.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// The broker looks at its directories once a second; then those who append must hear of it.
constexpr std::int64_t offline_within_ns = 4 * second;

class partitions_go_offline final : public taken_directory_checker {
public:
    using taken_directory_checker::taken_directory_checker;
    const char* name() const override { return taken_directory_goes_offline; }

    void on_taken(const std::string& directory,
                  const std::set<std::pair<std::uint32_t, std::int32_t>>& partitions) override {
        // Of one that refuses it is told again and again.
        if (std::exchange(directory_, directory) != directory)
            taken_at_ = now_;
        for (const auto& [where, since] : open_)
            if (partitions.contains({where.topic, where.partition}))
                partitions_.insert(where);
    }

    void on_calm(virtual_time since, virtual_time now) override {
        now_ = now;
        calm_since_ = since;
    }

    /// What is opened later moved, or was made again: elsewhere.
    void on_log_opened(const log_opened& event) override {
        partitions_.erase(event.where);
        told_offline_.erase(event.where);
        open_[event.where] = now_;
    }

    /// It went offline, or is on its way elsewhere.
    void on_log_closed(const log_closed& event) override {
        told_offline_.erase(event.where);
        open_.erase(event.where);
    }

    void on_append_answered(const append_answered& event) override {
        if (!event.ok)
            return;
        if (partitions_.contains(event.where) && is_long_since(taken_at_, now_))
            violated("a batch for " + to_string(event.where) + " is acknowledged, though " + away());
        const auto told = told_offline_.find(event.where);
        if (told != told_offline_.end() && is_long_since(told->second, now_))
            violated("a batch for " + to_string(event.where) +
                     " is acknowledged, though clients were told that nobody leads it");
    }

    void on_lookup_begun() override { asked_at_ = now_; }

    void on_leader_told(const leader_told& told) override {
        if (told.has_leader == told.is_offline.value_or(!told.has_leader))
            violated("clients are told that " + to_string(told.where) +
                     (told.has_leader ? " has a leader, and that its only replica is offline"
                                      : " has no leader, though its only replica is not offline"));
        if (told.has_leader && partitions_.contains(told.where) && is_long_since(taken_at_, asked_at_))
            violated("clients are told that " + to_string(told.where) + " has a leader, though " + away());
        if (told.has_leader)
            told_offline_.erase(told.where);
        // Before it is shown what was opened is recorded.
        const auto open = open_.find(told.where);
        if (!told.has_leader && open != open_.end() && is_long_since(open->second, asked_at_))
            told_offline_.emplace(told.where, now_);
    }

    void on_log_dirs_told(const log_dirs_told& told) override {
        for (const auto& working : told.directories)
            if (working.path == directory_ && is_long_since(taken_at_, asked_at_))
                violated("clients are told that " + directory_ + " works, though it" + since());
    }

    void on_life_ended(std::uint64_t /*life*/) override {
        directory_.clear();
        partitions_.clear();
        open_.clear();
        told_offline_.clear();
    }

private:
    /// Without anything that held the broker up.
    bool is_long_since(virtual_time then, virtual_time now) const {
        return now - std::max(then, calm_since_) > offline_within_ns;
    }
    std::string away() const { return directory_ + ", where it lies," + since(); }
    std::string since() const {
        return " has been away, or refused to be written to, for " +
               std::to_string((now_ - taken_at_) / millisecond) + " ms";
    }

    std::string directory_;
    /// Since when.
    std::map<place, virtual_time> open_;
    /// Were open in the directory when it was taken, and have not been opened elsewhere.
    std::set<place> partitions_;
    /// Of open ones, since when.
    std::map<place, virtual_time> told_offline_;
    virtual_time asked_at_{0};
    virtual_time taken_at_{0};
    virtual_time calm_since_{0};
    virtual_time now_{0};
};

} // namespace

std::unique_ptr<taken_directory_checker> make_taken_directory_goes_offline(const history& of) {
    return std::make_unique<partitions_go_offline>(of);
}

} // namespace barnabas::sim
