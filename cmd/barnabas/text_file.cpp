#include "cmd/barnabas/text_file.hpp"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace barnabas {

namespace {

/// No file that a person wrote is as large; a device may have no end.
constexpr std::size_t text_bytes_max = std::size_t{256} << 20;

error unreadable(const std::string& path, std::string why) {
    if (!why.empty())
        why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    return {errc::not_found, path + " cannot be read: " + why};
}

} // namespace

result<std::string> read_text_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
    if (!file)
        return unreadable(path, std::strerror(errno));
    std::string text;
    std::array<char, 65'536> part{};
    while (const auto bytes = std::fread(part.data(), 1, part.size(), file.get())) {
        text.append(part.data(), bytes);
        if (text.size() > text_bytes_max)
            return unreadable(path, "it has more than 256 MiB");
    }
    // A directory can be opened: reading says what it is.
    if (std::ferror(file.get()) != 0)
        return unreadable(path, std::strerror(errno));
    return text;
}

} // namespace barnabas
