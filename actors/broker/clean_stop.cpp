#include "actors/broker/clean_stop.hpp"

#include "actors/broker/small_files.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace barnabas {
namespace {

using batch::load_big_endian;
using batch::store_big_endian;

constexpr std::int64_t head = 0x4241524e4c4f4753; // "BARNLOGS"
constexpr std::int32_t version = 2;
constexpr std::size_t head_size = 16; // head, version, count
constexpr std::size_t crc_size = 4;
constexpr std::uint64_t file_bytes_max = std::numeric_limits<std::int32_t>::max();
constexpr std::string_view field = "\"barnabas.logs\":\"";

std::string hexadecimal(std::uint32_t number) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (int shift = 28; shift >= 0; shift -= 4)
        text += digits[(number >> shift) & 0xf];
    return text;
}

/// Kafka looks only at whether the file is there, and reads `version`.
std::string marker_of(std::uint32_t crc) {
    return "{\"version\":0," + std::string(field) + hexadecimal(crc) + "\"}\n";
}

template <class Integer>
void put(std::string& to, Integer value) {
    std::byte bytes[sizeof value];
    store_big_endian(bytes, value);
    to.append(reinterpret_cast<const char*>(bytes), sizeof value);
}

std::uint32_t crc_of(std::string_view text) {
    return batch::crc32c(std::as_bytes(std::span(text)));
}

std::string encode(const closed_logs& logs) {
    std::string text;
    put(text, head);
    put(text, version);
    put(text, static_cast<std::int32_t>(logs.size()));
    for (const auto& [name, log] : logs) {
        put(text, static_cast<std::int16_t>(name.size()));
        text += name;
        put(text, static_cast<std::int32_t>(log.size()));
        text += log.text();
    }
    put(text, static_cast<std::int32_t>(crc_of(text)));
    return text;
}

/// Nothing when it is not whole.
std::optional<closed_logs> decode(const slice& file, const std::string& marker) {
    if (file.size() < head_size + crc_size)
        return std::nullopt;
    const auto checked = file.sub(0, file.size() - crc_size);
    const auto crc = load_big_endian<std::uint32_t>(file.data() + checked.size());
    if (crc != crc_of(checked.text()) || marker != marker_of(crc) ||
        load_big_endian<std::int64_t>(file.data()) != head ||
        load_big_endian<std::int32_t>(file.data() + 8) != version)
        return std::nullopt;
    closed_logs logs;
    auto rest = checked.from(head_size);
    const auto take = [&rest](std::size_t size) {
        const auto part = rest.sub(0, std::min(size, rest.size()));
        rest = rest.from(part.size());
        return part;
    };
    while (!rest.empty()) {
        const auto name_size = take(2);
        if (name_size.size() != 2)
            return std::nullopt;
        const auto name = take(load_big_endian<std::uint16_t>(name_size.data()));
        const auto size = take(4);
        if (size.size() != 4)
            return std::nullopt;
        const auto wanted = load_big_endian<std::uint32_t>(size.data());
        const auto log = take(wanted);
        if (log.size() != wanted)
            return std::nullopt;
        logs.emplace(std::string(name.text()), log);
    }
    return logs;
}

/// As a slice, so that each log's part can be handed on without a copy.
std::optional<slice> read_whole(runtime::file_system& files, const std::string& path) {
    auto file = files.open(path, runtime::open_mode::read_only);
    if (!file)
        return std::nullopt;
    std::optional<slice> content;
    const auto size = files.size(*file);
    if (size && *size <= file_bytes_max) {
        auto memory = chunk::allocate(*size);
        const auto got = files.read(*file, file_position(0), std::span(memory->data(), memory->capacity()));
        if (got && *got == *size)
            content = slice(std::move(memory), 0, *size);
    }
    files.close(*file);
    return content;
}

result<bool> remove_if_there(runtime::file_system& files, const std::string& path) {
    auto removed = files.remove(path);
    if (removed)
        return true;
    return removed.code() == errc::not_found ? result<bool>(false) : result<bool>(removed.failure());
}

} // namespace

result<found_clean_stop> take_clean_stop(runtime::file_system& files, const std::string& path,
                                         const planted_bugs& planted) {
    const auto marker = join_path(path, clean_stop_marker);
    const auto logs = join_path(path, closed_logs_file);
    found_clean_stop found;
    // Whatever cannot be read is opened the ordinary way.
    if (const auto text = read_small_file(files, marker))
        if (const auto content = read_whole(files, logs))
            if (auto decoded = decode(*content, *text))
                found.logs = std::move(*decoded);
    if (planted.clean_stop_kept) {
        found.marked = !found.logs.empty();
        return found;
    }
    auto marked = remove_if_there(files, marker);
    if (!marked)
        return marked.failure();
    found.marked = BARNABAS_MARK_IF(*marked, stopped_cleanly);
    auto listed = remove_if_there(files, logs);
    if (!listed)
        return listed.failure();
    BARNABAS_MARK_IF(*listed && found.logs.empty(), closed_logs_without_their_marker);
    // From here on logs change, and nothing may vouch for what they were.
    if (*marked || *listed)
        if (auto synced = files.sync_directory(path); !synced)
            return synced.failure();
    return found;
}

result<void> leave_clean_stop(runtime::file_system& files, const std::string& path, const closed_logs& logs) {
    const auto text = encode(logs);
    if (text.size() > file_bytes_max)
        return write_small_file(files, path, std::string(clean_stop_marker), "{\"version\":0}\n");
    if (auto written = write_small_file(files, path, std::string(closed_logs_file), text); !written)
        return written;
    const auto crc = load_big_endian<std::uint32_t>(
        reinterpret_cast<const std::byte*>(text.data() + text.size() - crc_size));
    return write_small_file(files, path, std::string(clean_stop_marker), marker_of(crc));
}

topic_id topic_of_closed_log(const slice& log) {
    topic_id id;
    if (log.size() >= id.bytes.size())
        std::transform(log.data(), log.data() + id.bytes.size(), id.bytes.begin(),
                       [](std::byte one) { return static_cast<std::uint8_t>(one); });
    return id;
}

} // namespace barnabas
