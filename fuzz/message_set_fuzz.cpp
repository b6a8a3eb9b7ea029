#include "fuzz/fuzz.hpp"
#include "fuzz/mend.hpp"
#include "protocol/batch/convert_down.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/message_reader.hpp"

#include <algorithm>

/// Message sets of magic 0 and 1, mixed with batches or not, as old clients send and fetch them. The first
/// byte chooses what the rest is: the set itself, or what lies inside of a wrapper that is made around it
/// (packed bytes are hard to change usefully), and whether CRCs are set right. The second chooses the checks.
namespace barnabas::batch {
namespace {

constexpr std::uint64_t unpacked_bytes_max = 1 << 20;

validation_options options_of(std::uint8_t choice) {
    validation_options options;
    options.origin = (choice & 1) != 0 ? batch_origin::replica : batch_origin::client;
    options.inside = (choice & 2) != 0 ? inside_check::header : inside_check::full;
    options.max_timestamp = (choice & 4) != 0 ? wrong_max_timestamp::refuse : wrong_max_timestamp::report;
    options.require_keys = (choice & 16) != 0;
    options.decompressed_floor = unpacked_bytes_max;
    return options;
}

/// A wrapper of any magic and codec around any bytes, with the right CRC.
slice wrap(std::span<const std::byte> inside, std::uint8_t choice) {
    const auto which = static_cast<codec>(1 + ((choice >> 2) & 3) % 3);
    message_builder_options options;
    options.magic = static_cast<std::int8_t>((choice >> 1) & 1);
    packing_options packing;
    packing.old_lz4_checksum = (choice & 16) != 0;
    const auto packed = compress(which, inside, packing);
    fuzz::require(packed.has_value(), "it does not pack");
    message_builder builder(options);
    builder.append(log_offset(1000), timestamp_ms(5), std::nullopt, std::span<const std::byte>(*packed));
    auto message = builder.build();
    const auto bytes = message.patch_before_sharing();
    bytes[message_at::attributes] = static_cast<std::byte>(which);
    fuzz::mend_entry_checksums(bytes);
    return message;
}

struct read_outcome {
    errc code = errc::ok;
    std::int32_t records = 0;
    timestamp_ms newest = no_timestamp;
};

read_outcome read_all(const message_view& message, inner_offsets offsets) {
    read_outcome outcome;
    message_reading reading;
    reading.offsets = offsets;
    reading.unpacked_bytes_max = decompressed_bytes_max(message.bytes.size(), unpacked_bytes_max);
    const auto walked = for_each_record(
        message,
        [&](const record_view& record) -> result<void> {
            outcome.newest =
                outcome.records == 0 ? record.timestamp : std::max(outcome.newest, record.timestamp);
            ++outcome.records;
            // Copies, so that a sanitizer sees every byte of the record read.
            for (const auto& field : {record.key, record.value})
                if (field)
                    (void)slice::copy_of(*field);
            return {};
        },
        reading);
    outcome.code = walked.code();
    return outcome;
}

void check(const message_view& message, const validation_options& options) {
    const auto absolute = read_all(message, inner_offsets::absolute);
    const auto stored = read_all(message, inner_offsets::as_stored);
    fuzz::require((absolute.code == errc::ok) == (stored.code == errc::ok),
                  "the kind of offsets decides whether it can be read");
    const auto facts = validate_message(message, options);
    if (!facts || options.inside == inside_check::header)
        return;
    fuzz::require(stored.code == errc::ok, "what passed the check cannot be read");
    fuzz::require(stored.records == facts->record_count && stored.records == absolute.records,
                  "the check counted other records than the reader");
    fuzz::require(stored.newest == facts->max_timestamp,
                  "the check found another newest timestamp than the reader");
}

/// What an old producer may send can be stored, and goes back to an old consumer.
void check_conversions(const slice& records, const validation_options& given) {
    up_options options;
    options.require_keys = given.require_keys;
    options.decompressed_floor = unpacked_bytes_max;
    const auto up = convert_up(records, options);
    if (!up)
        return;
    const auto facts = validate_batch(up->batch, {});
    fuzz::require(facts.has_value(), "a converted batch does not pass the check");
    fuzz::require(facts->record_count == up->converted_records &&
                      facts->max_timestamp == up->facts.max_timestamp &&
                      facts->max_timestamp_delta == up->facts.max_timestamp_delta &&
                      facts->min_timestamp == up->facts.min_timestamp &&
                      facts->uncompressed_bytes == up->facts.uncompressed_bytes,
                  "a converted batch has other facts than the check finds");
    for (const std::int8_t magic : {std::int8_t{0}, std::int8_t{1}}) {
        down_options back;
        back.magic = magic;
        back.bytes_max = 1 << 30;
        const auto down = convert_down(up->batch.bytes, back);
        fuzz::require(down && down->converted_records == up->converted_records,
                      "not every record comes back down");
        const auto again = convert_up(join(down->parts), options);
        fuzz::require(again && again->converted_records == up->converted_records,
                      "not every record goes up again");
    }
}

} // namespace
} // namespace barnabas::batch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto kind = given.byte();
    const auto options = batch::options_of(given.byte());
    auto records = slice::copy_of(given.rest());
    if ((kind & 32) == 0)
        fuzz::mend_entry_checksums(records.patch_before_sharing());
    if ((kind & 1) != 0)
        records = batch::wrap(records.bytes(), kind);
    const auto complete = batch::split_complete_entries(records);
    const auto whole = batch::split_entries(records);
    fuzz::require(!whole || complete, "a whole list is no list of complete entries");
    batch::check_conversions(records, options);
    if (!complete)
        return 0;
    for (const auto& entry : *complete)
        if (const auto* message = std::get_if<batch::message_view>(&entry)) {
            fuzz::require(message->bytes.size() == message->header.total_size(),
                          "a message has another size than it says");
            batch::check(*message, options);
        }
    return 0;
}
