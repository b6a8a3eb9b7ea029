#include "fuzz/fuzz.hpp"

#include "protocol/internal/metadata_records.hpp"

/// Records of the metadata log (Cap'n Proto). What decodes is written back to something that decodes to the
/// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto record = decode_metadata_record(given.rest());
    if (!record) {
        fuzz::require(record.code() == errc::malformed || record.code() == errc::unsupported_version,
                      "an error that nobody documented");
        return 0;
    }
    fuzz::require(is_metadata_record(given.rest()), "it decodes, but is no record of ours");
    const auto written = encode(*record);
    fuzz::require(written.size() <= metadata_limits::record_bytes_max, "it grew beyond the bound");
    const auto again = decode_metadata_record(written.bytes());
    fuzz::require(again.has_value() && *again == *record, "it does not come back");
    fuzz::require(encode(*again) == written, "it is written differently the second time");
    return 0;
}
