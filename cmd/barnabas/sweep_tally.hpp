#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace barnabas {

/// What a child tells of one run; goes through a pipe as it is.
struct sweep_answer {
    std::uint64_t task = 0;
    std::uint64_t seed = 0;
    std::uint64_t trace_hash = 0;
    std::int64_t virtual_ns = 0;
    std::uint64_t events = 0;
    std::uint64_t batches = 0;
    std::uint64_t acked = 0;
    std::uint64_t faults = 0;
    std::uint64_t run_twice = 0;
    bool passed = false;
    /// The process died before it could answer.
    bool died = false;
    char text[600] = {};
};

/// The sums of a sweep, and how far it is: everything below `next` is done.
struct sweep_tally {
    std::uint64_t next = 0;
    std::uint64_t done = 0;
    double seconds = 0;
    std::int64_t virtual_ns = 0;
    std::uint64_t events = 0;
    std::uint64_t batches = 0;
    std::uint64_t acked = 0;
    std::uint64_t faults = 0;
    std::uint64_t run_twice = 0;
    /// By task, what went wrong.
    std::map<std::uint64_t, std::string> failures;

    void add(const sweep_answer& answer);
};

/// Empty when there is no file. `invalid_request` when it is none of ours or of another command.
result<sweep_tally> read_tally(const std::string& path, const std::string& fingerprint);
result<void> write_tally(const std::string& path, const std::string& fingerprint, const sweep_tally& tally);

} // namespace barnabas
