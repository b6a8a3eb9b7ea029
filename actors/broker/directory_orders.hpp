#pragma once

#include "actors/broker/broker_effects.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// Orders to partitions that are given a few at a time in each data directory: its threads take what they
/// find waiting one after another, so thousands of jobs at once would keep everybody else waiting for the
/// last of them. Plain state of `partition_set`.
class directory_orders {
public:
    using effects = broker_effects::effects;

    /// At most `most` of this directory are under way; the others wait in the order given.
    void give(const std::string& directory, std::size_t most, const topic_partition& id,
              broker_effects::effect order, effects& out) {
        auto& queue = queues_[directory];
        queue.most = most;
        queue.waiting.emplace_back(id, std::move(order));
        go_on(queue, out);
    }

    /// What was ordered has ended. Nothing happens if that was no order of these.
    void ended(const std::string& directory, const topic_partition& id, effects& out) {
        const auto found = queues_.find(directory);
        if (found == queues_.end() || found->second.running.erase(id) == 0)
            return;
        go_on(found->second, out);
        if (found->second.running.empty())
            queues_.erase(found);
    }

    /// The directories and ids of what will never be ordered now.
    std::vector<std::pair<std::string, topic_partition>> take_back() {
        std::vector<std::pair<std::string, topic_partition>> never_begun;
        for (auto& [directory, queue] : queues_)
            for (const auto& [id, order] : std::exchange(queue.waiting, {}))
                never_begun.emplace_back(directory, id);
        return never_begun;
    }

    /// Nobody else is kept waiting any more.
    void give_all(effects& out) {
        for (auto& [directory, queue] : queues_) {
            queue.most = queue.running.size() + queue.waiting.size();
            go_on(queue, out);
        }
    }
    void give_all(const std::string& directory, effects& out) {
        const auto found = queues_.find(directory);
        if (found == queues_.end())
            return;
        found->second.most = found->second.running.size() + found->second.waiting.size();
        go_on(found->second, out);
    }

    /// Those that wait are never ordered.
    void forget(const std::string& directory) { queues_.erase(directory); }

private:
    struct queue {
        std::deque<std::pair<topic_partition, broker_effects::effect>> waiting;
        std::set<topic_partition> running;
        std::size_t most = 1;
    };

    static void go_on(queue& some, effects& out) {
        while (!some.waiting.empty() && some.running.size() < some.most) {
            some.running.insert(some.waiting.front().first);
            out.push_back(std::move(some.waiting.front().second));
            some.waiting.pop_front();
        }
    }

    std::map<std::string, queue> queues_;
};

} // namespace barnabas
