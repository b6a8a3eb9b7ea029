#pragma once

#include "actors/controller/controller.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <span>
#include <string>

namespace barnabas {

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
