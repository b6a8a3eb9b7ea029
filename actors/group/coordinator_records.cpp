#include "actors/group/coordinator.hpp"

#include "protocol/batch/record_reader.hpp"
#include "protocol/model/mark.hpp"

#include <utility>

// What the log says, live and on load.
namespace barnabas::group {

namespace {

/// Whether a control record ends a transaction, and how: its key is a version and a kind, each an int16.
std::optional<bool> ends_committed(const batch::record_view& record) {
    constexpr int abort = 0;
    constexpr int commit = 1;
    if (!record.key || record.key->size() < 4)
        return std::nullopt;
    const int kind = std::to_integer<int>((*record.key)[2]) << 8 | std::to_integer<int>((*record.key)[3]);
    return kind == commit ? std::optional(true) : kind == abort ? std::optional(false) : std::nullopt;
}

} // namespace

void coordinator::write(group_record record, turn& now) {
    apply(record, now.wall);
    if (options_.planted.commit_not_written && std::holds_alternative<offset_record>(record))
        return;
    now.out.records.push_back(std::move(record));
}

void coordinator::apply(const group_record& record, timestamp_ms written) {
    std::visit([&](const auto& one) { apply_one(one, written); }, record);
}

void coordinator::apply_one(const offset_record& record, timestamp_ms) {
    if (record.value) {
        groups_[record.group].offsets.apply(record);
        return;
    }
    const auto found = groups_.find(record.group);
    // Compaction may leave the deletion of what is no longer there.
    if (found == groups_.end())
        return;
    found->second.offsets.apply(record);
    erase_if_nothing_is_left(record.group);
}

void coordinator::erase_if_nothing_is_left(const std::string& name) {
    const auto found = groups_.find(name);
    if (found->second.offsets.empty() && !found->second.classic && !found->second.consumer)
        groups_.erase(found);
}

void coordinator::apply_one(const classic_record& record, timestamp_ms) {
    if (record.value)
        return classic_of(groups_[record.group], record.group).apply(*record.value);
    const auto found = groups_.find(record.group);
    if (found == groups_.end())
        return;
    // Its offsets are deleted by records of their own, which may follow.
    found->second.classic.reset();
    erase_if_nothing_is_left(record.group);
}

void coordinator::apply_one(const consumer_record& record, timestamp_ms written) {
    const auto& name = group_of(record);
    const bool deletes = std::visit(
        [](const auto& one) {
            if constexpr (requires { one.present; })
                return !one.present;
            else
                return !one.value.has_value();
        },
        record);
    if (!deletes)
        return consumer_of(groups_[name], name).apply(record, written);
    const auto found = groups_.find(name);
    // Compaction may leave the deletion of what is no longer there, in any order (card GRP-12).
    if (found == groups_.end() || !found->second.consumer)
        return;
    if (!std::holds_alternative<consumer_epoch_record>(record))
        return found->second.consumer->apply(record, written);
    found->second.consumer.reset();
    erase_if_nothing_is_left(std::string(name));
}

result<void> coordinator::replay(const batch::batch_view& batch, batch::codec_workspace* workspace) {
    const auto& header = batch.header;
    const auto visit = [&](const batch::record_view& record) -> result<void> {
        if (header.is_control()) {
            if (const auto committed = ends_committed(record))
                end_transaction(header.producer_id, *committed);
            return {};
        }
        auto decoded = decode_group_record(record);
        if (!decoded)
            return error{decoded.failure().code, "the record at offset " +
                                                     std::to_string(record.offset.get()) + ": " +
                                                     decoded.failure().detail};
        if (!*decoded) {
            BARNABAS_MARK(unknown_group_record);
            return {};
        }
        auto* offset = std::get_if<offset_record>(&**decoded);
        if (header.is_transactional() && offset != nullptr)
            open_transactions_[header.producer_id].push_back(std::move(*offset));
        else
            apply(**decoded, record.timestamp);
        return {};
    };
    return batch::for_each_record(batch, visit, workspace);
}

void coordinator::end_transaction(producer_id producer, bool committed) {
    const auto found = open_transactions_.find(producer);
    if (found == open_transactions_.end())
        return;
    if (committed)
        for (const auto& record : found->second)
            apply(record, no_timestamp);
    open_transactions_.erase(found);
}

} // namespace barnabas::group
