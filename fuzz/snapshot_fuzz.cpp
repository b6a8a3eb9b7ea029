#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/small_file.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/mend.hpp"

#include <vector>

/// The small files of a partition's directory: producer snapshot (its CRC set right when the first byte is
/// even), leader-epoch-checkpoint and partition.metadata. What decodes comes back unchanged.
namespace barnabas::replica {
namespace {

constexpr std::size_t sum_at = 2;
constexpr std::size_t summed_from = 6;

void check_snapshot(std::span<const std::byte> given, bool mend) {
    std::vector<std::byte> bytes(given.begin(), given.end());
    if (mend && bytes.size() >= summed_from)
        fuzz::put_checksum(std::span(bytes).subspan(sum_at), std::span(bytes).subspan(summed_from));
    const auto state = producer_state::decode_snapshot(bytes);
    if (!state)
        return;
    const auto written = state->encode_snapshot();
    const auto again = producer_state::decode_snapshot(written);
    fuzz::require(again.has_value(), "a snapshot that was written does not decode");
    fuzz::require(again->entries() == state->entries(), "a snapshot does not come back");
    fuzz::require(again->encode_snapshot() == written, "a snapshot is written differently the second time");
}

void check_epochs(std::string_view text) {
    const auto epochs = decode_epoch_checkpoint(text);
    if (!epochs)
        return;
    const auto entries = epochs->entries();
    for (std::size_t i = 1; i < entries.size(); ++i) {
        fuzz::require(entries[i - 1].epoch < entries[i].epoch, "epochs that do not grow");
        fuzz::require(entries[i - 1].start_offset < entries[i].start_offset, "offsets that do not grow");
    }
    const auto again = decode_epoch_checkpoint(encode_epoch_checkpoint(*epochs));
    fuzz::require(again.has_value(), "a checkpoint that was written does not decode");
    fuzz::require(std::vector(again->entries().begin(), again->entries().end()) ==
                      std::vector(entries.begin(), entries.end()),
                  "a checkpoint does not come back");
}

void check_metadata(std::string_view text) {
    const auto id = decode_partition_metadata(text);
    if (!id)
        return;
    const auto again = decode_partition_metadata(encode_partition_metadata(*id));
    fuzz::require(again && *again == *id, "a topic id does not come back");
}

} // namespace
} // namespace barnabas::replica

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto choice = given.byte();
    switch (choice % 4) {
    case 0:
    case 1: replica::check_snapshot(given.rest(), choice % 4 == 0); break;
    case 2: replica::check_epochs(given.text()); break;
    default: replica::check_metadata(given.text());
    }
    return 0;
}
