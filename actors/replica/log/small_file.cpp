#include "actors/replica/log/small_file.hpp"

#include "runtime/disk/steady_read.hpp"

#include <charconv>

namespace barnabas::replica {

result<scoped_file> open_scoped(runtime::file_system& files, const std::string& path,
                                runtime::open_mode mode) {
    auto opened = files.open(path, mode);
    if (!opened)
        return opened.failure();
    return scoped_file(files, *opened);
}

result<slice> read_small_file(runtime::file_system& files, const std::string& path, std::uint64_t bytes_max) {
    auto file = open_scoped(files, path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto size = files.size(file->id());
    if (!size)
        return size.failure();
    if (*size > bytes_max)
        return error{errc::malformed,
                     path + " has " + std::to_string(*size) + " bytes, too many to be right"};
    auto memory = chunk::allocate(*size);
    auto read = runtime::read_steadily(files, file->id(), file_position(0),
                                       std::span(memory->data(), memory->capacity()));
    if (!read)
        return read.failure();
    return slice(std::move(memory), 0, read->count);
}

result<void> replace_small_file(runtime::file_system& files, const std::string& directory,
                                std::string_view name, const slice& content, bool synced) {
    const std::string path = directory + "/" + std::string(name);
    const std::string temporary = path + std::string(temporary_suffix);
    {
        auto file = open_scoped(files, temporary, runtime::open_mode::create);
        if (!file)
            return file.failure();
        if (auto emptied = files.truncate(file->id(), 0); !emptied)
            return emptied;
        if (auto written = files.write(file->id(), file_position(0), std::span(&content, 1)); !written)
            return written;
        const auto id = file->id();
        if (auto done = synced ? files.sync(std::span(&id, 1)) : result<void>{}; !done)
            return done;
    }
    if (auto renamed = files.rename(temporary, path); !renamed)
        return renamed;
    return files.sync_directory(directory);
}

result<void> remove_if_present(runtime::file_system& files, const std::string& path) {
    auto removed = files.remove(path);
    if (!removed && removed.code() != errc::not_found)
        return removed;
    return {};
}

namespace {

std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

template <class Integer>
bool parse_number(std::string_view text, Integer& into) {
    const auto [stopped, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
    return problem == std::errc{} && stopped == text.data() + text.size();
}

} // namespace

std::string encode_epoch_checkpoint(const epoch_cache& epochs) {
    std::string text = "0\n" + std::to_string(epochs.entries().size()) + "\n";
    for (const auto& entry : epochs.entries())
        text += std::to_string(entry.epoch.get()) + " " + std::to_string(entry.start_offset.get()) + "\n";
    return text;
}

result<epoch_cache> decode_epoch_checkpoint(std::string_view text) {
    const error bad{errc::malformed, "leader-epoch-checkpoint is not in Kafka's format"};
    std::size_t count = 0;
    if (take_line(text) != "0" || !parse_number(take_line(text), count))
        return bad;
    epoch_cache epochs;
    for (std::size_t i = 0; i < count; ++i) {
        const auto line = take_line(text);
        const auto space = line.find(' ');
        std::int32_t epoch = -1;
        std::int64_t start = -1;
        if (space == std::string_view::npos || !parse_number(line.substr(0, space), epoch) ||
            !parse_number(line.substr(space + 1), start) || start < 0)
            return bad;
        if (!epochs.assign(leader_epoch(epoch), log_offset(start)))
            return bad;
    }
    return epochs;
}

std::string encode_partition_metadata(const topic_id& id) {
    return "version: 0\ntopic_id: " + to_string(id) + "\n";
}

result<topic_id> decode_partition_metadata(std::string_view text) {
    constexpr std::string_view key = "topic_id: ";
    const error bad{errc::malformed, "partition.metadata is not in Kafka's format"};
    if (take_line(text) != "version: 0")
        return bad;
    const auto line = take_line(text);
    if (line.substr(0, key.size()) != key)
        return bad;
    const auto id = parse_uuid(line.substr(key.size()));
    if (!id)
        return bad;
    return *id;
}

} // namespace barnabas::replica
