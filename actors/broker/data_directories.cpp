#include "actors/broker/data_directories.hpp"

#include "actors/broker/moving/interrupted_moves.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/broker/stored_partitions.hpp"
#include "actors/controller/metadata_log.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/random/random.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace barnabas {

namespace {

error cannot_use(const std::string& path, const error& why) {
    switch (why.code) {
    case errc::locked:
        return {errc::locked, "another broker uses the data directory " + path + " (" + why.detail +
                                  "): stop that one first, or give log.dirs another directory"};
    case errc::read_only:
        return {errc::read_only, "the data directory " + path + " is read-only (" + why.detail +
                                     "): make it writable, or give log.dirs another directory"};
    case errc::access_denied:
        return {errc::access_denied,
                "the data directory " + path + " cannot be used (" + why.detail +
                    "): give this user the right to write there, or give log.dirs another directory"};
    case errc::disk_full:
        return {errc::disk_full, "the disk of the data directory " + path + " is full (" + why.detail + ")"};
    default: return {errc::storage_error, "the data directory " + path + " cannot be used: " + why.detail};
    }
}

/// The entries of the directory, which is made if it is not there.
result<std::vector<runtime::directory_entry>> list_or_make(runtime::file_system& files,
                                                           const std::string& path) {
    auto entries = files.list(path);
    const auto is_identity = [](const runtime::directory_entry& one) { return one.name == identity_file; };
    const bool formatted = entries && std::ranges::any_of(*entries, is_identity);
    if (formatted || (!entries && entries.code() != errc::not_found))
        return entries;
    // Also when it is there: whoever made it may have been interrupted before its name was stable.
    if (auto made = make_durably(files, path); !made)
        return made.failure();
    return entries ? std::move(entries) : files.list(path);
}

bool lies_in_unopened(const runtime::directory_entry& one) {
    return one.name == identity_file || one.name == lock_file || one.name == "lost+found" ||
           one.name == std::string(identity_file) + ".tmp";
}

/// A directory without `meta.properties` is formatted only if nothing in it can belong to somebody else.
result<void> check_entries(const std::string& path, const std::vector<runtime::directory_entry>& entries) {
    const runtime::directory_entry* foreign = nullptr;
    for (const auto& entry : entries) {
        if (entry.name == identity_file)
            return {};
        if (!lies_in_unopened(entry) && (foreign == nullptr || entry.name < foreign->name))
            foreign = &entry;
    }
    if (foreign == nullptr)
        return {};
    return error{
        errc::mismatched_directory,
        "the data directory " + path + " is not empty (it holds '" + foreign->name +
            "') and has no meta.properties, so it is not a broker's: give log.dirs an empty directory"};
}

std::optional<std::int32_t> parse_number(std::string_view text) {
    std::int32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

result<directory_identity> parse_identity(const std::string& path, const std::string& text) {
    const auto damaged = [&path](const std::string& why) {
        return error{errc::mismatched_directory, join_path(path, identity_file) + " " + why +
                                                     ": restore it, or give log.dirs another directory"};
    };
    const auto checked = checked_text(text);
    if (!checked)
        return damaged(checked.failure().detail + " (or take the checksum off, if you changed the file)");
    auto values = parse_lines(*checked, '=');
    if (values["version"] == "0")
        return error{
            errc::mismatched_directory,
            "the data directory " + path + " was written by an Apache Kafka with ZooKeeper (broker.id=" +
                values["broker.id"] + ", cluster.id=" + values["cluster.id"] +
                "), so its topics are not described in it: import it into an empty data directory with "
                "'barnabas import', or give log.dirs another directory"};
    if (values["version"] != "1")
        return damaged("has version '" + values["version"] + "', but only version 1 can be read");
    auto node = parse_number(values["node.id"]);
    if (!node)
        return damaged("has no node.id");
    if (values["cluster.id"].empty())
        return damaged("has no cluster.id");
    // Who knows no such ids writes none. One that is damaged must not get another in its place.
    auto directory = parse_uuid(values["directory.id"]);
    if (!directory && !values["directory.id"].empty())
        return damaged("has a directory.id that is none");
    return directory_identity{values["cluster.id"], node_id(*node), directory};
}

/// What the directory says it belongs to; absent when it is to be formatted.
result<std::optional<directory_identity>> read_identity(runtime::file_system& files,
                                                        const std::string& path) {
    auto text = read_small_file(files, join_path(path, identity_file));
    if (!text) {
        if (text.code() == errc::not_found)
            return std::optional<directory_identity>();
        return cannot_use(path, text.failure());
    }
    auto parsed = parse_identity(path, *text);
    if (!parsed)
        return parsed.failure();
    return std::optional<directory_identity>(std::move(*parsed));
}

/// Absent when the text is not ours.
std::optional<log_offset> parse_created(std::string_view file) {
    constexpr std::string_view head = "0\n";
    const auto checked = checked_text(file);
    if (!checked)
        return std::nullopt;
    auto text = *checked;
    if (!text.starts_with(head) || !text.ends_with('\n'))
        return std::nullopt;
    text = text.substr(head.size(), text.size() - head.size() - 1);
    std::int64_t offset = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), offset);
    const bool whole = failure == std::errc() && end == text.data() + text.size() && offset >= 0;
    return whole ? std::optional(log_offset(offset)) : std::nullopt;
}

