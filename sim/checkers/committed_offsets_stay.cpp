#include "sim/checkers/checkers.hpp"

#include <map>
#include <set>
#include <utility>

namespace barnabas::sim {

namespace {

/// Members commit growing offsets from what they were told on, and only members of the newest generation are
/// heard: so what is committed only grows.
class committed_offsets_stay final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "committed_offsets_stay"; }

    void on_group(const group_event& event) override {
        if (const auto* commit = std::get_if<group_commit>(&event)) {
            auto& of = places_[{commit->group, commit->partition}];
            of.sent.insert(commit->offset);
            open_[commit->number] = *commit;
        } else if (const auto* result = std::get_if<group_commit_result>(&event)) {
            on_result(*result);
        } else if (const auto* seen = std::get_if<group_offset_seen>(&event)) {
            on_seen(*seen);
        }
    }

private:
    struct committed {
        std::set<log_offset> sent;
        /// The largest that was promised or shown, by when that was.
        std::map<virtual_time, log_offset> known;

        void note(log_offset offset, virtual_time at) {
            if (known.empty() || known.rbegin()->second < offset)
                known[at] = offset;
        }
    };

    void on_result(const group_commit_result& got) {
        const auto commit = open_.extract(got.number);
        if (commit && got.code == kafka::error_code::none)
            places_[{commit.mapped().group, commit.mapped().partition}].note(commit.mapped().offset, got.at);
    }

    void on_seen(const group_offset_seen& seen) {
        auto& of = places_[{seen.group, seen.partition}];
        const auto behind = of.known.upper_bound(seen.asked);
        const auto least = behind == of.known.begin() ? log_offset(-1) : std::prev(behind)->second;
        const auto where =
            "partition " + std::to_string(seen.partition) + " of group " + std::to_string(seen.group);
        if (seen.offset < least)
            violated(where + " was read up to " + std::to_string(least.get()) +
                     ", but the coordinator says " + std::to_string(seen.offset.get()));
        if (seen.offset.get() >= 0 && !of.sent.contains(seen.offset))
            violated("nobody committed " + std::to_string(seen.offset.get()) + " of " + where);
        of.note(seen.offset, seen.at);
    }

    std::map<std::pair<std::uint64_t, std::int32_t>, committed> places_;
    std::map<std::uint64_t, group_commit> open_;
};

} // namespace

std::unique_ptr<checker> make_committed_offsets_stay(const history& of) {
    return std::make_unique<committed_offsets_stay>(of);
}

} // namespace barnabas::sim
