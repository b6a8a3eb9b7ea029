#include "actors/controller/metadata_log.hpp"

#include "actors/controller/limits.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/assert.hpp"

#include <utility>

namespace barnabas {

namespace {

error foreign_log() {
    return {errc::mismatched_directory,
            "the metadata log was written by Apache Kafka, whose own metadata cannot be opened in place: "
            "import the "
            "data directory into an empty one with 'barnabas import', or give log.dirs another directory"};
}

/// Kafka's records begin with a frame version (1), then the numbers of a kind and its version.
bool looks_like_kafka(std::span<const std::byte> value) {
    return value.size() >= 3 && std::to_integer<int>(value[0]) == 1;
}

result<void> replay_record(const batch::record_view& record, controller& into) {
    if (!record.value)
        return error{errc::corrupt_message, "a record of the metadata log has no value, at offset " +
                                                std::to_string(record.offset.get())};
    if (!is_metadata_record(*record.value) && looks_like_kafka(*record.value))
        return foreign_log();
    auto decoded = decode_metadata_record(*record.value);
    if (!decoded)
        return error{decoded.code() == errc::unsupported_version ? errc::unsupported_version
                                                                 : errc::corrupt_message,
                     decoded.failure().detail + ", at offset " + std::to_string(record.offset.get())};
    const auto* config = std::get_if<config_changed_record>(&*decoded);
    const auto& planted = into.planted();
    if (planted.config_removal_forgotten && config != nullptr && !config->value)
        return into.apply(record.offset, no_op_record{});
    return into.apply(record.offset, *decoded);
}

} // namespace

replica::log_options metadata_log_options(std::string directory) {
    replica::log_options options;
    options.directory = std::move(directory);
    options.max_message_bytes = controller_limits::batch_bytes_max;
    options.retention_ms = -1;
    options.retention_bytes = -1;
    options.timestamp_after_max_ms = -1;
    return options;
}

slice encode_decision(timestamp_ms now, std::span<const metadata_record> records) {
    BARNABAS_ASSERT(!records.empty());
    batch::batch_builder builder;
    for (const auto& record : records) {
        const auto value = encode(record);
        builder.append(now, std::nullopt, value.bytes());
    }
    return builder.build();
}

result<void> replay(const batch::batch_view& batch, controller& into) {
    // Only Kafka's quorum writes control batches here.
    if (batch.header.is_control())
        return foreign_log();
    return batch::for_each_record(
        batch, [&into](const batch::record_view& record) { return replay_record(record, into); });
}

result<void> check_not_kafka(runtime::file_system& files, const std::string& directory) {
    auto entries = files.list(directory);
    if (!entries)
        return entries.code() == errc::not_found ? result<void>() : result<void>(entries.failure());
    for (const auto& entry : *entries)
        if (entry.name == "quorum-state" || entry.name.ends_with(".checkpoint"))
            return error{errc::mismatched_directory,
                         foreign_log().detail + " (found " + directory + "/" + entry.name + ")"};
    return {};
}

} // namespace barnabas
