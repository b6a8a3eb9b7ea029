#pragma once

#include "protocol/model/ids.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace barnabas {

struct cleaner_options {
    /// `log.cleaner.enable`
    bool enabled = true;
    /// `log.cleaner.threads`: how many partitions are compacted at once.
    std::size_t partitions_at_once = 1;
    /// `log.cleaner.backoff.ms`
    std::chrono::milliseconds backoff{15'000};
};

/// Chooses which partitions are compacted next: one machine for the broker. It asks all compacted partitions
/// that it knows, then cleans those that want it, the overdue ones and the dirtiest first, a few at once.
/// Whenever one more could be cleaned and none is left that wants it, it asks again: at once if a pass has
/// succeeded since, otherwise after a pause; it waits for no pass. Assumes: a partition answers each
/// question, or its end is told. One that fails says itself when it wants to be tried again.
class cleaner {
public:
    struct effects {
        std::vector<topic_partition> ask;
        std::vector<topic_partition> clean;
        /// Call `on_due` so much later.
        bool arm_timer = false;
    };
    struct candidate {
        topic_partition partition;
        bool overdue = false;
        double dirty_ratio = 0;
    };

    explicit cleaner(const cleaner_options& options) : options_(options) {}

    /// The broker runs.
    void on_started(effects& out);
    void on_due(effects& out);
    /// A compacted partition was opened.
    void on_opened(const topic_partition& partition) { partitions_.insert(partition); }
    /// Closed, or could not be opened.
    void on_gone(const topic_partition& partition, effects& out);
    /// No pass of it begins before it is opened again. One that runs keeps its place until it ends.
    void on_paused(const topic_partition& partition, effects& out);
    void on_state(const candidate& state, bool wanted, effects& out);
    void on_cleaned(const topic_partition& partition, bool succeeded, bool uncleanable, effects& out);

    std::size_t uncleanable_count() const { return uncleanable_.size(); }
    std::size_t running_count() const { return running_.size(); }

private:
    void go_on(effects& out);
    void ask(effects& out);

    cleaner_options options_;
    std::set<topic_partition> partitions_;
    /// Their last pass failed.
    std::set<topic_partition> uncleanable_;
    /// Who has not answered, who waits, who is at it.
    std::set<topic_partition> asked_;
    std::vector<candidate> waiting_;
    std::set<topic_partition> running_;
    bool started_ = false;
    bool timer_armed_ = false;
    /// Since the last questions.
    bool cleaned_any_ = false;
};

} // namespace barnabas
