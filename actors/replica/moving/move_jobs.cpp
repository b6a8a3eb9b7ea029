#include "actors/replica/moving/move_jobs.hpp"

#include "protocol/model/mark.hpp"

namespace barnabas::replica {
namespace {

std::string parent_of(const std::string& directory) {
    return directory.substr(0, directory.rfind('/'));
}

} // namespace

void move_job::run(const copy_ends& ends) {
    switch (step) {
    case move_step::begin: outcome = copy->begin(ends.target); break;
    case move_step::copy: {
        auto done = copy->step(ends, upto, bytes);
        outcome = done ? result<void>() : result<void>(done.failure());
        if (done)
            progress = *done;
        break;
    }
    case move_step::finish: outcome = copy->finish(ends); break;
    case move_step::exchange: outcome = exchange(ends); break;
    case move_step::drop: outcome = copy->drop(ends.target); break;
    case move_step::close:
        copy->close(ends.target);
        outcome = result<void>();
        break;
    case move_step::discard: outcome = discard(ends.source); break;
    }
}

result<void> move_job::exchange(const copy_ends& ends) {
    const auto& wanted = copy->wanted();
    if (auto renamed = ends.source.rename(wanted.source, discarded_directory); !renamed)
        return renamed;
    if (auto synced = ends.source.sync_directory(parent_of(wanted.source)); !synced) {
        BARNABAS_MARK(exchange_unclear);
        source_unclear = true;
        return synced;
    }
    decided = true;
    auto taken = ends.target.rename(wanted.target, new_directory);
    if (taken)
        taken = ends.target.sync_directory(parent_of(new_directory));
    target_unclear = BARNABAS_MARK_IF(!taken, exchange_not_completed);
    return taken;
}

result<void> move_job::discard(runtime::file_system& source) const {
    auto removed = source.remove_directory(discarded_directory);
    return removed ? source.sync_directory(parent_of(discarded_directory)) : removed;
}

} // namespace barnabas::replica
