#include "actors/broker/small_files.hpp"

#include "protocol/batch/crc32c.hpp"
#include "runtime/config/config_value.hpp"
#include "runtime/disk/steady_read.hpp"

#include <array>

namespace barnabas {

namespace {

constexpr std::string_view checksum_comment = "# crc32c ";

result<std::string> read_open(runtime::file_system& files, const std::string& path, runtime::file_id file,
                              std::uint64_t bytes_max) {
    auto size = files.size(file);
    if (!size)
        return size.failure();
    if (*size > bytes_max)
        return error{errc::malformed,
                     path + " has " + std::to_string(*size) + " bytes, far more than it should"};
    std::string text(static_cast<std::size_t>(*size), '\0');
    auto read = runtime::read_steadily(files, file, file_position(0),
                                       std::as_writable_bytes(std::span(text.data(), text.size())));
    if (!read)
        return read.failure();
    text.resize(read->count);
    return text;
}

result<void> write_open(runtime::file_system& files, runtime::file_id file, std::string_view text,
                        bool synced) {
    if (auto done = files.truncate(file, 0); !done)
        return done;
    const std::array<slice, 1> parts{slice::copy_of(text)};
    if (auto done = files.write(file, file_position(0), parts); !done)
        return done;
    const std::array<runtime::file_id, 1> written{file};
    return synced ? files.sync(written) : result<void>{};
}

} // namespace

result<std::uint64_t> size_of_file(runtime::file_system& files, const std::string& path) {
    auto file = files.open(path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto size = files.size(*file);
    files.close(*file);
    return size;
}

result<std::string> read_small_file(runtime::file_system& files, const std::string& path,
                                    std::uint64_t bytes_max) {
    auto file = files.open(path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto text = read_open(files, path, *file, bytes_max);
    files.close(*file);
    return text;
}

result<void> write_small_file(runtime::file_system& files, const std::string& directory,
                              const std::string& name, std::string_view text, bool synced) {
    const auto path = join_path(directory, name);
    const auto draft = path + ".tmp";
    auto file = files.open(draft, runtime::open_mode::create);
    if (!file)
        return file.failure();
    auto written = write_open(files, *file, text, synced);
    files.close(*file);
    if (!written)
        return written;
    if (auto renamed = files.rename(draft, path); !renamed)
        return renamed;
    return files.sync_directory(directory);
}

std::map<std::string, std::string> parse_lines(std::string_view text, char separator) {
    std::map<std::string, std::string> values;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        const auto at = line.find(separator);
        if (line.empty() || line.front() == '#' || at == std::string_view::npos)
            continue;
        values[std::string(trimmed(line.substr(0, at)))] = std::string(trimmed(line.substr(at + 1)));
    }
    return values;
}

std::string checksum_of(std::string_view text) {
    std::uint32_t sum = batch::crc32c(std::as_bytes(std::span(text.data(), text.size())));
    std::string digits(8, '0');
    for (auto at = digits.rbegin(); at != digits.rend(); ++at, sum >>= 4)
        *at = "0123456789abcdef"[sum & 15];
    return digits;
}

std::string with_checksum(std::string_view text) {
    return std::string(text) + std::string(checksum_comment) + checksum_of(text) + "\n";
}

result<std::string_view> checked_text(std::string_view text) {
    const auto at = text.rfind(checksum_comment);
    if (at == std::string_view::npos)
        return text;
    const auto checked = text.substr(0, at);
    if (text != with_checksum(checked))
        return error{errc::malformed, "does not fit its checksum"};
    return checked;
}

std::string join_path(const std::string& directory, std::string_view name) {
    std::string path = directory;
    if (!path.empty() && path.back() != '/')
        path += '/';
    return path += name;
}

std::string parent_path(const std::string& path) {
    auto end = path.find_last_not_of('/');
    if (end == std::string::npos)
        return "/";
    end = path.rfind('/', end);
    if (end == std::string::npos)
        return ".";
    const auto last = path.find_last_not_of('/', end);
    return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

result<void> make_durably(runtime::file_system& files, const std::string& path) {
    auto missing = path;
    for (auto there = result<bool>(false); !*there && missing != parent_path(missing);) {
        missing = parent_path(missing);
        there = files.exists(missing);
        if (!there)
            return there.failure();
    }
    auto done = files.create_directory(path);
    bool must = true;
    for (auto named = path; done && named != parent_path(named); named = parent_path(named)) {
        auto synced = files.sync_directory(parent_path(named));
        if (must)
            done = synced;
        // What lies further up may have been made by an interrupted start, or by others who let nobody look.
        must &= parent_path(named) != missing;
    }
    return done;
}

} // namespace barnabas
