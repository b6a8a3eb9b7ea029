#include "sim/checkers/history.hpp"

#include "protocol/model/assert.hpp"

namespace barnabas::sim {

std::string to_string(const place& where) {
    const auto name = "t" + std::to_string(where.topic) + "-" + std::to_string(where.partition);
    return where.incarnation == 0 ? name : name + " (made again: " + std::to_string(where.incarnation) + ")";
}

template <class Tell>
void history::tell(const Tell& each) {
    for (auto& listener : checkers_) {
        each(*listener);
        if (!broken_ && !listener->violation().empty())
            broken_ = broken_invariant{listener->name(), listener->violation()};
    }
}

void history::leave_out(std::string_view name) {
    std::erase_if(checkers_, [&](const auto& listener) { return listener->name() == name; });
}

std::vector<std::string> history::checker_names() const {
    std::vector<std::string> names;
    for (const auto& listener : checkers_)
        names.emplace_back(listener->name());
    return names;
}

void history::on_sent(sent_batch batch) {
    BARNABAS_ASSERT(batch.token == batches_.size());
    BARNABAS_ASSERT(batch.first_record == batch_of_record_.size());
    batch_of_record_.insert(batch_of_record_.end(), batch.contents.size(), batch.token);
    batches_.push_back(std::move(batch));
    results_.emplace_back();
    tell([&](checker& listener) { listener.on_sent(batches_.back()); });
}

void history::on_result(const batch_result& result) {
    BARNABAS_ASSERT(result.token < results_.size());
    BARNABAS_ASSERT(!results_[result.token]);
    results_[result.token] = result;
    tell([&](checker& listener) { listener.on_result(result); });
}

void history::on_read(const read_record& read) {
    tell([&](checker& listener) { listener.on_read(read); });
}

void history::on_watermark(const seen_watermark& seen) {
    tell([&](checker& listener) { listener.on_watermark(seen); });
}

void history::on_out_of_range(const out_of_range& told) {
    tell([&](checker& listener) { listener.on_out_of_range(told); });
}

void history::on_sequence_lost(std::uint32_t producer, std::int16_t acks, const place& where) {
    tell([&](checker& listener) { listener.on_sequence_lost(producer, acks, where); });
}

void history::on_bytes_ignored(const std::string& what) {
    tell([&](checker& listener) { listener.on_bytes_ignored(what); });
}

void history::on_lookup_begun() {
    tell([&](checker& listener) { listener.on_lookup_begun(); });
}

void history::on_offset_told(const offset_told& told) {
    tell([&](checker& listener) { listener.on_offset_told(told); });
}

void history::on_epoch_end_told(const epoch_end_told& told) {
    tell([&](checker& listener) { listener.on_epoch_end_told(told); });
}

void history::on_log_dirs_told(const log_dirs_told& told) {
    tell([&](checker& listener) { listener.on_log_dirs_told(told); });
}

void history::on_healed(virtual_time at) {
    tell([&](checker& listener) { listener.on_healed(at); });
}

void history::on_progress_due(virtual_time at, std::uint32_t producers, std::uint32_t readers) {
    tell([&](checker& listener) { listener.on_progress_due(at, producers, readers); });
}

void history::on_end(const end_facts& facts) {
    tell([&](checker& listener) { listener.on_end(facts); });
}

void history::on_log_opened(const log_opened& event) {
    if (disks_lie_)
        logs_[event.where].forget_below(event.now.log_end_offset);
    logs_[event.where].bring_back(event);
    tell([&](checker& listener) { listener.on_log_opened(event); });
    logs_[event.where].open(event);
}

void history::on_log_appended(const log_appended& event) {
    tell([&](checker& listener) { listener.on_log_appended(event); });
    logs_[event.where].append(event);
}

void history::on_log_moved(const log_moved& event) {
    tell([&](checker& listener) { listener.on_log_moved(event); });
    logs_[event.where].move(event);
}

void history::on_append_answered(const append_answered& event) {
    tell([&](checker& listener) { listener.on_append_answered(event); });
}

void history::on_read_answered(const read_answered& event) {
    tell([&](checker& listener) { listener.on_read_answered(event); });
}

void history::on_end_told(const end_told& event) {
    tell([&](checker& listener) { listener.on_end_told(event); });
}

void history::on_group(const group_event& event) {
    tell([&](checker& listener) { listener.on_group(event); });
}

void history::on_configs_told(const configs_told& told) {
    tell([&](checker& listener) { listener.on_configs_told(told); });
    configs_.on_told(told);
}

void history::on_deletion_begun(const deletion_begun& event) {
    tell([&](checker& listener) { listener.on_deletion_begun(event); });
}

void history::on_deletion_answered(const deletion_answered& event) {
    tell([&](checker& listener) { listener.on_deletion_answered(event); });
}

void history::on_retention_begun(const retention_begun& event) {
    tell([&](checker& listener) { listener.on_retention_begun(event); });
}

void history::on_cleaning_begun(const cleaning_begun& event) {
    tell([&](checker& listener) { listener.on_cleaning_begun(event); });
    logs_[event.where].clean(event);
}

void history::on_cleaning_ended(const cleaning_ended& event) {
    tell([&](checker& listener) { listener.on_cleaning_ended(event); });
}

void history::on_log_closed(const log_closed& event) {
    tell([&](checker& listener) { listener.on_log_closed(event); });
    logs_[event.where].close(event);
}

void history::on_connection_opened(const connection_id& event) {
    tell([&](checker& listener) { listener.on_connection_opened(event); });
}

void history::on_request_begun(const request_begun& event) {
    tell([&](checker& listener) { listener.on_request_begun(event); });
}

void history::on_request_may_wait(const request_may_wait& event) {
    tell([&](checker& listener) { listener.on_request_may_wait(event); });
}

void history::on_request_answered(const request_answered& event) {
    tell([&](checker& listener) { listener.on_request_answered(event); });
}

void history::on_connection_closed(const connection_id& event) {
    tell([&](checker& listener) { listener.on_connection_closed(event); });
}

void history::on_reading(const node_reading& event) {
    tell([&](checker& listener) { listener.on_reading(event); });
}

void history::on_life_ended(std::uint64_t life) {
    tell([&](checker& listener) { listener.on_life_ended(life); });
    configs_.on_life_ended();
}

std::vector<std::string> history::all_broken() const {
    std::vector<std::string> names;
    for (const auto& listener : checkers_) {
        if (!listener->violation().empty())
            names.emplace_back(listener->name());
    }
    return names;
}

const batch_result* history::result_of(std::uint64_t token) const {
    return token < results_.size() && results_[token] ? &*results_[token] : nullptr;
}

const sent_batch* history::batch_of(std::uint64_t record) const {
    return record < batch_of_record_.size() ? &batches_[batch_of_record_[record]] : nullptr;
}

} // namespace barnabas::sim
