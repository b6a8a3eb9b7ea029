#pragma once

#include "sim/checkers/consumer_events.hpp"
#include "sim/checkers/history.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The checkers of programs with the client library's consumer. The workload tells them what these do and
/// hear, beside the history, of which they ask where logs begin.
namespace barnabas::sim {

class consumer_checker {
public:
    explicit consumer_checker(const history& of) : history_(of) {}
    virtual ~consumer_checker() = default;
    consumer_checker(const consumer_checker&) = delete;
    consumer_checker& operator=(const consumer_checker&) = delete;

    virtual const char* name() const = 0;
    virtual void on_consumer(const consumer_event& event) = 0;
    /// The first thing that was wrong; empty while all is well.
    const std::string& violation() const noexcept { return violation_; }

protected:
    void violated(std::string what) {
        if (violation_.empty())
            violation_ = std::move(what);
    }
    /// Whatever lies below need not be given to anybody.
    log_offset start_of(const place& where) const { return history_.log_of(where).marks().log_start_offset; }
    bool is_compacted(const place& where) const { return history_.is_compacted(where); }

private:
    const history& history_;
    std::string violation_;
};

/// poll-skip, nonmonotonic-poll: each goes on where it was, and begins no further than its group has come.
std::unique_ptr<consumer_checker> make_consumers_skip_nothing(const history& of);
/// G1: records only of partitions that it was told to have.
std::unique_ptr<consumer_checker> make_consumers_keep_to_theirs(const history& of);
/// G2: what is committed was given to somebody, and what was committed is where the next owner begins.
std::unique_ptr<consumer_checker> make_commits_follow_delivery(const history& of);

/// All of them.
std::vector<std::unique_ptr<consumer_checker>> all_consumer_checkers(const history& of);

} // namespace barnabas::sim
