#include "sim/workloads/lookup_client.hpp"

#include "protocol/kafka/describe_log_dirs.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"
#include "runtime/node/node_services.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/workloads/lookup_answer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr const char* lookups_name = "lookups";
/// A connection that does not come about, or brings no answer, for so long is given up.
constexpr std::int64_t lookups_patience_ns = 10 * second;
/// A broker has few lives in a run.
constexpr std::int32_t epochs_tried = 12;
constexpr std::int16_t first_with_largest = 7;
constexpr std::int16_t first_with_offline = 5;

} // namespace

lookup_client::lookup_client(world& time, network_fabric& network, observation& watched,
                             const lookup_options& options, parts with)
    : world_(time), options_(options), with_(std::move(with)),
      host_(time, network, {lookups_name, {}, memory_disk::unlimited, {}}),
      draws_(time.draws(draw_stream::workload).split(lookups_name)) {
    host_.start([](runtime::node_services&) {}, furnished({}, time, watched, lookups_name));
}

lookup_client::~lookup_client() {
    rest();
}

void lookup_client::begin() {
    if (options_.interval_ns > 0)
        ask_later();
}

void lookup_client::rest() {
    if (std::exchange(resting_, true))
        return;
    if (session_ != nullptr)
        session_->drop();
    session_ = nullptr;
    host_.crash(crash_kind::kill);
}

void lookup_client::ask_later() {
    const auto wait = draws_.between(options_.interval_ns / 4, options_.interval_ns * 7 / 4);
    world_.schedule_after(wait, world_owner, [this] {
        if (resting_)
            return;
        ask();
        ask_later();
    });
}

void lookup_client::ask() {
    const bool waits = session_ != nullptr && (asked_ || !session_->is_open());
    if (waits && world_.now() - waits_since_ > lookups_patience_ns)
        session_->drop();
    if (session_ == nullptr || session_->is_over()) {
        asked_.reset();
        waits_since_ = world_.now();
        session_ = std::make_shared<lookup_session>(world_, [this](const slice& frame) { on_frame(frame); });
        return session_->connect(*host_.node()->services().network, with_.broker);
    }
    if (asked_ || !session_->is_open())
        return;
    const auto settled = with_.settled ? with_.settled() : std::optional<std::uint64_t>(0);
    if (!settled)
        return;
    asked_ = drawn_question();
    asked_->settled = *settled;
    waits_since_ = world_.now();
    ++correlation_;
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_),
                  static_cast<std::uint64_t>(asked_->of), static_cast<std::uint64_t>(asked_->time.get()));
    with_.told->on_lookup_begun();
    session_->write(frame_of(*asked_));
}

lookup_client::question lookup_client::drawn_question() {
    question made;
    made.topic = static_cast<std::uint32_t>(draws_.below(with_.topics->size()));
    if (options_.leaders && with_.on_leader_told && draws_.chance(1, 3)) {
        made.of = subject::leaders;
        made.version = static_cast<std::int16_t>(draws_.between(4, 13));
        return made;
    }
    const auto which = draws_.below(12);
    if (which == 0) {
        made.of = subject::directories;
        made.version = static_cast<std::int16_t>(draws_.between(0, 5));
    } else if (which <= 3) {
        made.of = subject::epochs;
        made.version = static_cast<std::int16_t>(draws_.between(0, 4));
        made.epoch = leader_epoch(static_cast<std::int32_t>(draws_.between(0, epochs_tried)));
    } else {
        made.version = static_cast<std::int16_t>(draws_.between(1, 11));
        made.time = drawn_time(made.version);
    }
    return made;
}

/// A special time, or one close to that of a record, for what is off by one shows there.
timestamp_ms lookup_client::drawn_time(std::int16_t version) {
    switch (draws_.below(8)) {
    case 0: return timestamp_ms(-1);
    case 1: return timestamp_ms(-2);
    case 2: return timestamp_ms(version >= first_with_largest ? -3 : -1);
    case 3: return timestamp_ms(draws_.chance(1, 2) ? 0 : std::numeric_limits<std::int64_t>::max());
    default: break;
    }
    const auto& batches = with_.told->batches();
    if (batches.empty())
        return timestamp_ms(0);
    const auto& stamps = batches[draws_.below(batches.size())].stamps;
    const auto near = stamps[draws_.below(stamps.size())].get();
    const auto off = std::max<std::int64_t>(near, 1) - 1 + static_cast<std::int64_t>(draws_.below(3));
    return timestamp_ms(near >= std::numeric_limits<std::int64_t>::max() - 1 ? near : off);
}

