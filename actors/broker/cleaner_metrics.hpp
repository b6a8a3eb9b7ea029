#pragma once

#include "actors/partition/cleaning_messages.hpp"
#include "runtime/node/node_services.hpp"

#include <cstdint>

namespace barnabas::runtime {
class counter;
class gauge;
} // namespace barnabas::runtime

namespace barnabas {

/// What /metrics says of compaction.
class cleaner_metrics {
public:
    explicit cleaner_metrics(runtime::node_services& node);

    void pass_ended(const partition_cleaned& pass);
    void uncleanable(std::size_t partitions);

private:
    runtime::node_services& node_;
    runtime::counter& passes_;
    runtime::counter& failed_;
    runtime::counter& read_;
    runtime::counter& written_;
    runtime::gauge& recopied_percent_;
    runtime::gauge& uncleanable_;
    /// Of the monotonic clock, in ms.
    runtime::gauge& last_run_;
};

} // namespace barnabas
