#include "actors/replica/log/sized_file.hpp"

#include <utility>

namespace barnabas::replica {

result<sized_file> open_sized(runtime::file_system& files, const std::string& path) {
    auto file = open_scoped(files, path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto size = files.size(file->id());
    if (!size)
        return size.failure();
    return sized_file{std::move(*file), *size};
}

} // namespace barnabas::replica
