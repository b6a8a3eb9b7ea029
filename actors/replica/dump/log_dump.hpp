#pragma once

#include "actors/replica/dump/dump_options.hpp"
#include "actors/replica/dump/findings.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <string>

namespace barnabas::replica::dump {

/// What the dump of one file works with.
struct dump_context {
    runtime::file_system& files;
    const dump_options& options;
    dump_output& output;
    findings& found;
    /// Complaints that are errors: the file could not be read in full.
    std::uint64_t failures = 0;

    void fail(const error& why);
};

/// `.log`: its batches, with their records when the options ask for them. What cannot be read is told and
/// counted as a failure.
void dump_log(dump_context& context, const std::string& path);

} // namespace barnabas::replica::dump
