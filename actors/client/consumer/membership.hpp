#pragma once

#include "actors/client/consumer/consumer_types.hpp"
#include "actors/client/consumer/group_offsets.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace barnabas::client {

/// A heartbeat that the coordinator took, and as whose.
struct sign_of_life {
    member_identity as;
    monotonic_ns asked{};
    monotonic_ns heard{};
};

/// A member of a group, whichever protocol it speaks: has partitions, and changes of them that the program
/// is told one after the other. What the program polled before it hears of a change is taken for done. A
/// machine; part of `cluster_consumer`.
class membership {
public:
    membership() = default;
    virtual ~membership() = default;
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;

    /// Other topics than before.
    virtual void subscribe(std::set<std::string> topics) = 0;
    /// All that the pattern means to the coordinator. Code: invalid_request in a protocol without that.
    virtual result<void> subscribe_regex(std::string pattern) = 0;
    /// Topics that must be known, and those of which only the ids are known yet.
    virtual std::set<std::string> topics_wanted() const = 0;
    virtual std::set<topic_id> ids_wanted() const = 0;

    /// `in_poll`: the program waits for records just now.
    virtual void step(monotonic_ns now, bool in_poll) = 0;
    /// Topics or their partitions became others.
    virtual void on_view() = 0;
    /// As whom it commits; generation -1 while it is out of its group.
    virtual member_identity identity() const = 0;
    /// Within one life only the identity's generation changes while partitions stay its own, and what is
    /// committed under an older one may be committed again. Nothing: a generation is all there is.
    virtual std::optional<std::uint64_t> life() const = 0;
    /// Tells the coordinator that it goes; `done` when it heard.
    virtual void leave(const std::string& reason, std::function<void(monotonic_ns)> done) = 0;

    /// Of this member, the newest; in the consumer protocol under the epoch that it said.
    const std::optional<sign_of_life>& last_heartbeat() const noexcept { return last_heartbeat_; }
    monotonic_ns deadline() const noexcept { return wake_; }
    /// What the program must be told next; it stays until `change_handled`.
    const rebalance_event* change() const { return changes_.empty() ? nullptr : &changes_.front(); }
    void set_change_told() noexcept { told_ = true; }
    void change_handled();
    /// Partitions that are read from now on, also those that go soon.
    const std::set<partition_name>& owned() const noexcept { return owned_; }
    /// What will not pass by itself, once.
    std::optional<error> take_failure() { return std::exchange(failure_, std::nullopt); }
    /// The program gave up what it had.
    virtual void forget_all();

protected:
    void tell(rebalance_event::kind what, std::vector<partition_name> partitions) {
        changes_.push_back({what, std::move(partitions)});
    }
    /// Others may have its partitions by now. The program hears only of those that it was told to have.
    void lose_owned();
    bool has_changes() const noexcept { return !changes_.empty(); }
    void wake_at(monotonic_ns when) { wake_ = wake_ == monotonic_ns{} ? when : std::min(wake_, when); }

    std::set<partition_name> owned_;
    std::optional<error> failure_;
    std::optional<sign_of_life> last_heartbeat_;
    monotonic_ns wake_{};

private:
    std::deque<rebalance_event> changes_;
    /// The program is at the first of them.
    bool told_ = false;
};

} // namespace barnabas::client
