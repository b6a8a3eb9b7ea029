#include "actors/replica/dump/dump.hpp"
#include "fuzz/disk_files.hpp"
#include "fuzz/fuzz.hpp"

/// A partition's directory with any files, as `recovery` describes it, behind a byte of options: the dump
/// names every file, reads only, and ends.
namespace barnabas::replica::dump {
namespace {

dump_options options_of(std::uint8_t choice) {
    dump_options options;
    options.deep_iteration = (choice & 1) != 0;
    options.print_data_log = (choice & 2) != 0;
    options.skip_record_metadata = (choice & 4) != 0;
    options.verify_index_only = (choice & 8) != 0;
    options.index_sanity_check = (choice & 16) != 0;
    options.max_bytes = (choice & 32) != 0 ? 200 : dump_options::no_max_bytes;
    options.decoder = static_cast<record_decoder>(choice >> 6);
    return options;
}

struct counted_lines final : dump_output {
    std::size_t files = 0;
    std::size_t complaints = 0;

    void line(std::string_view text) override { files += text.starts_with("Dumping /"); }
    void complaint(std::string_view) override { ++complaints; }
};

std::vector<std::string> paths_in(runtime::file_system& files) {
    const std::string directory = fuzz::log_directory;
    const auto entries = files.list(directory);
    fuzz::require(entries.has_value(), "a directory cannot be listed");
    std::vector<std::string> paths;
    for (const auto& entry : *entries)
        paths.push_back(directory + "/" + entry.name);
    return paths;
}

} // namespace
} // namespace barnabas::replica::dump

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    using namespace barnabas::replica::dump;
    fuzz::input given(data, size);
    const auto options = options_of(given.byte());
    sim::memory_disk disk(1);
    fuzz::put_log_directory(disk, given);
    const auto paths = paths_in(disk.files());
    const auto used = disk.used_bytes();
    counted_lines lines;
    const auto failures = dump_files(disk.files(), paths, options, lines);
    fuzz::require(lines.files == paths.size(), "a file was left out");
    fuzz::require(failures <= lines.complaints, "a failure was not told");
    fuzz::require(disk.used_bytes() == used, "the dump wrote");
    return 0;
}