/// The steps of `open_data_directories`, with what they know of each other.
class opening {
public:
    opening(runtime::file_system& files, const data_directory_options& options)
        : files_(files), options_(options), ids_(runtime::random(options.seed).split("data directories")) {}

    result<opened_directories> run() {
        opened_.metadata_directory = options_.metadata_directory;
        auto done = lock_all();
        for (auto step : {&opening::agree_on_cluster, &opening::settle_moves, &opening::format_and_list,
                          &opening::find_usable, &opening::find_metadata_log, &opening::find_created,
                          &opening::settle_twins, &opening::find_usable})
            if (done)
                done = (this->*step)();
        if (done)
            return std::move(opened_);
        for (const auto& directory : opened_.directories)
            if (!directory.offline)
                files_.close(directory.lock);
        return done.failure();
    }

private:
    /// The broker goes on without a directory that the system refuses, unless it is the metadata log's.
    result<void> refused(data_directory& directory, const error& why) {
        const bool by_system = why.code == errc::storage_error || why.code == errc::read_only ||
                               why.code == errc::access_denied || why.code == errc::disk_full;
        if (!by_system)
            return why;
        if (directory.path == options_.metadata_directory)
            return error{errc::no_usable_directory,
                         why.detail + "; it holds the metadata log, without which no broker can run"};
        BARNABAS_MARK(directory_offline_at_start);
        directory.offline = why;
        directory.partitions.clear();
        directory.futures.clear();
        directory.discarded.clear();
        directory.journal = nullptr;
        directory.checkpoints = {};
        return {};
    }

    result<void> lock_all() {
        std::set<std::string> seen;
        for (const auto& path : options_.directories) {
            if (!seen.insert(path).second)
                return error{errc::invalid_config, "log.dirs names the directory " + path + " twice"};
            if (auto locked = lock_one(path); !locked)
                return locked;
        }
        if (seen.contains(options_.metadata_directory))
            return {};
        auto locked = lock_one(options_.metadata_directory);
        if (locked)
            opened_.directories.back().holds_partitions = false;
        return locked;
    }

    result<void> lock_one(const std::string& path) {
        auto& directory = opened_.directories.emplace_back();
        identities_.emplace_back();
        directory.path = path;
        directory.cordoned = std::ranges::find(options_.cordoned, path) != options_.cordoned.end();
        auto identity = take_lock(directory);
        if (!identity)
            return refused(directory, identity.failure());
        identities_.back() = std::move(*identity);
        return {};
    }

    /// Read under its lock, since a broker beside us formats under it. No lock is held after an error.
    result<std::optional<directory_identity>> take_lock(data_directory& directory) {
        const auto& path = directory.path;
        auto entries = list_or_make(files_, path);
        if (!entries)
            return cannot_use(path, entries.failure());
        if (auto fit = check_entries(path, *entries); !fit)
            return fit.failure();
        directory.was_stopped_cleanly = std::all_of(entries->begin(), entries->end(), lies_in_unopened);
        auto lock = files_.lock(join_path(path, lock_file));
        if (!lock)
            return cannot_use(path, lock.failure());
        auto found = read_identity(files_, path);
        // Nobody has made a name there since, so that of the file may not be stable yet.
        if (found && *found && directory.was_stopped_cleanly)
            if (auto synced = files_.sync_directory(path); !synced)
                found = cannot_use(path, synced.failure());
        if (found)
            directory.lock = *lock;
        else
            files_.close(*lock);
        return found;
    }

