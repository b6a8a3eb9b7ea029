#pragma once

#include "actors/broker/data_directories.hpp"

#include <optional>
#include <vector>

namespace barnabas {

/// Job: settles what moves between data directories left when the last broker ended, before the partitions
/// are listed. A `-future` directory whose `-delete` twin (same id) is in a data directory that can be used
/// is the log, since the exchange had been decided: it gets the log's name. Other `-future` directories go
/// into `data_directory::futures`; nothing in them is believed. `-delete` directories are removed where their
/// partition's name is there as well, and all data directories can be used; the others go into
/// `data_directory::discarded` when all can be used: one may be the proof for a `-future` that is out of
/// sight, or in a data directory that is no longer in log.dirs. Directories that are offline are passed over.
/// The failures by directory, in their order.
std::vector<std::optional<error>> settle_moves(runtime::file_system& files,
                                               std::vector<data_directory>& directories);

} // namespace barnabas
