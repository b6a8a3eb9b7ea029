#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

/// The plain main of a fuzz target: runs it once for every file named, and every file of every folder named.
/// The name stands on standard output before the run, so the last line names the input that ended the
/// process.
namespace {

std::vector<std::string> files_of(const std::filesystem::path& place) {
    if (!std::filesystem::is_directory(place))
        return {place.string()};
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(place)) {
        if (entry.is_regular_file())
            found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool replay(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s cannot be read\n", path.c_str());
        return false;
    }
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    // Memory of exactly this size, so that a read behind its end is one behind an allocation.
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    return true;
}

} // namespace

int main(int count, char** arguments) {
    std::size_t replayed = 0;
    for (int i = 1; i < count; ++i) {
        for (const auto& path : files_of(arguments[i])) {
            if (!replay(path))
                return 1;
            ++replayed;
        }
    }
    std::printf("%zu inputs replayed\n", replayed);
    return replayed == 0 ? 1 : 0;
}
