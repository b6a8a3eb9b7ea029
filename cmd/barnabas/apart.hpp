#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace barnabas {

/// What came of work in a process of its own.
struct apart_end {
    /// How the process died; empty when it ended by itself.
    std::string died;
    /// All that was told, up to the death.
    std::string told;
    bool took_too_long = false;
};

/// Sends text to the process that waits.
using teller = std::function<void(std::string_view)>;

/// Does `work` in a child process, so that its death can be told of. It is killed when it takes longer than
/// `limit` (zero: there is none) or when this process ends.
apart_end run_apart(const std::function<void(const teller&)>& work,
                    std::chrono::seconds limit = std::chrono::seconds::zero());

/// How a process ended, for people; empty when that was by itself and with status 0.
std::string death_of(int wait_status);

/// For a child process: it ends when its parent does.
void end_with_parent();

} // namespace barnabas
