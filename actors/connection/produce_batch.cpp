#include "actors/connection/produce_batch.hpp"

#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/lz4_header.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/repack.hpp"
#include "protocol/batch/validate.hpp"
#include "protocol/kafka/record_formats.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/topic_config.hpp"

#include <optional>
#include <string>
#include <utility>

namespace barnabas {

namespace {

/// A batch may unpack to this, however small it is. Clients fill batches up to a size of the packed bytes
/// that they guess: with values that are all alike a batch of 16 KiB may well hold some MiB.
constexpr std::uint64_t unpacked_batch_floor = 16ull << 20;

/// What a batch that fails is charged: it may have been found out at its very end.
std::uint64_t unpacked_at_most(std::size_t packed_bytes) {
    return batch::decompressed_bytes_max(packed_bytes, unpacked_batch_floor);
}

struct topic_compression {
    /// Nothing: the producer's.
    std::optional<batch::codec> which;
    std::optional<int> level;
};

topic_compression compression_of(const topic_config& config) {
    using batch::codec;
    const std::string& type = config.compression_type;
    if (type == "uncompressed")
        return {codec::none, {}};
    if (type == "gzip")
        return {codec::gzip, config.compression_gzip_level};
    if (type == "snappy")
        return {codec::snappy, {}};
    if (type == "lz4")
        return {codec::lz4, config.compression_lz4_level};
    if (type == "zstd")
        return {codec::zstd, config.compression_zstd_level};
    return {};
}

result<void> check_size(const batch::batch_view& one, const topic_metadata& topic,
                        const topic_config& config) {
    if (one.bytes.size() <= static_cast<std::size_t>(config.max_message_bytes))
        return {};
    return error{errc::message_too_large,
                 "a record batch of " + std::to_string(one.bytes.size()) +
                     " bytes is larger than max.message.bytes=" + std::to_string(config.max_message_bytes) +
                     " of topic " + topic.name};
}

/// Packs a batch again when the topic has a codec of its own and the batch another.
result<batch::batch_view> with_codec_of(const topic_config& config, const topic_metadata& topic,
                                        batch::batch_view one, batch::codec_workspace* workspace) {
    const auto wanted = compression_of(config);
    if (!wanted.which || *wanted.which == one.header.compression())
        return one;
    auto packed = batch::repack(one, {*wanted.which, wanted.level, workspace});
    if (!packed)
        return packed;
    BARNABAS_MARK(produce_packed_again);
    // It may have grown.
    if (auto fits = check_size(*packed, topic, config); !fits)
        return fits.failure();
    return packed;
}

/// One batch made of what a producer before Kafka 0.11 sent.
result<batch_for_log> converted_batch(connection& self, const topic_metadata& topic, const slice& records,
                                      unpacking_budget& budget) {
    const topic_config& config = self.port().config_of(topic);
    const auto compression = compression_of(config);
    batch::up_options options;
    options.compression = compression.which;
    options.compression_level = compression.level;
    options.require_keys = config.cleanup_compact;
    options.workspace = self.options().workspace;
    options.decompressed_floor = unpacked_batch_floor;
    options.decompressed_most = budget.left();
    auto converted = batch::convert_up(records, options);
    if (BARNABAS_MARK_IF(!converted, produce_message_set_invalid)) {
        budget.spend(unpacked_at_most(records.size()));
        return converted.failure();
    }
    if (converted->producer_codec != batch::codec::none)
        budget.spend(converted->facts.uncompressed_bytes);
    if (auto fits = check_size(converted->batch, topic, config); !fits)
        return fits.failure();
    BARNABAS_MARK(produce_converted);
    return batch_for_log{std::move(converted->batch), converted->facts.min_timestamp,
                         static_cast<std::uint32_t>(converted->converted_records)};
}

/// The one batch that a partition's records hold, checked in full before anything is stored.
result<batch_for_log> checked_batch(connection& self, const request_context& context,
                                    const topic_metadata& topic, const slice& records,
                                    unpacking_budget& budget) {
    auto batches = batch::split_batches(records);
    if (!batches)
        return batches.failure();
    if (BARNABAS_MARK_IF(batches->size() != 1, produce_not_one_batch))
        return error{errc::invalid_record,
                     "a produce request holds exactly one record batch per partition, not " +
                         std::to_string(batches->size())};
    const topic_config& config = self.port().config_of(topic);
    batch::batch_view& one = batches->front();
    if (auto fits = check_size(one, topic, config); !fits)
        return fits.failure();
    if (one.header.is_transactional())
        return error{errc::transactional_id_not_found, "this broker does not serve transactions"};
    batch::validation_options options;
    options.allow_zstd = context.version >= kafka::produce_with_zstd;
    options.require_keys = config.cleanup_compact;
    options.inside = config.validate_inside ? batch::inside_check::full : batch::inside_check::header;
    options.workspace = self.options().workspace;
    options.max_timestamp = batch::wrong_max_timestamp::report;
    options.decompressed_floor = unpacked_batch_floor;
    options.decompressed_most = budget.left();
    const bool packed = one.header.codec_bits() != 0;
    auto facts = batch::validate_batch(one, options);
    if (BARNABAS_MARK_IF(!facts, produce_batch_invalid)) {
        budget.spend(packed ? unpacked_at_most(one.bytes.size()) : 0);
        return facts.failure();
    }
    if (packed)
        budget.spend(facts->uncompressed_bytes);
    if (config.validate_inside && one.header.compression() == batch::codec::lz4)
        if (auto readable = batch::check_lz4_for_consumers(one.records());
            BARNABAS_MARK_IF(!readable, produce_lz4_unreadable))
            return readable.failure();
    if (BARNABAS_MARK_IF(!facts->max_timestamp_matches, produce_max_timestamp_mended))
        batch::set_max_timestamp(one, facts->max_timestamp);
    auto packed_as_wanted = with_codec_of(config, topic, std::move(one), self.options().workspace);
    if (!packed_as_wanted)
        return packed_as_wanted.failure();
    return batch_for_log{std::move(*packed_as_wanted), facts->min_timestamp};
}

} // namespace

result<batch_for_log> batch_to_store(connection& self, const request_context& context,
                                     const topic_metadata& topic, const slice& records,
                                     unpacking_budget& budget) {
    return context.version < kafka::produce_with_batches
               ? converted_batch(self, topic, records, budget)
               : checked_batch(self, context, topic, records, budget);
}

} // namespace barnabas
