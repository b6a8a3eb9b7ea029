#include "sim/workloads/produce_consume_options.hpp"

#include "protocol/kafka/record_formats.hpp"
#include "sim/workloads/broker_config.hpp"

#include <algorithm>
#include <optional>

namespace barnabas::sim {

namespace {

/// Faults begin when clients have had a moment to get going, and end early enough to look at what follows.
constexpr std::int64_t faults_begin_ns = second / 2;
constexpr std::int64_t after_healing_ns = 16 * second;
constexpr std::int64_t audit_ns = 6 * second;
constexpr std::int64_t seconds_least = (after_healing_ns + audit_ns) / second + 2;

constexpr batch::codec all_codecs[] = {batch::codec::none, batch::codec::gzip, batch::codec::snappy,
                                       batch::codec::lz4, batch::codec::zstd};

/// Small segments, for compaction leaves the active one alone.
void draw_compaction(client::new_topic& topic, runtime::random draws) {
    if (!draws.chance(1, 4))
        return;
    const bool deletes = draws.chance(1, 3);
    topic.configs.emplace_back("cleanup.policy", deletes ? "compact,delete" : "compact");
    std::erase_if(topic.configs, [](const auto& each) { return each.first == "internal.segment.bytes"; });
    topic.configs.emplace_back("internal.segment.bytes", std::to_string(draws.log_between(32'000, 80'000)));
    constexpr const char* ratios[] = {"0", "0", "0.1", "0.5"};
    topic.configs.emplace_back("min.cleanable.dirty.ratio", ratios[draws.below(std::size(ratios))]);
    if (deletes)
        topic.configs.emplace_back("retention.bytes", std::to_string(draws.log_between(60'000, 1'000'000)));
    if (draws.chance(1, 2))
        topic.configs.emplace_back("delete.retention.ms", std::to_string(draws.log_between(1, 60'000)));
    if (draws.chance(1, 4))
        topic.configs.emplace_back("min.compaction.lag.ms", std::to_string(draws.log_between(1, 10'000)));
    else if (draws.chance(1, 4))
        topic.configs.emplace_back("max.compaction.lag.ms", std::to_string(draws.log_between(1, 20'000)));
}

std::vector<client::new_topic> drawn_topics(runtime::random draws) {
    std::vector<client::new_topic> topics(draws.below(3) == 0 ? 2 : 1);
    for (std::size_t i = 0; i < topics.size(); ++i) {
        topics[i].name = "t" + std::to_string(i);
        topics[i].partitions = static_cast<std::int32_t>(draws.between(1, 3));
        // The largest batch of a load fits into the smallest segment.
        if (draws.chance(3, 4))
            topics[i].configs.emplace_back("internal.segment.bytes",
                                           std::to_string(draws.log_between(32'000, 400'000)));
        if (draws.chance(1, 2))
            topics[i].configs.emplace_back("index.interval.bytes",
                                           std::to_string(draws.log_between(1, 8'192)));
        if (draws.chance(1, 4))
            topics[i].configs.emplace_back("segment.ms", std::to_string(draws.log_between(1'000, 60'000)));
        if (auto codecs = draws.split("codec").split(i); codecs.chance(1, 6)) {
            constexpr const char* types[] = {"uncompressed", "gzip", "snappy", "lz4", "zstd"};
            topics[i].configs.emplace_back("compression.type", types[codecs.below(std::size(types))]);
        }
        // Two hundred years: more than all jumps of clocks together, less than the end of time lies ahead.
        if (draws.split("stamps").split(i).chance(1, 3))
            topics[i].configs.emplace_back("message.timestamp.after.max.ms", "6311520000000");
        draw_compaction(topics[i], draws.split("compaction").split(i));
    }
    return topics;
}

/// Records that share keys, for topics that are compacted. A tombstone is known by its content alone, of
/// which old clients lose the timestamp.
void draw_keys(produce_consume_options& made, const runtime::random& root) {
    if (std::none_of(made.topics.begin(), made.topics.end(), is_compacted))
        return;
    const bool all_see_stamps =
        std::all_of(made.readers.begin(), made.readers.end(), [](const client::consumer_options& reader) {
            return reader.fetch_version_max >= kafka::fetch_with_timestamps;
        });
    for (std::size_t i = 0; i < made.producers.size(); ++i) {
        auto draws = root.split(i);
        auto& load = made.producers[i];
        if (!draws.chance(3, 4))
            continue;
        load.keys = draws.log_between(1, 2'000);
        const bool sends_stamps = load.producer.produce_version_max >= kafka::produce_with_timestamps;
        if (all_see_stamps && sends_stamps)
            load.tombstones_percent = draws.below(40);
    }
}

} // namespace

bool is_compacted(const client::new_topic& topic) {
    return std::any_of(topic.configs.begin(), topic.configs.end(), [](const auto& each) {
        return each.first == "cleanup.policy" && each.second.find("compact") != std::string::npos;
    });
}

void name_topics_by_id(produce_consume_options& options, const stated_clients& producers,
                       const stated_clients& readers) {
    for (std::size_t i = 0; i < options.producers.size(); ++i) {
        options.producers[i].library = false;
        if (auto& version = options.producers[i].producer.produce_version_max; !producers.contains(i))
            version = std::max(version, produce_by_id);
    }
    for (std::size_t i = 0; i < options.readers.size(); ++i)
        if (auto& version = options.readers[i].fetch_version_max; !readers.contains(i))
            version = std::max(version, fetch_by_id);
}

load_options drawn_load(runtime::random draws) {
    load_options load;
    load.producer.acks = draws.chance(1, 5) ? 1 : -1;
    load.producer.idempotent = draws.chance(3, 4);
    load.producer.in_flight_max = load.producer.idempotent && draws.chance(1, 2) ? 5 : 1;
    load.producer.request_timeout_ms = 3'000;
    load.producer.delivery_timeout_ns = static_cast<std::int64_t>(draws.between(5, 20)) * second;
    load.producer.produce_version_max = static_cast<std::int16_t>(draws.between(7, 13));
    // A stream of its own: other producers are as they were before this mode existed.
    if (auto unheard = draws.split("acks 0"); unheard.chance(1, 16)) {
        load.producer.acks = 0;
        load.producer.idempotent = false;
    }
    load.producer.next_epoch = draws.split("epochs").chance(2, 3);
    load.codecs.push_back(batch::codec::none);
    while (draws.chance(1, 2))
        load.codecs.push_back(all_codecs[draws.below(std::size(all_codecs))]);
    load.interval_ns = static_cast<std::int64_t>(draws.log_between(20 * millisecond, second));
    load.records_max = draws.log_between(1, 8);
    load.value_bytes_max = draws.log_between(1, 3'000);
    load.unfinished_max = draws.log_between(1, 32);
    if (auto stamps = draws.split("stamps"); stamps.chance(1, 5))
        load.absurd_stamps_percent = stamps.below(40) + 1;
    return load;
}

void draw_library(load_options& load, runtime::random draws) {
    // Those of before Kafka 2.1 are not what the library is.
    if (load.producer.produce_version_max >= kafka::produce_with_zstd)
        load.library = draws.chance(1, 2);
}

void draw_library(reader_options& reader, runtime::random draws) {
    if (reader.fetch_version_max >= kafka::fetch_with_zstd)
        reader.library = draws.chance(1, 2);
}

bool uses_zstd(const load_options& load) {
    return std::find(load.codecs.begin(), load.codecs.end(), batch::codec::zstd) != load.codecs.end();
}

bool stores_zstd(const produce_consume_options& options) {
    using settings = std::vector<std::pair<std::string, std::string>>;
    const auto compression_of = [](const settings& configs) -> std::optional<std::string> {
        const auto found = std::find_if(configs.rbegin(), configs.rend(),
                                        [](const auto& each) { return each.first == "compression.type"; });
        return found == configs.rend() ? std::nullopt : std::optional(found->second);
    };
    const auto usual = compression_of(options.broker_config).value_or("producer");
    return std::any_of(options.topics.begin(), options.topics.end(), [&](const client::new_topic& topic) {
        return compression_of(topic.configs).value_or(usual) == "zstd";
    });
}

bool knows_no_zstd(const client::consumer_options& reader) {
    return reader.fetch_version_max < kafka::fetch_with_batches;
}

void fit_to_version(load_options& load, bool keep_idempotent, bool keep_codecs) {
    auto& producer = load.producer;
    // Without answers a producer cannot know which sequence is next.
    if (producer.acks == 0 && !keep_idempotent)
        producer.idempotent = false;
    if (producer.produce_version_max < kafka::produce_with_batches && !keep_idempotent) {
        producer.idempotent = false;
        producer.in_flight_max = 1;
    }
    if (producer.produce_version_max < kafka::produce_with_zstd && !keep_codecs)
        std::replace(load.codecs.begin(), load.codecs.end(), batch::codec::zstd, batch::codec::lz4);
}

reader_options drawn_reader(runtime::random draws) {
    reader_options reader;
    reader.max_wait_ms = static_cast<std::int32_t>(draws.log_between(50, 1'500));
    reader.min_bytes = draws.chance(1, 4) ? static_cast<std::int32_t>(draws.log_between(1, 20'000)) : 1;
    reader.max_bytes = static_cast<std::int32_t>(draws.log_between(4'096, 1 << 20));
    reader.partition_max_bytes = static_cast<std::int32_t>(draws.log_between(2'048, 256 << 10));
    reader.use_session = draws.chance(2, 3);
    reader.fetch_version_max = static_cast<std::int16_t>(draws.between(10, 18));
    // A stream of its own: the others are as they were before there was a library.
    auto library = draws.split("library");
    reader.read_committed = library.chance(1, 2);
    reader.records_max = library.log_between(20, 500);
    return reader;
}

namespace {

/// Clients of Kafka 0.8 to 2.0 beside those of today, in some runs; drawn last, so that other runs are as
/// they were before.
void make_some_old(produce_consume_options& made, runtime::random draws) {
    if (!draws.chance(1, 6))
        return;
    for (auto& load : made.producers) {
        if (draws.chance(1, 2))
            load.producer.produce_version_max =
                static_cast<std::int16_t>(draws.below(kafka::produce_with_zstd));
        fit_to_version(load);
    }
    for (auto& reader : made.readers)
        if (draws.chance(1, 2) && !stores_zstd(made))
            reader.fetch_version_max = static_cast<std::int16_t>(draws.below(kafka::fetch_with_zstd));
    if (!std::any_of(made.readers.begin(), made.readers.end(), knows_no_zstd))
        return;
    for (auto& load : made.producers)
        std::replace(load.codecs.begin(), load.codecs.end(), batch::codec::zstd, batch::codec::lz4);
}

} // namespace

produce_consume_options produce_consume_options::plain(std::uint64_t seed, std::int64_t seconds) {
    produce_consume_options made;
    made.seed = seed;
    made.seconds = seconds;
    const virtual_time end(std::max(seconds, seconds_least) * second);
    made.progress_due = end - audit_ns;
    made.faults.healing = made.progress_due - after_healing_ns;
    return made;
}

namespace {

/// One of the client library's in place of a member that is played; it reads every topic.
program_options program_of(const member_options& member, bool by_heartbeat, runtime::random draws) {
    auto made = program_options::drawn(draws);
    made.group = member.group + 1;
    made.by_heartbeat = by_heartbeat;
    made.named = member.instance != 0;
    if (member.rude_ns == 0)
        made.restart_ns = made.late_permille = 0;
    return made;
}

/// A segment that cannot take the record of a whole group would let no rebalance of it end, and no classic
/// group go over to the consumer protocol, which takes several records of each member at once.
void make_room_for_groups(std::string& segment_bytes, const std::vector<member_options>& members) {
    const auto consumers =
        std::count_if(members.begin(), members.end(), [](const auto& one) { return one.consumer; });
    const std::size_t least = 2'000 + (consumers > 0 ? 1'000 : 300) * members.size();
    if (std::stoul(segment_bytes) < least)
        segment_bytes = std::to_string(least);
}

void draw_groups(produce_consume_options& made, const runtime::random& root) {
    made.members = drawn_members(root.split("members"));
    if (made.members.empty())
        return;
    made.group_admin = group_admin_options::drawn(root.split("group admin"));
    auto lines = drawn_group_config(root.split("group config"));
    draw_consumers(made.members, root.split("consumers"));
    if (std::any_of(made.members.begin(), made.members.end(), [](const auto& one) { return one.consumer; }))
        for (auto& each : drawn_consumer_config(root.split("consumer config")))
            lines.push_back(std::move(each));
    for (auto& each : lines) {
        if (each.first == "offsets.topic.segment.bytes") {
            make_room_for_groups(each.second, made.members);
            draw_long_winded(made.members, std::stoul(each.second), root.split("long-winded"));
        }
        std::erase_if(made.broker_config, [&](const auto& line) { return line.first == each.first; });
        made.broker_config.push_back(std::move(each));
    }
}

} // namespace

void draw_library_groups(produce_consume_options& made) {
    if (offsets_expire(made.broker_config))
        return;
    const auto root = runtime::random(made.seed).split("produce_consume").split("library groups");
    std::vector<member_options> played;
    for (std::size_t i = 0; i < made.members.size(); ++i) {
        const auto& one = made.members[i];
        auto draws = root.split(one.group);
        const bool library = draws.chance(1, 2);
        const bool is_rule_breaker = one.without_generation || one.metadata_bytes != 0;
        if (!library || is_rule_breaker) {
            played.push_back(one);
            continue;
        }
        // All of a group speak the protocol of its first one.
        const auto first = std::find_if(made.members.begin(), made.members.end(),
                                        [&](const auto& other) { return other.group == one.group; });
        made.programs.push_back(program_of(one, first->consumer, root.split("program").split(i)));
        made.programs.back().latest = draws.chance(1, 4);
    }
    made.members = std::move(played);
}

produce_consume_options produce_consume_options::drawn(std::uint64_t seed, std::int64_t seconds) {
    auto made = drawn_played(seed, seconds);
    draw_library_groups(made);
    return made;
}

produce_consume_options produce_consume_options::drawn_played(std::uint64_t seed, std::int64_t seconds) {
    const auto root = runtime::random(seed).split("produce_consume");
    auto made = plain(seed, seconds);
    made.topics = drawn_topics(root.split("topics"));
    auto draws = root.split("clients");
    const auto producers = draws.between(1, 4);
    for (std::int64_t i = 0; i < producers; ++i)
        made.producers.push_back(drawn_load(root.split("producer").split(static_cast<std::uint64_t>(i))));
    const auto readers = draws.between(1, 3);
    for (std::int64_t i = 0; i < readers; ++i)
        made.readers.push_back(drawn_reader(root.split("reader").split(static_cast<std::uint64_t>(i))));
    auto nodes = root.split("nodes");
    made.broker_scheduler = scheduler_options::drawn(nodes, static_cast<std::uint32_t>(nodes.between(1, 3)));
    made.client_scheduler = scheduler_options::drawn(nodes, 1);
    auto clocks = root.split("clocks");
    made.broker_clock = clock_options::drawn(clocks);
    made.broker_config = drawn_broker_config(root.split("config"));
    make_some_old(made, root.split("old clients"));
    draw_keys(made, root.split("keys"));
    for (std::size_t i = 0; i < made.producers.size(); ++i)
        draw_library(made.producers[i], root.split("library").split(i));
    for (std::size_t i = 0; i < made.readers.size(); ++i)
        draw_library(made.readers[i], root.split("library reader").split(i));
    made.hostile = hostile_options::drawn(root.split("hostile"));
    made.lookups = lookup_options::drawn(root.split("lookups"));
    draw_groups(made, root);
    made.faults =
        fault_plan::drawn(root.split("faults"), {virtual_time(faults_begin_ns), made.faults.healing, true});
    return made;
}

} // namespace barnabas::sim
