#include "actors/importing/directory_copy.hpp"

#include "actors/broker/small_files.hpp"
#include "protocol/model/slice.hpp"

#include <algorithm>

namespace barnabas::importing {

namespace {

constexpr std::size_t window_bytes = std::size_t{1} << 20;

result<void> copy_bytes(runtime::file_system& files, runtime::file_id source, runtime::file_id target) {
    const auto size = files.size(source);
    if (!size)
        return size.failure();
    for (std::uint64_t at = 0; at < *size;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(window_bytes, *size - at));
        auto window = chunk::allocate(wanted);
        const auto count = files.read(source, file_position(at), std::span(window->data(), wanted));
        if (!count)
            return count.failure();
        if (*count == 0)
            return error{errc::storage_error, "it has become shorter while it was copied"};
        const slice part(window, 0, *count);
        if (auto written = files.write(target, file_position(at), std::span(&part, 1)); !written)
            return written;
        at += *count;
    }
    return files.sync(std::span(&target, 1));
}

result<void> copy_file(runtime::file_system& files, const std::string& from, const std::string& to) {
    const auto source = files.open(from, runtime::open_mode::read_only);
    if (!source)
        return source.failure();
    const auto target = files.open(to, runtime::open_mode::create);
    auto copied = target ? copy_bytes(files, *source, *target) : result<void>(target.failure());
    if (target)
        files.close(*target);
    files.close(*source);
    return copied ? copied : error{copied.code(), from + ": " + copied.failure().detail};
}

} // namespace

result<void> copy_directory(runtime::file_system& files, const std::string& from, const std::string& to) {
    const auto entries = files.list(from);
    if (!entries)
        return entries.failure();
    if (auto made = files.create_directory(to); !made)
        return made;
    for (const auto& entry : *entries)
        if (!entry.is_directory && !entry.name.ends_with(".deleted"))
            if (auto copied = copy_file(files, join_path(from, entry.name), join_path(to, entry.name));
                !copied)
                return copied;
    return files.sync_directory(to);
}

} // namespace barnabas::importing
