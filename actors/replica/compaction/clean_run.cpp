#include "actors/replica/compaction/clean_run.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

/// What a look at a header alone costs, for the budget of a step.
constexpr std::uint64_t header_cost = 4096;
constexpr std::size_t pending_bytes_max = 1 << 20;

void spend(std::uint64_t& left, std::uint64_t bytes) {
    left -= std::min(left, bytes);
}

} // namespace

clean_run::clean_run(clean_task task)
    : task_(std::move(task)), map_end_(task_.dirty_from), last_of_producers_(task_.producers) {
    BARNABAS_ASSERT(!task_.segments.empty());
    BARNABAS_ASSERT(task_.dirty_from < task_.upto);
}

result<void> clean_run::step(runtime::file_system& files, std::uint64_t bytes) {
    left_ = bytes;
    while (left_ > 0 && phase_ != phase::done && !group_)
        if (auto advanced = advance(files); !advanced)
            return advanced;
    if (target_ && target_->pending_bytes() > 0)
        return target_->flush(files);
    return {};
}

result<void> clean_run::advance(runtime::file_system& files) {
    switch (phase_) {
    case phase::prepare: return prepare(files);
    case phase::map: return map_some(files);
    case phase::find_markers: return find_markers(files);
    case phase::copy: return copy_some(files);
    case phase::done: break;
    }
    return {};
}

log_offset clean_run::behind(std::size_t segment) const {
    return segment + 1 < task_.segments.size() ? task_.segments[segment + 1].base_offset : task_.upto;
}

result<void> clean_run::prepare(runtime::file_system& files) {
    auto map = task_.map;
    map.keys_max = static_cast<std::uint64_t>(task_.upto - task_.dirty_from);
    map_.emplace(map);
    counts_.map_bytes = map_->bytes();
    if (map_->capacity() == 0)
        return error{errc::internal, "there is no memory for the keys of a compaction"};
    for (const auto& segment : task_.segments) {
        const auto path = segment_path(task_.log.directory, segment.base_offset, transaction_index_suffix);
        auto entries = read_transaction_index(files, path);
        if (!entries)
            return entries.failure();
        for (const auto& entry : *entries)
            transactions_.note(entry);
    }
    while (behind(at_) <= task_.dirty_from)
        ++at_;
    first_dirty_ = at_;
    phase_ = phase::map;
    return {};
}

// ---- the keys of the dirty part

result<void> clean_run::map_some(runtime::file_system& files) {
    if (at_ == task_.segments.size()) {
        end_map(task_.upto);
        return {};
    }
    if (!stream_)
        if (auto opened = open_source(files); !opened)
            return opened;
    auto batch = stream_->next(files);
    if (!batch)
        return batch.failure();
    if (!*batch) {
        close_source(files);
        ++at_;
        return {};
    }
    const auto& header = (*batch)->header;
    spend(left_, header.total_size());
    counts_.bytes_read += header.total_size();
    last_of_producers_.note(header);
    if (header.last_offset() < task_.dirty_from || header.is_control())
        return {};
    if (BARNABAS_MARK_IF(header.is_transactional() && !markers_known_, markers_looked_for)) {
        close_source(files);
        at_ = first_dirty_;
        phase_ = phase::find_markers;
        return {};
    }
    if (transactions_.on_data(header))
        return {};
    auto goes_on = map_batch(**batch);
    if (!goes_on)
        return goes_on.failure();
    if (!*goes_on)
        close_source(files);
    return {};
}

/// False when the map is full, and so the mapping is over.
result<bool> clean_run::map_batch(const batch::batch_view& batch) {
    auto records = batch::record_reader::open(batch, &rewriter_.workspace());
    if (!records)
        return records.failure();
    keys_.clear();
    for (;;) {
        const auto next = records->next();
        if (!next)
            return next.failure();
        const auto* record = *next;
        if (record == nullptr)
            break;
        if (record->key && record->offset >= task_.dirty_from)
            keys_.push_back({map_->hash_of(*record->key), record->offset});
    }
    for (const auto& [key, offset] : keys_) {
        if (BARNABAS_MARK_IF(!map_->put(key, offset), key_map_full)) {
            end_map(offset);
            return false;
        }
        ++counts_.records_mapped;
    }
    return true;
}

