#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace barnabas {

/// What differs around a run that must not matter to it.
struct run_surroundings {
    /// Addresses are drawn by the kernel; else they are the same in every process.
    bool random_addresses = true;
    /// Memory is filled with this byte when it is taken and its complement when given back; 0: not at all.
    unsigned fill = 0;
};

/// The trace hash of `barnabas ARGUMENTS` in a process of its own. `internal` when it prints none.
result<std::uint64_t> hash_elsewhere(const std::vector<std::string>& arguments,
                                     const run_surroundings& around);

/// Runs the same in two different surroundings, neither of them this process, and compares the hash with
/// `expected`. Empty when all agree; else the first event that differs, with actor and message. The traces
/// that are compared are written into `folder`.
result<std::string> difference_elsewhere(const std::vector<std::string>& arguments, std::uint64_t expected,
                                         const std::string& folder);

} // namespace barnabas
