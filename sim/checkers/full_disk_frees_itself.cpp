#include "sim/checkers/room_checkers.hpp"

#include "runtime/disk/directory_gate.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// A deletion waits for a sync and a checkpoint, and maybe for a repair.
constexpr std::int64_t deleted_within_ns = 4 * second;
/// Less may be what a part of the kept room rounds to.
constexpr std::uint64_t kept_least = 8'192;
/// Fewer may be in use for the moment of another replacement.
constexpr std::uint64_t kept_names_least = 4;
/// The broker looks at the room once a second, clients try again within another one or two, and those who
/// wait for a partition hold back what is meant for others.
constexpr std::int64_t served_within_ns = 6 * second;
/// Fewer may wait behind others that were refused.
constexpr std::uint64_t refused_batches_min = 3;

class full_disk_frees_itself final : public room_checker {
public:
    using room_checker::room_checker;
    const char* name() const override { return "full_disk_frees_itself"; }

    void on_deletion_begun(const deletion_begun& event) override {
        if (now_)
            waiting_.try_emplace({event.where, event.upto}, now_->at);
    }

    void on_deletion_answered(const deletion_answered& event) override {
        std::erase_if(waiting_, [&](const auto& one) {
            return one.first.first == event.where && one.first.second <= event.upto;
        });
    }

    void on_log_closed(const log_closed& event) override {
        std::erase_if(waiting_, [&](const auto& one) { return one.first.first == event.where; });
    }

    void on_life_ended(std::uint64_t /*life*/) override {
        waiting_.clear();
        roomy_since_.reset();
        now_.reset();
    }

    void on_sent(const sent_batch& batch) override { wanted_ += batch.acks != 0; }

    void on_result(const batch_result& result) override {
        if (result.what == client::delivery::acked)
            roomy_since_.reset();
    }

    void on_room(const room_reading& room) override {
        now_ = room;
        look_at_deletions();
        look_at_service();
    }

private:
    void look_at_deletions() {
        // Room that is used up is nobody's fault, and without a shortage none of it is needed.
        const bool short_of_room = now_->free && *now_->free < now_->reserve;
        const bool has_room = !short_of_room || now_->kept >= kept_least;
        const bool has_names = !now_->places || *now_->places > 0 || now_->kept_names >= kept_names_least;
        if (!now_->serves || !(short_of_room || now_->places) || !has_room || !has_names) {
            waiting_.clear();
            return;
        }
        for (const auto& [which, since] : waiting_)
            if (now_->at - since > deleted_within_ns)
                violated("a deletion in " + to_string(which.first) + " up to " +
                         std::to_string(which.second.get()) + " waits on a full disk, where " +
                         (short_of_room ? std::to_string(now_->kept) + " bytes are kept for it"
                                        : std::to_string(now_->kept_names) + " names are kept for it"));
    }

    void look_at_service() {
        const auto enough = runtime::room_to_resume(now_->reserve);
        const bool roomy = now_->serves && now_->free && *now_->free >= enough && !now_->places;
        if (!roomy)
            roomy_since_.reset();
        else if (!roomy_since_)
            roomy_since_ = {now_->at, wanted_};
        else if (now_->at - roomy_since_->first > served_within_ns &&
                 wanted_ - roomy_since_->second >= refused_batches_min)
            violated("no batch was taken for " + std::to_string(served_within_ns / second) + " s, though " +
                     std::to_string(*now_->free) + " bytes are free again");
    }

    std::optional<room_reading> now_;
    /// By when they were asked for.
    std::map<std::pair<place, log_offset>, virtual_time> waiting_;
    /// Since when there is room again and nothing was taken, and how many batches had been sent before.
    std::optional<std::pair<virtual_time, std::uint64_t>> roomy_since_;
    std::uint64_t wanted_ = 0;
};

} // namespace

std::unique_ptr<room_checker> make_full_disk_frees_itself(const history& of) {
    return std::make_unique<full_disk_frees_itself>(of);
}

std::vector<std::unique_ptr<room_checker>> all_room_checkers(const history& of) {
    std::vector<std::unique_ptr<room_checker>> all;
    all.push_back(make_full_disk_frees_itself(of));
    all.push_back(make_groups_use_the_reserve(of));
    return all;
}

} // namespace barnabas::sim
