#pragma once

#include "protocol/batch/builder.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <string>

/// Requests of hostile clients as bytes, and ways to spoil them.
namespace barnabas::sim::hostile {

slice api_versions(std::int32_t correlation_id);
slice create_topic(std::int32_t correlation_id, const std::string& topic);
/// All of the partition, from the start, with limits as large as they get.
slice fetch(std::int32_t correlation_id, const std::string& topic);
slice produce(std::int32_t correlation_id, const std::string& topic, const slice& batch);
slice metadata(std::int32_t correlation_id, const std::string& topic);
/// Of the topic's first partitions, some of which may not exist: up to one offset, or the high watermark
/// (-1).
slice delete_records(std::int32_t correlation_id, const std::string& topic, std::int64_t offset,
                     std::int16_t version);
slice ends_of_epoch(std::int32_t correlation_id, const std::string& topic, std::int32_t epoch,
                    std::int16_t version);

/// One of the topic's first partitions, which may not exist, to a directory that may not be one.
slice alter_replica_log_dirs(std::int32_t correlation_id, const std::string& topic, std::int32_t partition,
                             const std::string& directory, std::int16_t version);
slice describe_log_dirs(std::int32_t correlation_id, std::int16_t version);

/// A sound batch of a few records; its keys name no record of a checked client.
slice sound_batch(runtime::random& draws, const batch::builder_options& options = {});
/// A batch of `bytes` equal bytes, packed.
slice bomb(std::uint32_t bytes, batch::codec packed);
/// The checksum that belongs to what stands there now.
void mend_crc(const slice& batch);

/// A whole request frame of the header alone.
slice bare_header(std::int16_t api_key, std::int16_t version, std::int32_t correlation_id);
slice with_length(const slice& frame, std::int32_t length);
slice noise(runtime::random& draws, std::size_t bytes);

} // namespace barnabas::sim::hostile
