#include "actors/replica/compaction/cleaned_segment.hpp"

#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/crc32c.hpp"

#include <array>
#include <limits>

namespace barnabas::replica {

result<cleaned_segment> cleaned_segment::create(runtime::file_system& files, const place& where) {
    cleaned_segment made(where);
    constexpr std::array suffixes{log_suffix, offset_index_suffix, time_index_suffix};
    std::vector<scoped_file> opened;
    for (const auto suffix : suffixes) {
        auto file = open_scoped(files, made.path(suffix), runtime::open_mode::create);
        if (!file)
            return file.failure();
        opened.push_back(std::move(*file));
        if (auto emptied = files.truncate(opened.back().id(), 0); !emptied)
            return emptied.failure();
    }
    if (auto removed = remove_if_present(files, made.path(transaction_index_suffix)); !removed)
        return removed.failure();
    made.open_ = segment_files{opened[0].keep(), opened[1].keep(), opened[2].keep()};
    return made;
}

std::string cleaned_segment::path(std::string_view suffix) const {
    return segment_path(where_.directory, where_.base, suffix) + std::string(cleaned_suffix);
}

void cleaned_segment::count(const batch::batch_header& header) {
    index_batch(state_, header, where_.index_interval_bytes, growth_);
    pending_bytes_ += header.total_size();
}

void cleaned_segment::add_whole(const batch::batch_view& batch, const batch_stream& from) {
    count(batch.header);
    if (last_is_whole_)
        if (auto both = from.joined(parts_.back(), batch.bytes)) {
            parts_.back() = std::move(*both);
            return;
        }
    parts_.push_back(batch.bytes);
    last_is_whole_ = true;
}

void cleaned_segment::add(const batch::batch_view& batch) {
    count(batch.header);
    parts_.push_back(batch.bytes);
    last_is_whole_ = false;
}

result<void> cleaned_segment::flush(runtime::file_system& files) {
    if (state_.size > std::numeric_limits<std::int32_t>::max())
        return error{errc::storage_error, path(log_suffix) + " would grow beyond 2 GiB"};
    last_is_whole_ = false;
    pending_bytes_ = 0;
    if (!parts_.empty())
        if (auto written = files.write(open_->log, file_position(written_), parts_); !written)
            return written;
    written_ = state_.size;
    parts_.clear();
    const auto put = [&](runtime::file_id file, std::uint64_t& at,
                         std::vector<std::byte>& entries) -> result<void> {
        if (entries.empty())
            return {};
        const auto bytes = slice::copy_of(entries);
        entries.clear();
        at += bytes.size();
        return files.write(file, file_position(at - bytes.size()), std::span(&bytes, 1));
    };
    if (auto written = put(open_->offset_index, offset_written_, growth_.offset_entries); !written)
        return written;
    return put(open_->time_index, time_written_, growth_.time_entries);
}

result<void> cleaned_segment::finish(runtime::file_system& files) {
    growth_.time_entries = [&] {
        auto entries = std::move(growth_.time_entries);
        const auto last = closing_time_entry(state_);
        entries.insert(entries.end(), last.begin(), last.end());
        return entries;
    }();
    const auto steps = [&]() -> result<void> {
        if (auto flushed = flush(files); !flushed)
            return flushed;
        const std::array ids{open_->log, open_->offset_index, open_->time_index};
        if (auto synced = files.sync(ids); !synced)
            return synced;
        return write_transactions(files);
    };
    auto done = steps();
    close(files);
    return done;
}

result<void> cleaned_segment::write_transactions(runtime::file_system& files) {
    state_.transaction_index_size = transactions_.size();
    state_.transaction_index_crc = batch::crc32c(transactions_);
    if (transactions_.empty() && !replaces_transactions_)
        return {};
    auto file = open_scoped(files, path(transaction_index_suffix), runtime::open_mode::create);
    if (!file)
        return file.failure();
    const auto bytes = slice::copy_of(transactions_);
    if (!bytes.empty())
        if (auto written = files.write(file->id(), file_position(0), std::span(&bytes, 1)); !written)
            return written;
    const std::array ids{file->id()};
    return files.sync(ids);
}

void cleaned_segment::close(runtime::file_system& files) {
    if (!open_)
        return;
    for (const auto file : {open_->log, open_->offset_index, open_->time_index})
        files.close(file);
    open_.reset();
}

void cleaned_segment::discard(runtime::file_system& files) {
    close(files);
    remove(files, where_);
}

void cleaned_segment::remove(runtime::file_system& files, const place& where) {
    const cleaned_segment gone(where);
    for (const auto suffix : replaced_suffixes)
        static_cast<void>(remove_if_present(files, gone.path(suffix)));
}

} // namespace barnabas::replica