void clean_run::end_map(log_offset end) {
    map_end_ = end;
    transactions_.go_back({});
    rules_.emplace(task_.rules, mapped_range{*map_, task_.dirty_from, map_end_}, transactions_,
                   last_of_producers_);
    at_ = group_begin_ = group_end_ = 0;
    phase_ = phase::copy;
}

/// Who was aborted says the log alone: what is taken for aborted is dropped for good. Only logs that have
/// transactions are read once more for it. A transaction may have its end behind what is cleaned.
result<void> clean_run::find_markers(runtime::file_system& files) {
    if (is_behind_all_markers()) {
        close_source(files);
        markers_known_ = true;
        at_ = first_dirty_;
        phase_ = phase::map;
        return {};
    }
    if (!stream_)
        if (auto opened = open_source(files); !opened)
            return opened;
    auto batch = stream_->next(files);
    if (!batch)
        return batch.failure();
    if (!*batch) {
        close_source(files);
        ++at_;
        return {};
    }
    const auto& header = (*batch)->header;
    spend(left_, header.total_size());
    counts_.bytes_read += header.total_size();
    markers_read_upto_ = header.next_offset();
    if (header.is_control())
        marker_scan_.on_marker(**batch, transactions_);
    else if (header.base_offset < task_.upto)
        marker_scan_.on_data(header);
    return {};
}

bool clean_run::is_behind_all_markers() const {
    if (at_ < task_.segments.size())
        return false;
    const bool at_end = at_ == task_.segments.size() + task_.later.size() ||
                        read_segment().base_offset >= task_.markers_upto ||
                        markers_read_upto_ >= task_.markers_upto;
    return at_end || !marker_scan_.has_open();
}

const segment_state& clean_run::read_segment() const {
    const auto count = task_.segments.size();
    return at_ < count ? task_.segments[at_] : task_.later[at_ - count];
}

// ---- the new segments

result<void> clean_run::copy_some(runtime::file_system& files) {
    if (!in_group_)
        return begin_group();
    if (group_end_ - group_begin_ > 1 && !target_)
        return begin_writing(files);
    if (at_ == group_end_)
        return end_group(files);
    if (!stream_)
        if (auto opened = open_source(files); !opened)
            return opened;
    auto batch = stream_->next(files);
    if (!batch)
        return batch.failure();
    if (!*batch) {
        close_source(files);
        ++at_;
        return {};
    }
    spend(left_, (*batch)->header.total_size());
    counts_.bytes_read += (*batch)->header.total_size();
    return copy_batch(files, **batch);
}

result<void> clean_run::begin_group() {
    group_begin_ = at_ = group_end_;
    if (at_ == task_.segments.size() || task_.segments[at_].base_offset >= map_end_) {
        phase_ = phase::done;
        return {};
    }
    group_end_ = at_ + count_group(task_.segments, at_, task_.upto, task_.log);
    group_transactions_ = transactions_.here();
    dropped_last_.reset();
    in_group_ = true;
    return {};
}

/// From the group's beginning.
result<void> clean_run::begin_writing(runtime::file_system& files) {
    close_source(files);
    at_ = group_begin_;
    transactions_.go_back(group_transactions_);
    dropped_last_.reset();
    const cleaned_segment::place where{task_.log.directory, task_.segments[at_].base_offset,
                                       task_.log.index_interval_bytes};
    written_ = where.base;
    auto made = cleaned_segment::create(files, where);
    if (!made)
        return made.failure();
    target_.emplace(std::move(*made));
    for (auto at = group_begin_; at != group_end_; ++at)
        if (task_.segments[at].transaction_index_size > 0)
            target_->replace_transactions();
    return {};
}

result<void> clean_run::copy_batch(runtime::file_system& files, const batch::batch_view& batch) {
    auto verdict = rules_->judge(batch, kept_, rewriter_.workspace());
    if (!verdict)
        return verdict.failure();
    if (target_)
        return write_batch(files, batch, *verdict);
    return is_left_as_it_is(batch, *verdict) ? result<void>{} : begin_writing(files);
}

