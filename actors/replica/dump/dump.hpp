#pragma once

#include "actors/replica/dump/dump_options.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace barnabas::replica::dump {

/// Shows the files of a partition's directory in the words of Kafka's dump tool, one after the other, then
/// tells what they contradict each other in. Opens them to read only, and walks through them: memory is a few
/// windows and one batch. Returns how many faults kept something from being read; contradictions are none.
std::uint64_t dump_files(runtime::file_system& files, std::span<const std::string> paths,
                         const dump_options& options, dump_output& output);

} // namespace barnabas::replica::dump
