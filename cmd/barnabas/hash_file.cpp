#include "cmd/barnabas/hash_file.hpp"

#include <cinttypes>
#include <fstream>

namespace barnabas {

result<hash_file> hash_file::open(const std::string& path, std::uint64_t lines_before) {
    std::string kept;
    std::ifstream before(path);
    std::string line;
    for (std::uint64_t i = 0; i < lines_before && std::getline(before, line) && !before.eof(); ++i)
        kept += line + "\n";
    auto* file = std::fopen(path.c_str(), "w");
    if (file == nullptr)
        return error{errc::storage_error, path + ": cannot be written"};
    hash_file made(file);
    if (std::fputs(kept.c_str(), file) < 0 || std::fflush(file) != 0)
        return error{errc::storage_error, path + ": cannot be written"};
    return made;
}

void hash_file::add(const std::string& name, std::uint64_t seed, std::uint64_t hash) {
    std::fprintf(file_.get(), "%s %" PRIu64 " %016" PRIx64 "\n", name.c_str(), seed, hash);
    std::fflush(file_.get());
}

void hash_file::add_dead(const std::string& name, std::uint64_t seed) {
    std::fprintf(file_.get(), "%s %" PRIu64 " died\n", name.c_str(), seed);
    std::fflush(file_.get());
}

} // namespace barnabas