/// A last batch that goes stays as a header; and so it stays, if it is one. See `end_group`.
bool clean_run::is_left_as_it_is(const batch::batch_view& batch, const batch_verdict& verdict) {
    using what = batch_verdict::what;
    if (dropped_last_)
        return false;
    if (verdict.action != what::drop)
        return verdict.action == what::keep_whole;
    dropped_last_ = batch.header;
    return batch.header.record_count == 0 && rewriter_.without_records(batch.header).header == batch.header;
}

result<void> clean_run::write_batch(runtime::file_system& files, const batch::batch_view& batch,
                                    const batch_verdict& verdict) {
    using what = batch_verdict::what;
    switch (verdict.action) {
    case what::drop: dropped_last_ = batch.header; return {};
    case what::keep_whole:
        dropped_last_.reset();
        target_->add_whole(batch, *stream_);
        break;
    case what::keep_empty: keep(rewriter_.without_records(batch.header)); break;
    case what::rebuild: {
        auto rebuilt = rewriter_.rebuild(batch, kept_, verdict.delete_horizon);
        if (!rebuilt)
            return rebuilt.failure();
        keep(*rebuilt);
        break;
    }
    }
    if (batch.header.is_control())
        if (const auto entry = transactions_.entry_of(batch))
            target_->add_transaction(*entry);
    return target_->pending_bytes() >= pending_bytes_max ? target_->flush(files) : result<void>{};
}

void clean_run::keep(const batch::batch_view& batch) {
    dropped_last_.reset();
    target_->add(batch);
}

/// The last batch stays at least as a header: a segment says how far it reaches, which completes an
/// interrupted swap, and no reader meets a segment without anything in it.
result<void> clean_run::end_group(runtime::file_system& files) {
    in_group_ = false;
    if (BARNABAS_MARK_IF(!target_, segment_left_as_it_is))
        return {};
    if (BARNABAS_MARK_IF(dropped_last_.has_value(), last_of_group_kept))
        keep(rewriter_.without_records(*dropped_last_));
    const auto& first = task_.segments[group_begin_];
    const auto& last = task_.segments[group_end_ - 1];
    target_->set_times(first.created, last.closed);
    if (auto finished = target_->finish(files); !finished)
        return finished;
    cleaned_group made;
    made.replaced.assign(task_.segments.begin() + static_cast<std::ptrdiff_t>(group_begin_),
                         task_.segments.begin() + static_cast<std::ptrdiff_t>(group_end_));
    made.behind = behind(group_end_ - 1);
    made.state = target_->state();
    for (const auto& segment : made.replaced)
        counts_.bytes_before += segment.size;
    counts_.bytes_after += made.state.size;
    counts_.bytes_written += made.state.size;
    group_ = std::move(made);
    target_.reset();
    return {};
}

std::optional<cleaned_group> clean_run::take_group() {
    return std::exchange(group_, std::nullopt);
}

result<void> clean_run::open_source(runtime::file_system& files) {
    BARNABAS_ASSERT(!source_);
    const auto& segment = read_segment();
    const auto path = segment_path(task_.log.directory, segment.base_offset, log_suffix);
    auto opened = files.open(path, runtime::open_mode::read_only);
    if (!opened)
        return opened.failure();
    source_ = *opened;
    const auto unproven_max =
        static_cast<std::uint64_t>(std::max<std::int64_t>(task_.log.max_message_bytes, 0));
    stream_.emplace(batch_stream::source{*opened, segment.size, path, segment.base_offset, unproven_max},
                    task_.window_bytes);
    return {};
}

void clean_run::close_source(runtime::file_system& files) {
    stream_.reset();
    if (source_)
        files.close(*source_);
    source_.reset();
}

void clean_run::abandon(runtime::file_system& files) {
    close_source(files);
    if (target_)
        target_->discard(files);
    else if (written_)
        cleaned_segment::remove(files, {task_.log.directory, *written_});
    target_.reset();
    phase_ = phase::done;
}

} // namespace barnabas::replica
