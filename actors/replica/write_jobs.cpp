#include "actors/replica/jobs.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/model/mark.hpp"

#include <array>

/// Jobs of the write lane: append, repair, close.
namespace barnabas::replica {
namespace {

result<void> write_if_any(runtime::file_system& files, runtime::file_id file, file_position position,
                          const slice& bytes) {
    if (bytes.empty())
        return {};
    return files.write(file, position, std::span(&bytes, 1));
}

void close_all(runtime::file_system& files, const segment_files& segment) {
    files.close(segment.log);
    files.close(segment.offset_index);
    files.close(segment.time_index);
}

} // namespace

result<segment_files> create_segment_files(runtime::file_system& files, const std::string& directory,
                                           log_offset base) {
    constexpr std::array suffixes{log_suffix, offset_index_suffix, time_index_suffix};
    std::vector<scoped_file> opened;
    for (const auto suffix : suffixes) {
        auto file = open_scoped(files, segment_path(directory, base, suffix), runtime::open_mode::create);
        if (!file)
            return file.failure();
        opened.push_back(std::move(*file));
        // What a failed attempt left behind must not look like data.
        if (auto emptied = files.truncate(opened.back().id(), 0); !emptied)
            return emptied.failure();
    }
    return segment_files{opened[0].keep(), opened[1].keep(), opened[2].keep()};
}

/// Somebody else has been at the file if it is not as it was closed; then nothing is written to it.
result<void> write_job::check_size(runtime::file_system& files) const {
    if (!size_before)
        return {};
    auto size = files.size(lane->files.log);
    if (!size)
        return size.failure();
    if (BARNABAS_MARK_IF(*size != *size_before, closed_log_has_changed))
        return error{
            errc::corrupt_message,
            "the newest .log in " + directory + " has " + std::to_string(*size) + " bytes, but had " +
                std::to_string(*size_before) +
                " when it was closed. Nothing is written to it; restart the broker, which then looks "
                "at all of it"};
    return {};
}

void write_job::run(runtime::file_system& files) {
    if (BARNABAS_MARK_IF(lane->failure, write_behind_failed_write)) {
        outcome = *lane->failure;
        return;
    }
    bool begun = false;
    const auto steps = [&]() -> result<void> {
        if (auto same = check_size(files); !same)
            return same;
        if (rolls) {
            if (auto closed =
                    write_if_any(files, lane->files.time_index, closing_time_position, closing_time_entry);
                !closed)
                return closed;
            auto created = create_segment_files(files, directory, segment_base);
            if (!created)
                return created.failure();
            lane->files = *created;
        }
        if (batches.empty())
            return {};
        begun = true;
        if (auto written = files.write(lane->files.log, log_position, batches); !written)
            return written;
        if (auto written = write_if_any(files, lane->files.offset_index, offset_position, offset_entries);
            !written)
            return written;
        if (auto written = write_if_any(files, lane->files.time_index, time_position, time_entries); !written)
            return written;
        if (transaction_entries.empty())
            return {};
        return write_transaction_entries(
            files, segment_path(directory, transaction_segment, transaction_index_suffix),
            transaction_position, transaction_entries);
    };
    outcome = steps();
    // Whoever is told that this was refused must not find it after a kill.
    if (BARNABAS_MARK_IF(!outcome && begun, refused_batch_cut_off))
        if (auto cut = files.truncate(lane->files.log, log_position.get()); !cut && !is_scarce(cut.code()))
            outcome = cut;
    written_to = lane->files;
    if (!outcome)
        lane->failure = outcome.failure();
}

void repair_job::run(runtime::file_system& files) {
    if (lane->files != good_files)
        close_all(files, lane->files);
    lane->files = good_files;
    const auto steps = [&]() -> result<void> {
        for (const auto base : remove_segments)
            for (const auto suffix :
                 {log_suffix, offset_index_suffix, time_index_suffix, transaction_index_suffix})
                if (auto removed = remove_if_present(files, segment_path(directory, base, suffix)); !removed)
                    return removed;
        if (auto cut = files.truncate(good_files.log, log_size); !cut)
            return cut;
        if (auto cut = files.truncate(good_files.offset_index, offset_index_size); !cut)
            return cut;
        if (auto cut = files.truncate(good_files.time_index, time_index_size); !cut)
            return cut;
        if (auto cut = cut_transaction_index(
                files, segment_path(directory, segment, transaction_index_suffix), transaction_index_size);
            !cut)
            return cut;
        const std::array ids{good_files.log, good_files.offset_index, good_files.time_index};
        if (auto synced = files.sync(ids); !synced)
            return synced;
        return files.sync_directory(directory);
    };
    outcome = steps();
    if (outcome)
        lane->failure.reset();
}

void close_job::run(runtime::file_system& files) {
    const auto flush_all = [&]() -> result<void> {
        if (auto written =
                write_if_any(files, open_files.time_index, closing_time_position, closing_time_entry);
            !written)
            return written;
        std::vector<runtime::file_id> all;
        for (const auto& segment : rolled_files)
            all.insert(all.end(), {segment.log, segment.offset_index, segment.time_index});
        all.insert(all.end(), {open_files.log, open_files.offset_index, open_files.time_index});
        all.insert(all.end(), left_files.begin(), left_files.end());
        if (auto synced = files.sync(all); !synced)
            return synced;
        if (auto synced = sync_transaction_indexes(files, directory, transaction_indexes); !synced)
            return synced;
        if (auto synced = files.sync_directory(directory); !synced)
            return synced;
        if (auto replaced =
                replace_small_file(files, directory, epoch_checkpoint_name, slice::copy_of(epoch_checkpoint));
            !replaced)
            return replaced;
        const auto name = segment_file_name(snapshot_offset, snapshot_suffix);
        if (auto replaced = replace_small_file(files, directory, name, snapshot); !replaced)
            return replaced;
        if (replaced_snapshot.get() >= 0)
            return remove_if_present(files, segment_path(directory, replaced_snapshot, snapshot_suffix));
        return {};
    };
    outcome = not_flushed ? result<void>(*not_flushed) : untouched ? result<void>() : flush_all();
    // What a lack of room left unfinished and nobody has repaired.
    if (not_flushed && is_scarce(not_flushed->code)) {
        static_cast<void>(files.truncate(open_files.log, log_size));
        if (lane->files != open_files)
            static_cast<void>(files.truncate(lane->files.log, 0));
    }
    // A failed roll that was never repaired left its files open.
    if (BARNABAS_MARK_IF(lane->files != open_files, closed_with_failed_roll))
        close_all(files, lane->files);
    for (const auto& segment : rolled_files)
        close_all(files, segment);
    for (const auto file : left_files)
        files.close(file);
    close_all(files, open_files);
}

} // namespace barnabas::replica
