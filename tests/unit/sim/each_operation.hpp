#pragma once

#include "sim/disk/memory_disk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Fail-nth tests of what uses a disk: whatever one of its operations meets, and whatever the next process
/// finds of it, what was promised holds.
namespace barnabas::sim {

/// What one operation meets, and how the process ends in which it does.
struct misfortune {
    /// The answer of the operation, which has no effect; none: it is the last of its process.
    std::optional<errc> answer;
    /// The power goes, and this decides what stays of what was not synced (0: nothing); none: only the
    /// process dies.
    std::optional<std::uint64_t> losses;
};

inline std::vector<misfortune> all_misfortunes() {
    std::vector<misfortune> all;
    for (const auto answer : {std::optional<errc>(), std::optional(errc::storage_error),
                              std::optional(errc::disk_full), std::optional(errc::read_only),
                              std::optional(errc::access_denied), std::optional(errc::too_many_open_files)}) {
        all.push_back({answer, std::nullopt});
        for (std::uint64_t losses = 0; losses < 6; ++losses)
            all.push_back({answer, losses});
    }
    return all;
}

/// One try: the n-th operation after `arm` meets a misfortune.
class doomed_operation {
public:
    doomed_operation(const misfortune& what, std::uint64_t n) : disk(n), what_(what), n_(n) {}

    runtime::file_system& files() { return disk.files(); }
    void arm() {
        armed_at_ = disk.operations();
        if (what_.answer)
            disk.fail_nth(n_, *what_.answer);
        else
            disk.crash_after_operations(n_);
    }
    /// From here on the disk is as the next process finds it.
    void end_process() {
        met_ = disk.operations() >= armed_at_ + n_;
        if (!what_.losses)
            return disk.kill();
        runtime::random draws(*what_.losses);
        disk.power_cut(draws,
                       *what_.losses == 0 ? power_cut_faults::lose_all() : power_cut_faults::drawn(draws));
    }
    bool met() const { return met_; }
    std::string text() const {
        return "operation " + std::to_string(n_) + " " +
               (what_.answer ? "answers " + std::string(name_of(*what_.answer)) : "is the last") +
               (what_.losses ? ", power cut " + std::to_string(*what_.losses) : ", killed");
    }

    memory_disk disk;

private:
    misfortune what_;
    std::uint64_t n_;
    std::uint64_t armed_at_ = 0;
    bool met_ = false;
};

/// `trial(doomed_operation&)` arms, acts, ends the process and looks at what is left; for every operation
/// that it has, and once more undisturbed.
template <class Trial>
void at_every_operation(const Trial& trial) {
    for (const auto& what : all_misfortunes())
        for (std::uint64_t n = 1;; ++n) {
            doomed_operation doomed(what, n);
            trial(doomed);
            if (!doomed.met())
                break;
        }
}

} // namespace barnabas::sim
