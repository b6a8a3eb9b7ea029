#pragma once

#include "actors/controller/controller.hpp"
#include "actors/replica/replica_log.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <span>
#include <string>

namespace barnabas {

/// The metadata log's directory beside the partitions of `metadata.log.dir`.
inline constexpr const char* metadata_log_directory = "__cluster_metadata-0";
/// A quorum of one never changes its leader; Raft's terms take this place.
inline constexpr leader_epoch metadata_epoch{1};
/// What the log in that directory is told.
replica::log_options metadata_log_options(std::string directory);

/// The records of one decision as one record batch, so that they are there all or not at all. The batch
/// starts at offset 0; whoever appends it sets base offset and leader epoch. `records` is not empty.
slice encode_decision(timestamp_ms now, std::span<const metadata_record> records);

/// Applies all records of one batch of the metadata log. Codes: corrupt_message, unsupported_version,
/// mismatched_directory (the log was written by Kafka).
result<void> replay(const batch::batch_view& batch, controller& into);

/// Job: refuses a metadata log that Kafka's quorum wrote, by the files that only it keeps, before anything in
/// the directory is touched. A missing directory is fine. Code: mismatched_directory.
result<void> check_not_kafka(runtime::file_system& files, const std::string& directory);

} // namespace barnabas
