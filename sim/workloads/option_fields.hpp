#pragma once

#include "sim/text/field_text.hpp"
#include "sim/workloads/produce_consume_options.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The fields of the clients' options, for texts and histograms (sim/text/field_text.hpp). What goes wrong
/// names its fields beside itself, in sim/faults.
namespace barnabas::sim {

template <>
struct enum_names<batch::codec> {
    static constexpr std::pair<batch::codec, const char*> table[] = {{batch::codec::none, "none"},
                                                                     {batch::codec::gzip, "gzip"},
                                                                     {batch::codec::snappy, "snappy"},
                                                                     {batch::codec::lz4, "lz4"},
                                                                     {batch::codec::zstd, "zstd"}};
};

/// Several codecs are written as their names with blanks between.
std::string field_text(std::string_view field, const codec_list& codecs);
result<void> parse_field(std::string_view field, codec_list& codecs, std::string_view text,
                         runtime::random& draws);

/// Kinds of hostile clients as their names with blanks between, or "none". Schedules of old times have the
/// sum of their bits.
std::string field_text(std::string_view field, const hostile_kinds& kinds);
result<void> parse_field(std::string_view field, hostile_kinds& kinds, std::string_view text,
                         runtime::random& draws);

template <class Load, class Visit>
requires std::is_same_v<std::remove_const_t<Load>, load_options>
void for_each_field(Load& of, Visit&& visit) {
    visit("acks", of.producer.acks);
    visit("idempotent", of.producer.idempotent);
    visit("next_epoch", of.producer.next_epoch);
    visit("in_flight_max", of.producer.in_flight_max);
    visit("request_timeout_ms", of.producer.request_timeout_ms);
    visit("delivery_timeout_ns", of.producer.delivery_timeout_ns);
    visit("produce_version_max", of.producer.produce_version_max);
    visit("library", of.library);
    visit("codecs", of.codecs);
    visit("interval_ns", of.interval_ns);
    visit("records_max", of.records_max);
    visit("value_bytes_max", of.value_bytes_max);
    visit("unfinished_max", of.unfinished_max);
    visit("absurd_stamps_percent", of.absurd_stamps_percent);
    visit("keys", of.keys);
    visit("tombstones_percent", of.tombstones_percent);
}

template <class Reader, class Visit>
requires std::is_same_v<std::remove_const_t<Reader>, reader_options>
void for_each_field(Reader& of, Visit&& visit) {
    visit("max_wait_ms", of.max_wait_ms);
    visit("min_bytes", of.min_bytes);
    visit("max_bytes", of.max_bytes);
    visit("partition_max_bytes", of.partition_max_bytes);
    visit("use_session", of.use_session);
    visit("fetch_version_max", of.fetch_version_max);
    visit("library", of.library);
    visit("read_committed", of.read_committed);
    visit("records_max", of.records_max);
}

template <class Member, class Visit>
requires std::is_same_v<std::remove_const_t<Member>, member_options>
void for_each_field(Member& of, Visit&& visit) {
    visit("group", of.group);
    visit("instance", of.instance);
    visit("session_timeout_ms", of.session_timeout_ms);
    visit("rebalance_timeout_ms", of.rebalance_timeout_ms);
    visit("heartbeat_ns", of.heartbeat_ns);
    visit("commit_ns", of.commit_ns);
    visit("rude_ns", of.rude_ns);
    visit("start_ns", of.start_ns);
    visit("metadata_bytes", of.metadata_bytes);
    visit("without_generation", of.without_generation);
    visit("without_sync", of.without_sync);
    visit("join_version_max", of.join_version_max);
    visit("fetch_version_max", of.fetch_version_max);
    visit("consumer", of.consumer);
    visit("revoke_ns", of.revoke_ns);
    visit("heartbeat_version_max", of.heartbeat_version_max);
}

template <class Topic, class Visit>
requires std::is_same_v<std::remove_const_t<Topic>, client::new_topic>
void for_each_field(Topic& of, Visit&& visit) {
    visit("partitions", of.partitions);
}

} // namespace barnabas::sim