    result<void> agree_on_cluster() {
        const data_directory* first = nullptr;
        for (std::size_t i = 0; i < identities_.size(); ++i) {
            const auto& found = identities_[i];
            const auto& directory = opened_.directories[i];
            if (!found)
                continue;
            const bool foreign = found->node != options_.node && !options_.planted.foreign_disk_taken;
            if (foreign)
                return error{errc::mismatched_directory,
                             "the data directory " + directory.path +
                                 " belongs to the broker with node.id=" + std::to_string(found->node.get()) +
                                 ", but this broker has node.id=" + std::to_string(options_.node.get()) +
                                 ": set node.id to the former, or give log.dirs another directory"};
            if (first != nullptr && found->cluster_id != opened_.cluster_id)
                return error{errc::mismatched_directory,
                             "the data directories belong to different clusters: " + first->path +
                                 " has cluster.id=" + opened_.cluster_id + " and " + directory.path +
                                 " has cluster.id=" + found->cluster_id +
                                 ": leave only those of one cluster in log.dirs"};
            if (first == nullptr) {
                first = &directory;
                opened_.cluster_id = found->cluster_id;
            }
        }
        if (first == nullptr)
            opened_.cluster_id =
                options_.cluster_id.empty() ? to_string(draw_uuid(ids_)) : options_.cluster_id;
        return {};
    }

    result<void> settle_moves() {
        const auto failures = barnabas::settle_moves(files_, opened_.directories);
        for (std::size_t i = 0; i < failures.size(); ++i)
            if (failures[i])
                if (auto left = refused_locked(opened_.directories[i],
                                               cannot_use(opened_.directories[i].path, *failures[i]));
                    !left)
                    return left;
        return {};
    }

    result<void> format_and_list() {
        for (std::size_t i = 0; i < identities_.size(); ++i) {
            auto& directory = opened_.directories[i];
            if (directory.offline)
                continue;
            if (auto done = format_and_list_one(directory, identities_[i]); !done)
                if (auto left = refused_locked(directory, cannot_use(directory.path, done.failure())); !left)
                    return left;
        }
        return {};
    }

    result<void> format_and_list_one(data_directory& directory, std::optional<directory_identity>& found) {
        directory.formatted = !found.has_value();
        if (!found)
            found = directory_identity{opened_.cluster_id, options_.node, std::nullopt};
        if (!found->directory) {
            found->directory = draw_uuid(ids_);
            if (auto written = write_identity(files_, directory.path, *found); !written)
                return written;
        }
        directory.id = *found->directory;
        auto clean = take_clean_stop(files_, directory.path, options_.planted);
        if (!clean)
            return clean.failure();
        directory.was_stopped_cleanly |= clean->marked;
        std::vector<std::string> fragments;
        auto partitions = list_partitions(files_, directory.path, !clean->marked, clean->logs, &fragments);
        if (!partitions)
            return partitions.failure();
        remove_unused_fragments(files_, directory.path, fragments);
        if (!directory.holds_partitions)
            return {};
        directory.partitions = std::move(*partitions);
        auto journal = journal::read_journal(files_, directory.path);
        if (!journal)
            return journal.failure();
        directory.journal = std::make_shared<journal::found_journal>(std::move(*journal));
        return take_checkpoints(directory);
    }

    result<void> take_checkpoints(data_directory& directory) {
        auto found = read_checkpoints(files_, directory.path);
        if (!found)
            return found.failure();
        auto lines = std::exchange(found->offsets, {});
        for (auto& partition : directory.partitions) {
            const auto line = lines.find({partition.topic, partition.index});
            if (line == lines.end())
                continue;
            partition.checkpointed = line->second;
            found->offsets.insert(lines.extract(line));
        }
        // A line without a directory must not be taken for one of a later partition of that name.
        for (const auto& [name, offsets] : lines)
            found->without_partition.push_back(name);
        directory.checkpoints = std::move(*found);
        return {};
    }

    result<void> find_usable() {
        std::string reasons;
        for (const auto& directory : opened_.directories) {
            if (directory.holds_partitions && !directory.offline)
                return {};
            if (directory.offline)
                reasons += "; " + directory.offline->detail;
        }
        return error{errc::no_usable_directory, "none of log.dirs can be used" + reasons};
    }

    result<void> settle_twins() {
        return barnabas::settle_twins(files_, opened_.directories, [this](auto& directory, const error& why) {
            return refused_locked(directory, cannot_use(directory.path, why));
        });
    }

    /// Of one whose lock we have.
    result<void> refused_locked(data_directory& directory, const error& why) {
        files_.close(directory.lock);
        auto left = refused(directory, why);
        // Whoever ends closes what is not offline.
        if (!left)
            directory.offline = left.failure();
        return left;
    }

