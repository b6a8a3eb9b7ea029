#include "actors/partition/partition.hpp"
#include "protocol/model/mark.hpp"

#include <string>

/// Who may ask a partition: under which leader epoch, and whether this broker leads at all.
namespace barnabas {

namespace {

error led_elsewhere() {
    return {errc::not_leader_or_follower, "another broker leads the partition"};
}

} // namespace

/// -1: the asker knows no epoch, and takes whoever leads.
result<void> partition::check_leadership(leader_epoch of_asker) const {
    if (BARNABAS_MARK_IF(!settings_.led.here, asked_where_another_leads))
        return led_elsewhere();
    const auto epoch = settings_.led.epoch;
    if (of_asker.get() < 0 || of_asker == epoch)
        return {};
    BARNABAS_MARK(client_of_another_epoch);
    return error{of_asker < epoch ? errc::fenced_leader_epoch : errc::unknown_leader_epoch,
                 "the client knows leader epoch " + std::to_string(of_asker.get()) +
                     ", the partition is in " + std::to_string(epoch.get())};
}

void partition::on_leadership(const leadership& now) {
    if (now.epoch < settings_.led.epoch)
        return;
    const bool ends = settings_.led.here && !now.here;
    settings_.led = now;
    if (!BARNABAS_MARK_IF(ends, leadership_lost) || closing_ || lost_)
        return;
    // What they appended may yet be stored for good, which only the next leader knows.
    for (auto& one : appends_.failed_from(log_offset(-1))) {
        one.answer = append_response{};
        one.answer.code = errc::not_leader_or_follower;
        one.answer.detail = led_elsewhere().detail;
        port_.answer(one.reply, one.answer);
    }
    answer_deletions(log_.log_end_offset(), led_elsewhere());
    for (const auto& reader : all_readers())
        port_.notify(reader);
}

} // namespace barnabas
