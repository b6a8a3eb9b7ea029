#include "actors/replica/reindex_job.hpp"

#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/segment_recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/open_job.hpp"

namespace barnabas::replica {

void reindex_job::run(runtime::file_system& files) {
    const auto path = segment_path(options.directory, segment.base_offset, log_suffix);
    auto log = open_sized(files, path);
    if (log.code() == errc::not_found || (log && log->size != segment.size))
        outcome = error{errc::offset_out_of_range, path + " has gone away"};
    else if (!log)
        outcome = log.failure();
    else
        outcome = of_transactions ? make_transactions(files) : make_indexes(files);
}

result<reindex_job::made_indexes> reindex_job::make_indexes(runtime::file_system& files) const {
    runtime::work_share unseen{{}};
    segment_recovery look(files, {&options, next_base, true, false, &unseen});
    auto made = look.rebuild(segment);
    if (!made)
        return made.failure();
    return made_indexes{made->state, !made->index_rebuilt};
}

result<reindex_job::made_indexes> reindex_job::make_transactions(runtime::file_system& files) const {
    runtime::work_share unseen{{}};
    open_job open;
    open.options = options;
    recovered_segment made;
    made.state = segment;
    made.next_offset = next_base;
    const auto replaced = recovery(open, files, unseen).reindex_transactions(made, bases);
    if (!replaced)
        return replaced.failure();
    return made_indexes{made.state, !*replaced};
}

} // namespace barnabas::replica
