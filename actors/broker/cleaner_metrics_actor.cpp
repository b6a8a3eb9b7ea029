#include "actors/broker/cleaner_metrics.hpp"

#include "runtime/clock/clock.hpp"
#include "runtime/metrics/registry.hpp"

namespace barnabas {
namespace {

std::int64_t now_ms(const runtime::node_services& node) {
    return node.clock->monotonic_now().get() / ns_per_ms;
}

} // namespace

cleaner_metrics::cleaner_metrics(runtime::node_services& node)
    : node_(node),
      passes_(node.metrics->counter_of("log_cleaner_passes_total", "Passes of compaction that ended.")),
      failed_(node.metrics->counter_of("log_cleaner_failed_passes_total",
                                       "Passes of compaction that ended with an error.")),
      read_(node.metrics->counter_of("log_cleaner_read_bytes_total", "Bytes that compaction has read.")),
      written_(
          node.metrics->counter_of("log_cleaner_written_bytes_total", "Bytes that compaction has written.")),
      recopied_percent_(node.metrics->gauge_of(
          "log_cleaner_recopied_percent",
          "How much of the segments that the last pass rewrote was left of them, by bytes.")),
      uncleanable_(node.metrics->gauge_of("log_cleaner_uncleanable_partitions",
                                          "Partitions that are not compacted any more, after a failure.")),
      last_run_(node.metrics->gauge_of("log_cleaner_last_run_ms",
                                       "When the last pass ended, in ms of the monotonic clock.")) {
    last_run_.set(now_ms(node));
    node.metrics->computed_gauge(
        "log_cleaner_seconds_since_last_run", "Seconds since the last pass of compaction ended.",
        [clock = node.clock, last = &last_run_] {
            return static_cast<double>(clock->monotonic_now().get() / ns_per_ms - last->value()) / 1000;
        });
}

void cleaner_metrics::pass_ended(const partition_cleaned& pass) {
    const auto& counts = pass.counts;
    passes_.add();
    if (pass.code != errc::ok)
        failed_.add();
    read_.add(counts.bytes_read);
    written_.add(counts.bytes_written);
    if (counts.bytes_before > 0)
        recopied_percent_.set(static_cast<std::int64_t>(counts.bytes_after * 100 / counts.bytes_before));
    last_run_.set(now_ms(node_));
}

void cleaner_metrics::uncleanable(std::size_t partitions) {
    uncleanable_.set(static_cast<std::int64_t>(partitions));
}

} // namespace barnabas
