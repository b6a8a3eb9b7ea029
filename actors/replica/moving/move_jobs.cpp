#include "actors/replica/moving/move_jobs.hpp"

#include "protocol/model/mark.hpp"
#include "runtime/disk/directory_gate.hpp"

namespace barnabas::replica {
namespace {

/// Operations of an exchange, in their order.
enum exchange_operation { source_renamed, source_synced, target_renamed, target_synced, all_exchanged };

} // namespace

void move_job::run(const copy_ends& ends) {
    const bool copies = step == move_step::begin || step == move_step::copy || step == move_step::finish;
    if (BARNABAS_MARK_IF(copies && ends.target_is_short, move_refused_for_room)) {
        outcome = error{errc::disk_full, data_directory_of(copy->wanted().target) +
                                             " is short of room; move it when there is more"};
        return;
    }
    switch (step) {
    case move_step::begin: outcome = copy->begin(ends.target); break;
    case move_step::copy: {
        auto done = copy->step(ends, upto, bytes);
        outcome = done ? result<void>() : result<void>(done.failure());
        if (done)
            progress = *done;
        break;
    }
    case move_step::finish: {
        const auto before = copy->bytes_copied();
        outcome = copy->finish(ends);
        progress.bytes = copy->bytes_copied() - before;
        break;
    }
    case move_step::exchange: outcome = exchange(ends); break;
    case move_step::drop: outcome = copy->drop(ends.target); break;
    case move_step::close:
        copy->close(ends.target);
        outcome = result<void>();
        break;
    case move_step::discard: outcome = discard(ends.source); break;
    }
}

result<void> move_job::exchange_step(const copy_ends& ends) const {
    const auto& wanted = copy->wanted();
    switch (exchanged) {
    case source_renamed: return ends.source.rename(wanted.source, discarded_directory);
    case source_synced: return ends.source.sync_directory(data_directory_of(wanted.source));
    case target_renamed: return ends.target.rename(wanted.target, new_directory);
    default:
        if (wanted.planted.moved_discarded_before_named)
            static_cast<void>(discard(ends.source));
        return ends.target.sync_directory(data_directory_of(new_directory));
    }
}

result<void> move_job::exchange(const copy_ends& ends) {
    result<void> done;
    while (done && exchanged < all_exchanged)
        if (done = exchange_step(ends); done)
            ++exchanged;
    decided = exchanged > source_synced;
    lacks_room = is_scarce(done.code());
    if (done || lacks_room)
        return done;
    // A rename that the disk fails may have been carried out.
    const bool may_be_renamed = exchanged == source_renamed && runtime::ends_directory(done.code());
    source_unclear = BARNABAS_MARK_IF(may_be_renamed || exchanged == source_synced, exchange_unclear);
    target_unclear = BARNABAS_MARK_IF(decided, exchange_not_completed);
    return done;
}

result<void> move_job::discard(runtime::file_system& source) const {
    auto removed = source.remove_directory(discarded_directory);
    return removed ? source.sync_directory(data_directory_of(discarded_directory)) : removed;
}

} // namespace barnabas::replica