    /// A new cluster begins with nothing made, and says so at once: a start without one of its directories
    /// could not tell this from a cluster of an earlier version, which never said.
    result<void> find_created() {
        const auto& home = options_.metadata_directory;
        auto text = read_small_file(files_, join_path(home, created_file));
        if (text) {
            opened_.created_upto = parse_created(*text);
            // Then everything that is known counts as made: what is missing may have been.
            if (BARNABAS_MARK_IF(!opened_.created_upto, created_partitions_damaged))
                opened_.created_upto = log_offset(std::numeric_limits<std::int64_t>::max());
            return {};
        }
        auto has_log = files_.exists(join_path(home, metadata_log_directory));
        if (text.code() != errc::not_found || !has_log)
            return cannot_use(home, has_log ? text.failure() : has_log.failure());
        if (BARNABAS_MARK_IF(*has_log, created_partitions_not_known))
            return {};
        opened_.created_upto = log_offset(0);
        auto recorded = record_created(files_, home, log_offset(0));
        return recorded ? recorded : result<void>(cannot_use(home, recorded.failure()));
    }

    /// Partitions without the metadata log that knows them would be taken for nobody's, and their topics made
    /// anew.
    result<void> find_metadata_log() {
        auto there = files_.exists(join_path(options_.metadata_directory, metadata_log_directory));
        if (!there)
            return there.failure();
        if (*there)
            return {};
        for (const auto& directory : opened_.directories) {
            auto found = files_.exists(join_path(directory.path, metadata_log_directory));
            if (found && *found)
                return error{errc::mismatched_directory,
                             "the metadata log lies in " + directory.path +
                                 ", but this broker looks for it in " + options_.metadata_directory +
                                 ": name " + directory.path +
                                 " first in log.dirs, or set metadata.log.dir to it"};
        }
        for (const auto& directory : opened_.directories)
            if (!directory.partitions.empty())
                return error{errc::mismatched_directory,
                             "the data directory " + directory.path +
                                 " holds partitions, but the metadata log that knows them is not in " +
                                 options_.metadata_directory + ": restore its directory " +
                                 metadata_log_directory +
                                 " there, or move the partitions away to start with nothing"};
        return {};
    }

    runtime::file_system& files_;
    const data_directory_options& options_;
    runtime::random ids_;
    opened_directories opened_;
    /// Beside `opened_.directories`.
    std::vector<std::optional<directory_identity>> identities_;
};

} // namespace

uuid draw_uuid(runtime::random& ids) {
    while (true) {
        uuid id;
        for (auto& byte : id.bytes)
            byte = static_cast<std::uint8_t>(ids.next() >> 56);
        id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
        // A text that begins with '-' would be an option on command lines.
        if (to_string(id).front() != '-')
            return id;
    }
}

result<void> write_identity(runtime::file_system& files, const std::string& path,
                            const directory_identity& value) {
    return write_small_file(files, path, identity_file,
                            with_checksum("version=1\ncluster.id=" + value.cluster_id +
                                          "\nnode.id=" + std::to_string(value.node.get()) +
                                          "\ndirectory.id=" + to_string(*value.directory) + "\n"));
}

result<void> check_unused(runtime::file_system& files, const std::string& path) {
    const auto entries = files.list(path);
    if (!entries)
        return entries.code() == errc::not_found ? result<void>() : result<void>(entries.failure());
    for (const auto& entry : *entries)
        if (entry.name == identity_file)
            return error{errc::mismatched_directory,
                         "the data directory " + path + " is a broker's already: give log.dirs an empty one"};
    return check_entries(path, *entries);
}

result<opened_directories> open_data_directories(runtime::file_system& files,
                                                 const data_directory_options& options) {
    BARNABAS_ASSERT(!options.directories.empty());
    BARNABAS_ASSERT(!options.metadata_directory.empty());
    return opening(files, options).run();
}

result<void> close_data_directories(runtime::file_system& files, const opened_directories& opened,
                                    bool clean) {
    result<void> outcome;
    for (const auto& directory : opened.directories) {
        if (directory.offline)
            continue;
        if (clean && !directory.unflushed) {
            auto marked =
                directory.holds_partitions ? journal::remove_journal(files, directory.path) : result<void>();
            if (marked)
                marked = leave_clean_stop(files, directory.path, directory.closed);
            if (!marked && outcome)
                outcome = cannot_use(directory.path, marked.failure());
        }
        files.close(directory.lock);
    }
    return outcome;
}

result<void> record_created(runtime::file_system& files, const std::string& metadata_directory,
                            log_offset upto) {
    return write_small_file(files, metadata_directory, created_file,
                            with_checksum("0\n" + std::to_string(upto.get()) + "\n"));
}

} // namespace barnabas
