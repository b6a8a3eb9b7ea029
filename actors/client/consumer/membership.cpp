#include "actors/client/consumer/membership.hpp"

namespace barnabas::client {

void membership::change_handled() {
    if (changes_.empty())
        return;
    const auto handled = std::move(changes_.front());
    changes_.pop_front();
    told_ = false;
    if (handled.what != rebalance_event::kind::assigned)
        for (const auto& name : handled.partitions)
            owned_.erase(name);
}

void membership::lose_owned() {
    const std::size_t kept = told_ ? 1 : 0;
    for (std::size_t at = kept; at < changes_.size(); ++at)
        if (changes_[at].what == rebalance_event::kind::assigned)
            for (const auto& name : changes_[at].partitions)
                owned_.erase(name);
    changes_.resize(std::min(changes_.size(), kept));
    auto left = owned_;
    if (told_ && changes_.front().what != rebalance_event::kind::assigned)
        for (const auto& name : changes_.front().partitions)
            left.erase(name);
    if (!left.empty())
        changes_.push_back({rebalance_event::kind::lost, {left.begin(), left.end()}});
}

void membership::forget_all() {
    owned_.clear();
    changes_.clear();
    told_ = false;
}

} // namespace barnabas::client
