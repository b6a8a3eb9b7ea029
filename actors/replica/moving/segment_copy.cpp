#include "actors/replica/moving/segment_copy.hpp"

#include "actors/replica/jobs.hpp"

#include <utility>

namespace barnabas::replica {

result<segment_copy> segment_copy::create(runtime::file_system& files, const place& where) {
    auto made = create_segment_files(files, where.directory, where.base);
    if (!made)
        return made.failure();
    segment_copy copy(where);
    copy.open_ = {made->log, made->offset_index, made->time_index};
    return copy;
}

result<void> segment_copy::append(runtime::file_system& files, const slice& batches,
                                  std::span<const batch::batch_header> headers) {
    const auto at = state_.size;
    for (const auto& header : headers)
        index_batch(state_, header, where_.index_interval_bytes, growth_);
    BARNABAS_ASSERT(state_.size == at + batches.size());
    if (auto written = files.write(open_[0], file_position(at), std::span(&batches, 1)); !written)
        return written;
    if (auto written = put(files, open_[1], offset_written_, growth_.offset_entries); !written)
        return written;
    return put(files, open_[2], time_written_, growth_.time_entries);
}

result<void> segment_copy::complete(runtime::file_system& files) {
    growth_.time_entries = closing_time_entry(state_);
    return put(files, open_[2], time_written_, growth_.time_entries);
}

void segment_copy::close(runtime::file_system& files) {
    for (const auto file : std::exchange(open_, {}))
        files.close(file);
}

result<void> segment_copy::put(runtime::file_system& files, runtime::file_id file, std::uint64_t& at,
                               std::vector<std::byte>& entries) {
    if (entries.empty())
        return {};
    const auto bytes = slice::copy_of(entries);
    entries.clear();
    const auto from = std::exchange(at, at + bytes.size());
    return files.write(file, file_position(from), std::span(&bytes, 1));
}

} // namespace barnabas::replica
