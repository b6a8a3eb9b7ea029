#include "fuzz/fuzz.hpp"
#include "fuzz/mend.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/convert_down.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"

#include <algorithm>

/// Record batches as a Produce request brings them. The first byte chooses the checks, and whether the CRC is
/// set right: without that a changed byte would never get past it. Each goes the way down to an old consumer,
/// too.
namespace barnabas::batch {
namespace {

validation_options options_of(std::uint8_t choice) {
    validation_options options;
    options.origin = (choice & 1) != 0 ? batch_origin::replica : batch_origin::client;
    options.inside = (choice & 2) != 0 ? inside_check::header : inside_check::full;
    options.max_timestamp = (choice & 4) != 0 ? wrong_max_timestamp::refuse : wrong_max_timestamp::report;
    options.allow_zstd = (choice & 8) == 0;
    options.require_keys = (choice & 16) != 0;
    options.decompressed_floor = 1 << 20;
    return options;
}

struct read_outcome {
    bool whole = false;
    std::int32_t records = 0;
    timestamp_ms newest = no_timestamp;
};

/// Reads all records, as long as they do not unpack to more than anybody would send.
read_outcome read_all(const batch_view& batch) {
    read_outcome outcome;
    auto reader = record_reader::open(batch);
    if (!reader)
        return outcome;
    std::size_t bytes = 0;
    for (;;) {
        const auto record = reader->next();
        if (!record)
            return outcome;
        if (*record == nullptr)
            break;
        const auto timestamp = (*record)->timestamp;
        outcome.newest = outcome.records++ == 0 ? timestamp : std::max(outcome.newest, timestamp);
        bytes += (*record)->key ? (*record)->key->size() : 0;
        bytes += (*record)->value ? (*record)->value->size() : 0;
        for (const auto& header : (*record)->headers)
            bytes += header.key.size() + (header.value ? header.value->size() : 0);
    }
    outcome.whole = true;
    fuzz::require(batch.header.codec_bits() != 0 || bytes <= batch.bytes.size(),
                  "the records hold more than the batch");
    return outcome;
}

void check(const batch_view& batch, const validation_options& options) {
    const auto facts = validate_batch(batch, options);
    const auto read = read_all(batch);
    if (!facts || options.inside == inside_check::header)
        return;
    fuzz::require(read.whole, "what passed the check cannot be read");
    fuzz::require(read.records == facts->record_count, "the check counted other records than the reader");
    fuzz::require(read.records == batch.header.record_count || options.origin == batch_origin::replica,
                  "a client's record count is wrong and passed");
    fuzz::require(read.records == 0 || read.newest == facts->max_timestamp,
                  "the check found another newest timestamp than the reader");
    const auto header_only = [&] {
        auto weaker = options;
        weaker.inside = inside_check::header;
        return validate_batch(batch, weaker);
    };
    fuzz::require(header_only().has_value(), "the full check passes what the header check refuses");
}

/// What an old consumer gets of the batches: messages that pass their check, as many as were counted, in
/// however small pieces they are fetched.
void check_down(const slice& records, std::uint8_t choice) {
    down_options options;
    options.magic = static_cast<std::int8_t>((choice >> 6) & 1);
    options.bytes_max = (choice & 128) != 0 ? 100 : 1 << 30;
    for (int fetches = 0; fetches < 20; ++fetches) {
        const auto down = convert_down(records, options);
        if (!down)
            return;
        fuzz::require(down->source_bytes <= records.size(), "more was converted than is there");
        fuzz::require(total_size(down->parts) == down->total_bytes, "the parts have another size");
        const auto entries = split_entries(join(down->parts));
        fuzz::require(entries.has_value(), "the messages are no message set");
        std::int64_t found = 0;
        validation_options checks;
        checks.origin = batch_origin::replica;
        checks.max_timestamp = wrong_max_timestamp::refuse;
        for (const auto& entry : *entries) {
            const auto facts = validate_message(std::get<message_view>(entry), checks);
            fuzz::require(facts.has_value(), "a converted message does not pass the check");
            found += facts->record_count;
        }
        fuzz::require(found == down->converted_records, "other records were converted than counted");
        if (down->empty() || down->next_offset <= options.first_offset)
            return;
        options.first_offset = down->next_offset;
    }
}

} // namespace
} // namespace barnabas::batch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto choice = given.byte();
    auto records = slice::copy_of(given.rest());
    if ((choice & 32) == 0)
        fuzz::mend_batch_checksums(records.patch_before_sharing());
    batch::check_down(records, choice);
    const auto complete = batch::split_complete_batches(records);
    const auto whole = batch::split_batches(records);
    fuzz::require(!whole || complete, "a whole list is no list of complete batches");
    if (!complete)
        return 0;
    std::size_t covered = 0;
    for (const auto& one : *complete) {
        fuzz::require(one.bytes.size() == one.header.total_size(), "a batch has another size than it says");
        covered += one.bytes.size();
        batch::check(one, batch::options_of(choice));
    }
    fuzz::require(covered <= records.size(), "batches cover more than the list");
    return 0;
}
