#include "actors/broker/checkpoint_file.hpp"

#include "actors/broker/small_files.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <charconv>
#include <optional>
#include <span>

namespace barnabas {

namespace {

/// A million partitions with names of usual length.
constexpr std::uint64_t checkpoint_bytes_max = 128 << 20;
constexpr std::string_view checksum_key = "crc32c ";

std::optional<std::string_view> take_line(std::string_view& text) {
    if (text.empty())
        return std::nullopt;
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

template <class Integer>
bool parse(std::string_view text, Integer& into, int base = 10) {
    const auto [stopped, problem] = std::from_chars(text.data(), text.data() + text.size(), into, base);
    return problem == std::errc{} && stopped == text.data() + text.size();
}

/// Nothing when the file is absent or no text of this kind.
result<std::optional<std::string>> read_text(runtime::file_system& files, const std::string& path) {
    auto text = read_small_file(files, path, checkpoint_bytes_max);
    if (text)
        return std::optional(std::move(*text));
    if (text.code() == errc::not_found || text.code() == errc::malformed)
        return std::optional<std::string>();
    return text.failure();
}

using checkpoint_lines = std::map<partition_name, log_offset>;

/// What the second copy says; nothing when it says nothing, either.
result<std::optional<checkpoint_lines>> read_copy(runtime::file_system& files, const std::string& directory,
                                                  checkpoint_kind kind) {
    auto copy = read_text(files, join_path(directory, copy_name_of(kind)));
    if (!copy)
        return copy.failure();
    if (!*copy)
        return std::optional<checkpoint_lines>();
    auto text = decode_checkpoint_copy(**copy);
    if (!text)
        return std::optional<checkpoint_lines>();
    auto decoded = decode_checkpoint(*text);
    return decoded ? std::optional(std::move(*decoded)) : std::optional<checkpoint_lines>();
}

/// One run of `read_checkpoints`.
class checkpoint_reading {
public:
    checkpoint_reading(runtime::file_system& files, const std::string& directory)
        : files_(files), directory_(directory) {}

    result<void> read(checkpoint_kind kind) {
        const auto path = join_path(directory_, file_name_of(kind));
        auto there = files_.exists(path);
        if (!there)
            return there.failure();
        if (!*there)
            return take_missing(kind, path, true);
        auto text = read_text(files_, path);
        if (!text)
            return text.failure();
        if (BARNABAS_MARK_IF(*text && (*text)->empty(), checkpoint_empty))
            return take_missing(kind, path, false);
        auto said = *text ? decode_checkpoint(**text) : error{errc::malformed, "it is too long"};
        if (!said)
            return use_instead(kind, path, said.failure());
        if (kind == checkpoint_kind::log_start)
            return take_log_starts(path, *said);
        take(kind, *said);
        return kind == checkpoint_kind::recovery_point ? confirm_recovery_points(*said) : result<void>{};
    }

    found_checkpoints found;

private:
    void take(checkpoint_kind kind, const checkpoint_lines& said) {
        for (const auto& [where, offset] : said)
            value_of(found.offsets[where], kind) = offset;
    }

    /// In the place of a file that says nothing.
    void take_copy(checkpoint_kind kind, const checkpoint_lines& copy) {
        take(kind, copy);
        if (kind == checkpoint_kind::recovery_point)
            for (const auto& [where, offset] : copy)
                found.offsets[where].own_recovery_point = offset;
    }

    /// Of what both say the smaller: another broker that had the directory meanwhile may have cut a log back,
    /// and a wrong digit may have made a line larger, or one of another partition; what is kept here is
    /// written to both again, and then both would say it.
    result<void> confirm_recovery_points(const checkpoint_lines& said) {
        auto copy = read_copy(files_, directory_, checkpoint_kind::recovery_point);
        if (!copy)
            return copy.failure();
        if (BARNABAS_MARK_IF(!*copy, recovery_points_without_copy)) {
            found.to_write.insert(checkpoint_kind::recovery_point);
            return {};
        }
        for (const auto& [where, offset] : said) {
            const auto known = (*copy)->find(where);
            const auto both = known == (*copy)->end() ? log_offset(-1) : std::min(offset, known->second);
            if (both != offset)
                found.to_write.insert(checkpoint_kind::recovery_point);
            found.offsets[where].recovery_point = found.offsets[where].own_recovery_point = both;
        }
        return {};
    }

    /// The copy is written first, so what it says of a log is never below the file's line. A line that it
    /// does not have is older: the log begins with its oldest segment again, or is gone, or another broker
    /// wrote the file. A log start that is too high would hide records that were promised; one that is too
    /// low shows deleted ones again.
    result<void> take_log_starts(const std::string& path, checkpoint_lines& said) {
        auto copy = read_copy(files_, directory_, checkpoint_kind::log_start);
        if (!copy)
            return copy.failure();
        if (!*copy)
            return take(checkpoint_kind::log_start, said), result<void>{};
        for (auto& [where, offset] : said) {
            const auto known = (*copy)->find(where);
            const bool is_there = known != (*copy)->end();
            const auto most = is_there ? known->second : log_offset(0);
            if (offset <= most)
                continue;
            const auto what = path + " lets " + where.topic + "-" + std::to_string(where.partition.get()) +
                              " begin at offset " + std::to_string(offset.get()) + ", but its copy " +
                              std::string(log_start_copy_name);
            if (BARNABAS_MARK_IF(is_there, log_start_beyond_copy))
                found.damage.push_back(what + " at " + std::to_string(most.get()) +
                                       ", which is believed: a wrong line would hide records");
            else
                found.ignored.push_back(what + " has no such line; it begins with its oldest segment");
            found.to_write.insert(checkpoint_kind::log_start);
            offset = most;
        }
        return take(checkpoint_kind::log_start, said), result<void>{};
    }

    /// Kafka makes its files empty, and first writes them when it has something to say. Who lost what
    /// promised that records are deleted has the copy. A crash between the first copy and the first file
    /// leaves the file absent, so that alone is no damage.
    result<void> take_missing(checkpoint_kind kind, const std::string& path, bool is_absent) {
        found.to_write.insert(kind);
        if (copy_name_of(kind).empty())
            return {};
        auto copy = read_copy(files_, directory_, kind);
        if (!copy)
            return copy.failure();
        const bool said_something = *copy && !(*copy)->empty();
        if (!BARNABAS_MARK_IF(said_something, checkpoint_missing_beside_copy))
            return {};
        if (!is_absent)
            return use_instead(kind, path, {errc::malformed, "it is empty"});
        return take_copy(kind, **copy), result<void>{};
    }

    result<void> use_instead(checkpoint_kind kind, const std::string& path, const error& why) {
        BARNABAS_MARK(checkpoint_damaged);
        found.to_write.insert(kind);
        std::string what = path + " is damaged (" + why.detail + ") and will be written anew; ";
        auto copy = copy_name_of(kind).empty() ? result<std::optional<checkpoint_lines>>(std::nullopt)
                                               : read_copy(files_, directory_, kind);
        if (!copy)
            return copy.failure();
        if (BARNABAS_MARK_IF(copy->has_value(), checkpoint_copy_used)) {
            take_copy(kind, **copy);
            what += "its copy " + std::string(copy_name_of(kind)) + " has taken its place";
        } else {
            what += kind == checkpoint_kind::log_start
                        ? "deleted records of segments that are still there may be read again"
                        : "the logs themselves say what it said";
        }
        found.damage.push_back(std::move(what));
        return {};
    }

    runtime::file_system& files_;
    const std::string& directory_;
};

} // namespace

std::string_view file_name_of(checkpoint_kind kind) {
    switch (kind) {
    case checkpoint_kind::recovery_point: return "recovery-point-offset-checkpoint";
    case checkpoint_kind::log_start: return "log-start-offset-checkpoint";
    case checkpoint_kind::high_watermark: return "replication-offset-checkpoint";
    case checkpoint_kind::cleaned_upto: return "cleaner-offset-checkpoint";
    }
    BARNABAS_UNREACHABLE("no such checkpoint");
}

std::string_view copy_name_of(checkpoint_kind kind) {
    switch (kind) {
    case checkpoint_kind::recovery_point: return recovery_point_copy_name;
    case checkpoint_kind::log_start: return log_start_copy_name;
    case checkpoint_kind::high_watermark:
    case checkpoint_kind::cleaned_upto: return {};
    }
    BARNABAS_UNREACHABLE("no such checkpoint");
}

log_offset& value_of(checkpointed_offsets& offsets, checkpoint_kind kind) {
    switch (kind) {
    case checkpoint_kind::recovery_point: return offsets.recovery_point;
    case checkpoint_kind::log_start: return offsets.log_start;
    case checkpoint_kind::high_watermark: return offsets.high_watermark;
    case checkpoint_kind::cleaned_upto: return offsets.cleaned_upto;
    }
    BARNABAS_UNREACHABLE("no such checkpoint");
}

log_offset value_of(const checkpointed_offsets& offsets, checkpoint_kind kind) {
    auto copy = offsets;
    return value_of(copy, kind);
}

std::string encode_checkpoint(const offsets_by_partition& offsets, checkpoint_kind kind) {
    std::string lines;
    std::size_t count = 0;
    for (const auto& [where, values] : offsets) {
        const auto offset = value_of(values, kind);
        if (offset.get() < 0)
            continue;
        ++count;
        lines += where.topic + " " + std::to_string(where.partition.get()) + " " +
                 std::to_string(offset.get()) + "\n";
    }
    return "0\n" + std::to_string(count) + "\n" + lines;
}

result<std::map<partition_name, log_offset>> decode_checkpoint(std::string_view text) {
    const auto version = take_line(text);
    if (version != "0")
        return error{errc::malformed, "it does not begin with version 0"};
    const auto count_line = take_line(text);
    std::size_t count = 0;
    if (!count_line || !parse(*count_line, count))
        return error{errc::malformed, "it has no count"};
    std::map<partition_name, log_offset> lines;
    std::size_t read = 0;
    while (const auto line = take_line(text)) {
        const auto last = line->rfind(' ');
        const auto first = line->find(' ');
        std::int32_t partition = -1;
        std::int64_t offset = -1;
        if (last == std::string_view::npos || first == 0 || first == last ||
            !parse(line->substr(first + 1, last - first - 1), partition) ||
            !parse(line->substr(last + 1), offset) || partition < 0 || offset < 0)
            return error{errc::malformed,
                         "line " + std::to_string(read + 3) + " is not 'topic partition offset'"};
        lines.insert_or_assign({std::string(line->substr(0, first)), partition_index(partition)},
                               log_offset(offset));
        ++read;
    }
    if (read != count)
        return error{errc::malformed,
                     "it has " + std::to_string(read) + " lines and counts " + std::to_string(count)};
    return lines;
}

std::string encode_checkpoint_copy(std::string_view text) {
    return std::string(text) + std::string(checksum_key) + checksum_of(text) + "\n";
}

result<std::string> decode_checkpoint_copy(std::string_view copy) {
    const auto at = copy.rfind(checksum_key);
    if (at == std::string_view::npos ||
        copy.substr(at) != std::string(checksum_key) + checksum_of(copy.substr(0, at)) + "\n")
        return error{errc::malformed, "the checksum of the copy is wrong"};
    return std::string(copy.substr(0, at));
}

result<found_checkpoints> read_checkpoints(runtime::file_system& files, const std::string& directory) {
    checkpoint_reading reading(files, directory);
    for (const auto kind : all_checkpoints)
        if (auto done = reading.read(kind); !done)
            return done.failure();
    return std::move(reading.found);
}

void checkpoint_job::run(runtime::file_system& files) {
    outcome = {};
    for (const auto& [kind, text] : texts) {
        // The copy is first: a crash in between leaves Kafka's file as it was, and nobody was promised more.
        if (const auto copy = copy_name_of(kind); outcome && !copy.empty())
            outcome = write_small_file(files, directory, std::string(copy), encode_checkpoint_copy(text),
                                       !planted_no_sync);
        if (outcome)
            outcome =
                write_small_file(files, directory, std::string(file_name_of(kind)), text, !planted_no_sync);
    }
}

} // namespace barnabas