std::vector<slice> lookup_client::frame_of(const question& asked) const {
    const auto& topic = (*with_.topics)[asked.topic];
    const std::string name = lookups_name;
    if (asked.of == subject::directories) {
        kafka::describe_log_dirs_request all;
        all.topics.reset();
        return kafka::frame_request(correlation_, name, all, asked.version);
    }
    if (asked.of == subject::leaders) {
        kafka::metadata_request request;
        request.topics.emplace().emplace_back().name = topic.name;
        request.allow_auto_topic_creation = false;
        return kafka::frame_request(correlation_, name, request, asked.version);
    }
    if (asked.of == subject::epochs) {
        kafka::offset_for_leader_epoch_request request;
        request.replica_id = -1;
        auto& wanted = request.topics.emplace_back();
        wanted.topic = topic.name;
        for (std::int32_t index = 0; index < topic.partitions; ++index) {
            auto& partition = wanted.partitions.emplace_back();
            partition.partition = index;
            partition.leader_epoch = asked.epoch.get();
        }
        return kafka::frame_request(correlation_, name, request, asked.version);
    }
    kafka::list_offsets_request request;
    request.replica_id = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic.name;
    for (std::int32_t index = 0; index < topic.partitions; ++index) {
        auto& partition = wanted.partitions.emplace_back();
        partition.partition_index = index;
        partition.timestamp = asked.time.get();
    }
    return kafka::frame_request(correlation_, name, request, asked.version);
}

void lookup_client::on_frame(const slice& frame) {
    if (!asked_) {
        with_.told->on_bytes_ignored("lookups: an answer came that nobody asked for");
        return with_.on_told();
    }
    const auto asked = *std::exchange(asked_, std::nullopt);
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_), frame.size());
    if (with_.settled && with_.settled() != asked.settled)
        return;
    kafka::wire_reader in(frame);
    if (auto done = tell(asked, in); !done)
        with_.told->on_bytes_ignored("lookups: an answer cannot be read: " + to_string(done.failure()));
    with_.on_told();
}

result<void> lookup_client::tell(const question& asked, kafka::wire_reader& in) {
    switch (asked.of) {
    case subject::epochs: return tell_epochs(asked, in);
    case subject::directories: return tell_directories(asked, in);
    case subject::leaders: return tell_leaders(asked, in);
    case subject::offsets: break;
    }
    return tell_offsets(asked, in);
}

result<void> lookup_client::tell_offsets(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::list_offsets_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    const auto& name = (*with_.topics)[asked.topic].name;
    for (const auto& topic : answer->topics)
        for (const auto& partition : topic.partitions)
            if (partition.error_code == 0)
                with_.told->on_offset_told({with_.place_of(name, partition.partition_index), asked.time,
                                            log_offset(partition.offset), timestamp_ms(partition.timestamp)});
    return {};
}

result<void> lookup_client::tell_epochs(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::offset_for_leader_epoch_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    const auto& name = (*with_.topics)[asked.topic].name;
    for (const auto& topic : answer->topics)
        for (const auto& partition : topic.partitions)
            if (partition.error_code == 0)
                with_.told->on_epoch_end_told({with_.place_of(name, partition.partition), asked.epoch,
                                               leader_epoch(partition.leader_epoch),
                                               log_offset(partition.end_offset)});
    return {};
}

result<void> lookup_client::tell_directories(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::describe_log_dirs_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    log_dirs_told told;
    told.complete = answer->error_code == 0;
    for (const auto& directory : answer->results) {
        told.complete = told.complete && directory.error_code == 0;
        if (directory.error_code != 0)
            continue;
        auto& entry = told.directories.emplace_back(
            described_directory{directory.log_dir, directory.total_bytes, directory.usable_bytes, {}});
        for (const auto& topic : directory.topics)
            for (const auto& partition : topic.partitions)
                entry.replicas.push_back({with_.place_of(topic.name, partition.partition_index),
                                          partition.partition_size, partition.is_future_key});
    }
    with_.told->on_log_dirs_told(told);
    return {};
}

result<void> lookup_client::tell_leaders(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::metadata_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    const auto& name = (*with_.topics)[asked.topic].name;
    for (const auto& topic : answer->topics)
        for (const auto& partition : topic.partitions) {
            leader_told told{with_.place_of(name, partition.partition_index), partition.leader_id >= 0, {}};
            if (asked.version >= first_with_offline)
                told.is_offline = !partition.offline_replicas.empty();
            with_.on_leader_told(told);
        }
    return {};
}

} // namespace barnabas::sim
