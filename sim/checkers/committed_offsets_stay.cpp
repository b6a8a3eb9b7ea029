#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace barnabas::sim {

namespace {

/// A commit that can have no effect, now or later. Behind any other error, and behind a lost answer, it may
/// still come to the log.
bool was_refused(kafka::error_code code) {
    using kafka::error_code;
    switch (code) {
    case error_code::illegal_generation:
    case error_code::unknown_member_id:
    case error_code::fenced_instance_id:
    case error_code::stale_member_epoch:
    case error_code::rebalance_in_progress:
    case error_code::group_id_not_found:
    case error_code::group_subscribed_to_topic:
    case error_code::non_empty_group: return true;
    default: return false;
    }
}

/// Each committed offset is a register that many write and read. A commit takes effect once, between its
/// sending and its answer, or at any time when the answer is lost: also behind newer ones, for an old request
/// may be held up in a connection that its client has given up. So what is seen is wrong only if it was
/// replaced for certain: another commit was sent when it could not come any more, and that one was answered,
/// or seen, before somebody asked.
class committed_offsets_stay final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "committed_offsets_stay"; }

    void on_group(const group_event& event) override {
        if (const auto* commit = std::get_if<group_commit>(&event))
            on_commit(*commit);
        else if (const auto* result = std::get_if<group_commit_result>(&event))
            on_result(*result);
        else if (const auto* seen = std::get_if<group_offset_seen>(&event))
            on_seen(*seen);
        else if (const auto* expire = std::get_if<group_offsets_expire>(&event))
            expiring_.insert(expire->group);
    }

private:
    static constexpr virtual_time never{-1};
    static constexpr log_offset nothing{-1};

    struct written {
        virtual_time first_sent{0};
        /// Commits of it that may yet take effect.
        std::set<std::uint64_t> open;
        /// When the last of the others was answered.
        virtual_time until = never;
    };
    struct committed {
        /// In the beginning there is nothing.
        std::map<log_offset, written> values{{nothing, {virtual_time(0), {}, virtual_time(0)}}};
        /// What could not come later than this is replaced, by when that was certain.
        std::map<virtual_time, virtual_time> replaced;

        void replace(virtual_time older_than, virtual_time at) {
            const auto before = replaced.empty() ? never : replaced.rbegin()->second;
            replaced[at] = std::max(before, older_than);
        }
        virtual_time replaced_at(virtual_time at) const {
            const auto behind = replaced.upper_bound(at);
            return behind == replaced.begin() ? never : std::prev(behind)->second;
        }
    };

    committed& place_of(const group_commit& commit) { return places_[{commit.group, commit.partition}]; }

    void on_commit(const group_commit& commit) {
        auto [at, made] = place_of(commit).values.try_emplace(commit.offset);
        if (made)
            at->second.first_sent = commit.at;
        at->second.open.insert(commit.number);
        open_[commit.number] = commit;
    }

    void on_result(const group_commit_result& got) {
        const auto found = open_.extract(got.number);
        if (!found || !got.code)
            return;
        const auto& commit = found.mapped();
        auto& of = place_of(commit);
        auto& value = of.values.at(commit.offset);
        if (*got.code == kafka::error_code::none) {
            value.open.erase(commit.number);
            value.until = std::max(value.until, got.at);
            of.replace(commit.at, got.at);
        } else if (was_refused(*got.code)) {
            value.open.erase(commit.number);
        }
    }

    void on_seen(const group_offset_seen& seen) {
        auto& of = places_[{seen.group, seen.partition}];
        const auto found = of.values.find(seen.offset);
        const auto where = "offset " + std::to_string(seen.offset.get()) + " of partition " +
                           std::to_string(seen.partition) + " of group " + std::to_string(seen.group);
        if (found == of.values.end())
            return violated(where + " was told, but nobody committed it");
        const auto& value = found->second;
        if (seen.offset == nothing && expiring_.contains(seen.group))
            return;
        if (value.open.empty() && value.until == never)
            violated(where + " was told, but every commit of it had been refused");
        if (value.open.empty() && value.until != never && value.until < of.replaced_at(seen.asked))
            violated(where + " was told, but a newer commit was known before somebody asked");
        of.replace(value.first_sent, seen.at);
    }

    std::map<std::pair<std::uint64_t, std::int32_t>, committed> places_;
    std::map<std::uint64_t, group_commit> open_;
    std::set<std::uint64_t> expiring_;
};

} // namespace

std::unique_ptr<checker> make_committed_offsets_stay(const history& of) {
    return std::make_unique<committed_offsets_stay>(of);
}

} // namespace barnabas::sim
