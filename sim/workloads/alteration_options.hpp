#pragma once

#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// The administrator who alters configs of topics or of the broker, and asks what they are.
struct alteration_options {
    /// Mean time between two questions; 0: there is no such administrator.
    std::int64_t interval_ns = 0;
    /// `retention.ms` is drawn up to here, `retention.bytes` and segment sizes as well.
    std::int64_t retention_ms_max = 20'000;
    std::int64_t retention_bytes_max = 300'000;
    std::int64_t segment_bytes_max = 60'000;
    /// Now and then more replicas have to be in sync than there are, until it is taken back.
    bool min_insync = true;
    /// Keys of the broker itself, and of all brokers, and nothing else.
    bool broker = false;
    /// Of these only which data directories are cordoned: some of them, and never all. Where a directory
    /// fails, a cordoned one may take what no other can.
    bool cordon = false;
};

template <fields_of<alteration_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("interval_ns", of.interval_ns);
    visit("retention_ms_max", of.retention_ms_max);
    visit("retention_bytes_max", of.retention_bytes_max);
    visit("segment_bytes_max", of.segment_bytes_max);
    visit("min_insync", of.min_insync);
    visit("broker", of.broker);
    visit("cordon", of.cordon);
}

} // namespace barnabas::sim
