#pragma once

#include "actors/replica/dump/log_dump.hpp"

#include <string>

namespace barnabas::replica::dump {

/// `.index`: its entries, each compared with the batch that begins at its position in the `.log` beside it.
void dump_offset_index(dump_context& context, const std::string& path);

/// `.timeindex`: its entries, each compared with the batch of the `.log` beside it that has its offset.
void dump_time_index(dump_context& context, const std::string& path);

} // namespace barnabas::replica::dump
