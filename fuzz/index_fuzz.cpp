#include "fuzz/disk_files.hpp"
#include "fuzz/fuzz.hpp"

#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/time_index.hpp"

/// Index files with any content: searches answer inside of the log, and the sound part of an index grows.
namespace barnabas::replica {
namespace {

constexpr const char* index_path = "/data/index";
constexpr std::int64_t base = 1000;
constexpr std::uint64_t log_size = 100'000;

void check_offsets(runtime::file_system& files, runtime::file_id index, log_offset wanted) {
    const readable_range log{log_offset(base), log_size};
    const auto position = find_position(files, index, log, wanted);
    fuzz::require(!position || position->get() <= log_size, "a position behind the end of the log");
    const auto entries = sound_offset_entries(files, index, log, log_offset(base + 5000));
    if (!entries)
        return;
    for (std::size_t i = 0; i < entries->size(); ++i) {
        const auto& entry = (*entries)[i];
        fuzz::require(entry.offset >= log_offset(base) && entry.offset < log_offset(base + 5000),
                      "an offset outside of the segment");
        fuzz::require(entry.position.get() < log_size, "an entry behind the end of the log");
        fuzz::require(i == 0 || ((*entries)[i - 1].offset < entry.offset &&
                                 (*entries)[i - 1].position < entry.position),
                      "entries that do not grow");
    }
}

void check_times(runtime::file_system& files, runtime::file_id index, timestamp_ms wanted) {
    (void)find_entry_before(files, index, log_offset(base), wanted);
    (void)find_entry_of_largest(files, index, log_offset(base), log_offset(wanted.get()));
    (void)last_time_entry(files, index, log_offset(base));
    const auto entries = sound_time_entries(files, index, log_offset(base), log_offset(base + 5000));
    if (!entries)
        return;
    for (std::size_t i = 0; i < entries->size(); ++i) {
        const auto& entry = (*entries)[i];
        fuzz::require(entry.offset >= log_offset(base) && entry.offset < log_offset(base + 5000),
                      "an offset outside of the segment");
        fuzz::require(i == 0 || (*entries)[i - 1].timestamp < entry.timestamp, "timestamps that do not grow");
    }
}

} // namespace
} // namespace barnabas::replica

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto choice = given.byte();
    const auto wanted = given.number16();
    sim::memory_disk disk(1);
    fuzz::require(disk.files().create_directory("/data").has_value(), "a directory cannot be made");
    fuzz::put_file(disk, replica::index_path, given.rest());
    auto file = disk.files().open(replica::index_path, runtime::open_mode::read_only);
    fuzz::require(file.has_value(), "a file cannot be opened");
    if (choice % 2 == 0)
        replica::check_offsets(disk.files(), *file, log_offset(replica::base + wanted));
    else
        replica::check_times(disk.files(), *file, timestamp_ms(wanted));
    return 0;
}
