#include "fuzz/fuzz.hpp"
#include "runtime/random/random.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// The plain main of a fuzz target: runs it once for every file named, and every file of every folder named;
/// with `--changed N` N times more with changed ones, the same in every run. What is run stands on standard
/// output before, so the last line names the input that ended the process.
namespace {

using bytes = std::vector<std::uint8_t>;

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

bool read_file(const std::string& path, bytes& into) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s cannot be read\n", path.c_str());
        return false;
    }
    into.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    return true;
}

void run(const std::string& what, const bytes& input) {
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
    // Memory of exactly this size, so that a read behind its end is one behind an allocation.
    const bytes exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

/// One change of the kinds that find most: a bit, a byte that means something, a part gone, a part twice, the
/// end of another input.
void change(bytes& input, const bytes& other, barnabas::runtime::random& draws) {
    const auto somewhere = [&] { return static_cast<std::ptrdiff_t>(draws.below(input.size() + 1)); };
    constexpr std::uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff};
    const auto kind = input.empty() ? 4 : draws.below(5);
    const auto at = draws.below(std::max<std::size_t>(input.size(), 1));
    const auto [from, to] = std::minmax(somewhere(), somewhere());
    switch (kind) {
    case 0: input[at] = static_cast<std::uint8_t>(input[at] ^ (1u << draws.below(8))); break;
    case 1: input[at] = telling[draws.below(std::size(telling))]; break;
    case 2: input.erase(input.begin() + from, input.begin() + to); break;
    case 3: {
        const bytes part(input.begin() + from, input.begin() + to);
        input.insert(input.begin() + somewhere(), part.begin(), part.end());
        break;
    }
    default: {
        const auto tail = static_cast<std::ptrdiff_t>(draws.below(other.size() + 1));
        input.resize(static_cast<std::size_t>(somewhere()));
        input.insert(input.end(), other.begin() + tail, other.end());
    }
    }
}

void run_changed(const std::vector<bytes>& inputs, std::uint64_t count) {
    constexpr std::size_t bytes_max = 4096;
    for (std::uint64_t number = 0; number < count; ++number) {
        auto draws = barnabas::runtime::random(number).split("changed input");
        bytes input = inputs[draws.below(inputs.size())];
        for (auto changes = 1 + draws.below(4); changes > 0; --changes)
            change(input, inputs[draws.below(inputs.size())], draws);
        input.resize(std::min(input.size(), bytes_max));
        run("changed " + std::to_string(number), input);
    }
}

} // namespace

int main(int count, char** arguments) {
    std::vector<bytes> inputs;
    std::uint64_t changed = 0;
    for (int i = 1; i < count; ++i) {
        if (arguments[i] == std::string_view("--changed") && i + 1 < count) {
            const std::string_view number = arguments[++i];
            std::from_chars(number.data(), number.data() + number.size(), changed);
            continue;
        }
        for (const auto& path : files_of(arguments[i])) {
            if (!read_file(path, inputs.emplace_back()))
                return 1;
            run(path, inputs.back());
        }
    }
    if (!inputs.empty())
        run_changed(inputs, changed);
    std::printf("%zu inputs replayed, %llu changed ones\n", inputs.size(),
                static_cast<unsigned long long>(changed));
    return inputs.empty() ? 1 : 0;
}
