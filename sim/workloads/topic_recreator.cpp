#include "sim/workloads/topic_recreator.hpp"

#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/delete_topics.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/metadata.hpp"
#include "runtime/node/node_services.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/workloads/lookup_answer.hpp"

#include <utility>

namespace barnabas::sim {

namespace {

using kafka::error_code;

constexpr const char* recreator_name = "recreator";
/// A connection that does not come about, or brings no answer, for so long is given up.
constexpr std::int64_t recreator_patience_ns = 3 * second;
constexpr std::int64_t recreator_look_interval_ns = 30 * millisecond;
constexpr std::int32_t broker_timeout_ms = 2'000;
constexpr std::int16_t metadata_version = 12;
constexpr std::int16_t create_version = 7;
constexpr std::int16_t delete_by_id = 6;

} // namespace

topic_recreator::topic_recreator(world& time, network_fabric& network, observation& watched,
                                 recreation_options options, parts with)
    : world_(time), options_(options), with_(std::move(with)),
      host_(time, network, {recreator_name, {}, memory_disk::unlimited, {}}),
      draws_(time.draws(draw_stream::workload).split(recreator_name)), ids_(with_.topics->size()) {
    host_.start([](runtime::node_services&) {}, furnished({}, time, watched, recreator_name));
}

topic_recreator::~topic_recreator() {
    rest();
}

void topic_recreator::begin() {
    ask_later();
}

void topic_recreator::rest() {
    if (std::exchange(resting_, true))
        return;
    if (session_ != nullptr)
        session_->drop();
    session_ = nullptr;
    host_.crash(crash_kind::kill);
}

void topic_recreator::ask_later() {
    world_.schedule_after(around(recreator_look_interval_ns), world_owner, [this] {
        if (resting_)
            return;
        ask();
        ask_later();
    });
}

void topic_recreator::ask() {
    const bool waits = session_ != nullptr && (asked_ || !session_->is_open());
    if (waits && world_.now() - waits_since_ > recreator_patience_ns)
        session_->drop();
    if (session_ == nullptr || session_->is_over()) {
        asked_ = false;
        waits_since_ = world_.now();
        session_ = std::make_shared<lookup_session>(world_, [this](const slice& frame) { on_frame(frame); });
        return session_->connect(*host_.node()->services().network, with_.broker);
    }
    if (asked_ || !session_->is_open() || !is_due())
        return;
    asked_ = true;
    ++attempts_;
    waits_since_ = world_.now();
    ++correlation_;
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_),
                  static_cast<std::uint64_t>(step_), current_);
    session_->write(frame_of_step());
}

/// Whether there is something to ask; the time for the next step may have come.
bool topic_recreator::is_due() {
    if (world_.now() < next_at_)
        return false;
    if (step_ == step::away) {
        step_ = step::making;
        attempts_ = 0;
    }
    if (step_ != step::resting)
        return true;
    if (world_.now() >= with_.until)
        return false;
    begin_deletion();
    return true;
}

void topic_recreator::begin_deletion() {
    current_ = static_cast<std::uint32_t>(draws_.below(with_.topics->size()));
    step_ = step::deleting;
    attempts_ = 0;
    ++deletions_;
    with_.on_goes(current_);
}

std::vector<slice> topic_recreator::frame_of_step() {
    const auto& topic = (*with_.topics)[current_];
    const std::string name = recreator_name;
    if (step_ == step::deleting) {
        kafka::delete_topics_request request;
        request.timeout_ms = broker_timeout_ms;
        // By name it could come late, from a connection that was given up, and hit the next one.
        version_ = delete_by_id;
        request.topics.emplace_back().topic_id = *ids_[current_];
        return kafka::frame_request(correlation_, name, request, version_);
    }
    if (step_ == step::making) {
        kafka::create_topics_request request;
        request.timeout_ms = broker_timeout_ms;
        auto& entry = request.topics.emplace_back();
        entry.name = topic.name;
        entry.num_partitions = topic.partitions;
        entry.replication_factor = 1;
        for (const auto& [key, value] : topic.configs) {
            auto& config = entry.configs.emplace_back();
            config.name = key;
            config.value = value;
        }
        version_ = create_version;
        return kafka::frame_request(correlation_, name, request, version_);
    }
    kafka::metadata_request request;
    request.topics.emplace().emplace_back().name = topic.name;
    request.allow_auto_topic_creation = false;
    version_ = metadata_version;
    return kafka::frame_request(correlation_, name, request, version_);
}

void topic_recreator::on_frame(const slice& frame) {
    if (!std::exchange(asked_, false))
        return with_.on_problem("recreator: an answer came that nobody asked for");
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_), frame.size());
    kafka::wire_reader in(frame);
    if (auto done = hear(in); !done)
        with_.on_problem("recreator: an answer cannot be read: " + to_string(done.failure()));
}

result<void> topic_recreator::hear(kafka::wire_reader& in) {
    switch (step_) {
    case step::deleting: return hear_deleted(in);
    case step::making: return hear_made(in);
    default: return hear_looked(in);
    }
}

result<void> topic_recreator::hear_looked(kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::metadata_response>(correlation_, in, version_);
    if (!answer)
        return answer.failure();
    for (const auto& topic : answer->topics) {
        if (topic.error_code == 0 && topic.topic_id != ids_[current_].value_or(topic_id{}))
            there(topic.topic_id);
        else if (ids_[current_])
            step_ = step::making;
    }
    return {};
}

result<void> topic_recreator::hear_deleted(kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::delete_topics_response>(correlation_, in, version_);
    if (!answer)
        return answer.failure();
    for (const auto& topic : answer->responses) {
        const error_code code{topic.error_code};
        const bool is_unknown =
            code == error_code::unknown_topic_or_partition || code == error_code::unknown_topic_id;
        // The answer to an earlier question was lost.
        if (code == error_code::none || (is_unknown && attempts_ > 1))
            deleted();
        else
            repeat_after(code, "DeleteTopics");
    }
    return {};
}

void topic_recreator::deleted() {
    step_ = step::away;
    next_at_ = world_.now() + around(options_.away_ns);
    removed_.insert(*ids_[current_]);
    with_.on_gone(current_);
}

result<void> topic_recreator::hear_made(kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::create_topics_response>(correlation_, in, version_);
    if (!answer)
        return answer.failure();
    for (const auto& topic : answer->topics) {
        const error_code code{topic.error_code};
        if (code == error_code::none)
            there(topic.topic_id);
        // An earlier question was not lost, only its answer.
        else if (code == error_code::topic_already_exists)
            step_ = step::looking;
        else
            repeat_after(code, "CreateTopics");
    }
    return {};
}

void topic_recreator::there(const topic_id& id) {
    ids_[current_] = id;
    with_.on_there(current_, id);
    attempts_ = 0;
    if (current_ + 1 < ids_.size() && !ids_[current_ + 1]) {
        ++current_;
        return;
    }
    step_ = step::resting;
    next_at_ = world_.now() + around(options_.interval_ns);
}

void topic_recreator::repeat_after(error_code code, const char* what) {
    if (!client::may_pass(code))
        with_.on_problem("recreator: " + std::string(what) + " was answered " +
                         std::string(kafka::name_of(code)));
}

} // namespace barnabas::sim
