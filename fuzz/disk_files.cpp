#include "fuzz/disk_files.hpp"

#include "fuzz/mend.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace barnabas::fuzz {
namespace {

constexpr std::size_t snapshot_sum_at = 2;
constexpr std::size_t snapshot_summed_from = 6;

constexpr std::array<std::string_view, 16> names{
    "00000000000000000000.log",         "00000000000000000000.index",
    "00000000000000000000.timeindex",   "00000000000000000002.log",
    "00000000000000000002.index",       "00000000000000000002.timeindex",
    "00000000000000000002.snapshot",    "00000000000000000004.snapshot",
    "leader-epoch-checkpoint",          "partition.metadata",
    "00000000000000000000.log.swap",    "00000000000000000002.log.deleted",
    "00000000000000000000.log.cleaned", "leader-epoch-checkpoint.tmp",
    "00000000000000000000.txnindex",    "00000000000000000007.log",
};

void mend(std::string_view name, std::vector<std::byte>& bytes) {
    if (name.find(".log") != std::string_view::npos)
        mend_batch_checksums(bytes);
    else if (name.ends_with(".snapshot") && bytes.size() >= snapshot_summed_from)
        put_checksum(std::span(bytes).subspan(snapshot_sum_at),
                     std::span(bytes).subspan(snapshot_summed_from));
}

} // namespace

void put_file(sim::memory_disk& disk, const std::string& path, std::span<const std::byte> bytes) {
    auto& files = disk.files();
    auto file = files.open(path, runtime::open_mode::create);
    require(file.has_value(), "a file cannot be made");
    const auto content = slice::copy_of(bytes);
    require(files.write(*file, file_position(0), {&content, 1}).has_value(), "a file cannot be written");
    require(files.sync({&*file, 1}).has_value(), "a file cannot be synced");
    files.close(*file);
}

void put_log_directory(sim::memory_disk& disk, input& given) {
    const std::string directory = log_directory;
    auto& files = disk.files();
    require(files.create_directory(directory).has_value(), "a directory cannot be made");
    while (!given.empty()) {
        const auto kind = given.byte();
        const auto size = given.number16();
        const auto content = given.take(size);
        const auto name = names[kind % names.size()];
        std::vector<std::byte> bytes(content.begin(), content.end());
        if ((kind & 0x80) == 0)
            mend(name, bytes);
        put_file(disk, directory + "/" + std::string(name), bytes);
    }
    for (const char* each : {"/", "/data", log_directory})
        require(files.sync_directory(each).has_value(), "a directory cannot be synced");
}

} // namespace barnabas::fuzz
