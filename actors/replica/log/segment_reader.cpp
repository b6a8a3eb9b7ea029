#include "actors/replica/log/segment_reader.hpp"

#include "actors/replica/log/time_index.hpp"
#include "protocol/model/mark.hpp"

namespace barnabas::replica {

result<segment_reader> segment_reader::open(runtime::file_system& files, const std::string& directory,
                                            const readable_segment& segment) {
    segment_reader reader(files, directory, segment);
    if (segment.files) {
        reader.log_ = segment.files->log;
        return reader;
    }
    const auto path = segment_path(directory, segment.base_offset, log_suffix);
    auto opened = open_scoped(files, path, runtime::open_mode::read_only);
    if (opened.code() == errc::not_found)
        return error{errc::offset_out_of_range, path + " has been deleted"};
    if (!opened)
        return opened.failure();
    reader.own_log_.emplace(std::move(*opened));
    reader.log_ = reader.own_log_->id();
    if (!segment.may_be_replaced)
        return reader;
    auto size = files.size(reader.log_);
    if (!size)
        return size.failure();
    if (*size != segment.size)
        return error{errc::offset_out_of_range, path + " has been replaced by compaction"};
    return reader;
}

result<std::optional<runtime::file_id>> segment_reader::index(std::optional<scoped_file>& slot,
                                                              std::string_view suffix) {
    if (slot)
        return std::optional(slot->id());
    auto opened = open_scoped(*files_, segment_path(directory_, segment_.base_offset, suffix),
                              runtime::open_mode::read_only);
    if (opened.code() == errc::not_found)
        return std::optional<runtime::file_id>{};
    if (!opened)
        return opened.failure();
    slot.emplace(std::move(*opened));
    return std::optional(slot->id());
}

result<file_position> segment_reader::position_before(log_offset offset) {
    auto start = start_before(offset);
    return start ? result<file_position>(start->position) : result<file_position>(start.failure());
}

result<indexed_position> segment_reader::start_before(log_offset offset) {
    auto file = segment_.files ? result(std::optional(segment_.files->offset_index))
                               : index(own_offset_index_, offset_index_suffix);
    if (!file)
        return file.failure();
    if (!*file)
        return begin();
    auto found = look_up_position(*files_, **file, {segment_.base_offset, segment_.size}, offset);
    if (!found)
        return found.failure();
    // That of the active segment may have grown since the machine looked.
    if (BARNABAS_MARK_IF(!found->in_order && !segment_.files, offset_index_out_of_order))
        note_astray();
    return found;
}

/// An index that leads astray costs time, never an answer. Looking for the batch begins one entry early, so
/// that an entry which names a later batch of the same time is found out by what lies before.
result<file_position> segment_reader::position_of(const std::optional<time_point>& entry) {
    if (!entry)
        return file_position(0);
    if (trusts_time_index_)
        return position_before(entry->offset);
    auto hint = position_before(entry->offset - 1);
    if (!hint)
        return hint;
    auto confirmed = confirm_time_entry(*files_, log_, segment_.size, *hint, *entry);
    if (!confirmed)
        return confirmed.failure();
    if (BARNABAS_MARK_IF(!*confirmed, time_entry_wrong)) {
        note_astray();
        return file_position(0);
    }
    return **confirmed;
}

result<found_time_entry> segment_reader::time_entry(const time_search& find) {
    auto file = segment_.files ? result(std::optional(segment_.files->time_index))
                               : index(own_time_index_, time_index_suffix);
    if (!file)
        return file.failure();
    if (!*file)
        return found_time_entry{};
    auto found = find(**file);
    if (found && !trusts_time_index_ && BARNABAS_MARK_IF(!found->in_order, time_index_out_of_order)) {
        note_astray();
        return found_time_entry{};
    }
    return found;
}

result<file_position> segment_reader::position_before(timestamp_ms timestamp) {
    auto found = time_entry([&](runtime::file_id index) {
        return find_entry_before(*files_, index, segment_.base_offset, timestamp);
    });
    return found ? position_of(found->entry) : found.failure();
}

/// The entry before says as little of what comes behind it, and of two batches of the largest time the first
/// one counts: an entry that names the other would hide it.
result<file_position> segment_reader::position_of_largest(log_offset upto) {
    auto found = time_entry([&](runtime::file_id index) {
        return find_entry_of_largest(*files_, index, segment_.base_offset, upto);
    });
    if (!found)
        return found.failure();
    return position_of(trusts_time_index_ ? found->entry : found->before);
}

} // namespace barnabas::replica
