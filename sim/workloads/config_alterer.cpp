#include "sim/workloads/config_alterer.hpp"

#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/alter_configs.hpp"
#include "protocol/kafka/describe_configs.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/incremental_alter_configs.hpp"
#include "runtime/config/cordon.hpp"
#include "runtime/node/node_services.hpp"
#include "sim/checkers/group_options_followed.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/workloads/lookup_answer.hpp"
#include "sim/workloads/produce_consume_options.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr const char* alterer_name = "alterer";
/// A connection that does not come about, or brings no answer, for so long is given up.
constexpr std::int64_t alterer_patience_ns = 3 * second;
constexpr std::int64_t alterer_look_interval_ns = 30 * millisecond;
constexpr std::int8_t topic_resource = 2;
constexpr std::int8_t group_resource = 32;
/// Kafka's ConfigSource of what was set for the topic itself, or the group.
constexpr std::int8_t of_topic = 1;
constexpr std::int8_t of_group = 8;
constexpr std::int8_t broker_resource = 4;
constexpr std::int8_t of_broker = 2;
constexpr std::int8_t of_all_brokers = 3;
/// Sessions are always longer than heartbeats are apart.
constexpr std::int64_t session_least_ms = 2'000;
constexpr std::int64_t session_most_ms = 6'000;
constexpr std::int64_t heartbeat_least_ms = 100;
constexpr std::int64_t heartbeat_most_ms = 600;
constexpr std::int16_t describe_version = 4;
constexpr std::int16_t incremental_version = 1;
constexpr std::int16_t replacing_version = 2;
constexpr const char* segment_key = "internal.segment.bytes";
constexpr const char* policy_key = "cleanup.policy";
constexpr const char* insync_key = "min.insync.replicas";

} // namespace

config_alterer::config_alterer(world& time, network_fabric& network, observation& watched,
                               alteration_options options, parts with)
    : world_(time), options_(options), with_(std::move(with)),
      host_(time, network, {alterer_name, {}, memory_disk::unlimited, {}}),
      draws_(time.draws(draw_stream::workload).split(alterer_name)) {
    host_.start([](runtime::node_services&) {}, furnished({}, time, watched, alterer_name));
}

config_alterer::~config_alterer() {
    rest();
}

bool config_alterer::may_alter(const group_rules& rules) {
    const auto& session = rules.session_timeout_ms;
    const auto& heartbeat = rules.heartbeat_interval_ms;
    return session.min <= session_least_ms && session.max >= session_most_ms &&
           session.unset > heartbeat_most_ms && heartbeat.min <= heartbeat_least_ms &&
           heartbeat.max >= heartbeat_most_ms && heartbeat.unset < session_least_ms;
}

void config_alterer::begin() {
    ask_later();
}

void config_alterer::audit() {
    audited_ = 0;
    next_at_ = world_.now();
}

void config_alterer::rest() {
    if (std::exchange(resting_, true))
        return;
    if (session_ != nullptr)
        session_->drop();
    session_ = nullptr;
    host_.crash(crash_kind::kill);
}

void config_alterer::ask_later() {
    world_.schedule_after(around(alterer_look_interval_ns), world_owner, [this] {
        if (resting_)
            return;
        ask();
        ask_later();
    });
}

void config_alterer::ask() {
    const bool waits = session_ != nullptr && (asked_ || !session_->is_open());
    if (waits && world_.now() - waits_since_ > alterer_patience_ns)
        session_->drop();
    if (session_ == nullptr || session_->is_over()) {
        give_up_question();
        waits_since_ = world_.now();
        session_ = std::make_shared<lookup_session>(world_, [this](const slice& frame) { on_frame(frame); });
        return session_->connect(*host_.node()->services().network, with_.broker);
    }
    if (asked_ || !session_->is_open() || world_.now() < next_at_)
        return;
    if (step_ == step::resting)
        begin_question();
    if (step_ == step::resting)
        return;
    asked_ = true;
    waits_since_ = world_.now();
    ++correlation_;
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_),
                  static_cast<std::uint64_t>(step_), current_);
    auto frame = frame_of_step();
    if (step_ == step::altering) {
        alteration_.at = world_.now();
        with_.on_asked(alteration_);
    }
    session_->write(std::move(frame));
}

void config_alterer::give_up_question() {
    if (std::exchange(asked_, false) && step_ == step::altering)
        with_.on_answered({false, world_.now()});
}

/// Stays at rest when there is nothing to ask.
void config_alterer::begin_question() {
    if (audited_) {
        if (is_audited())
            return;
        current_ = static_cast<std::uint32_t>(*audited_);
        step_ = step::asking;
        return;
    }
    if (world_.now() >= with_.until && taken_back_ < topics()) {
        current_ = static_cast<std::uint32_t>(taken_back_++);
        alteration_ = {current_, {{insync_key, config_operation::remove, ""}}, false, {}};
        step_ = step::altering;
        return;
    }
    if (starved_ && world_.now() < with_.until) {
        current_ = *std::exchange(starved_, std::nullopt);
        alteration_ = {current_, {{insync_key, config_operation::remove, ""}}, false, {}};
        step_ = step::altering;
        return;
    }
    current_ = static_cast<std::uint32_t>(draws_.below(subjects()));
    if (world_.now() >= with_.until || draws_.below(2) == 0) {
        step_ = step::asking;
        return;
    }
    draw_alteration();
    step_ = step::altering;
}

void config_alterer::draw_alteration() {
    alteration_ = {number_of_current(), {}, draws_.below(4) == 0, {}};
    const auto count = 1 + draws_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
        auto change = options_.broker ? drawn_broker_change()
                      : is_group()    ? drawn_group_change()
                                      : drawn_change((*with_.topics)[current_]);
        const bool named = std::any_of(alteration_.changes.begin(), alteration_.changes.end(),
                                       [&](const config_change& one) { return one.key == change.key; });
        // AlterConfigs only sets.
        if (!named && (!alteration_.replaces || change.what == config_operation::set))
            alteration_.changes.push_back(std::move(change));
    }
    if (alteration_.replaces && current_ < topics())
        add_created((*with_.topics)[current_]);
}

std::uint32_t config_alterer::number_of_current() const {
    if (options_.broker)
        return altered_broker + current_;
    if (!is_group())
        return current_;
    return first_group_with_configs + static_cast<std::uint32_t>(with_.groups[current_ - topics()]);
}

template <class Resource>
void config_alterer::name_current(Resource& resource) const {
    resource.resource_type = resource_type();
    if (options_.broker)
        resource.resource_name = current_ == 0 ? std::to_string(with_.node) : "";
    else
        resource.resource_name = is_group() ? "g" + std::to_string(with_.groups[current_ - topics()])
                                            : (*with_.topics)[current_].name;
}

std::int8_t config_alterer::resource_type() const noexcept {
    if (options_.broker)
        return broker_resource;
    return is_group() ? group_resource : topic_resource;
}

std::int8_t config_alterer::source_of_set() const noexcept {
    if (options_.broker)
        return current_ == 0 ? of_broker : of_all_brokers;
    return is_group() ? of_group : of_topic;
}

/// Of the log, and dynamic; topics that shall not follow have their own. The lowest values let all batches
/// through, and the cleaner get on.
config_change config_alterer::drawn_broker_change() {
    if (options_.cordon)
        return drawn_cordon();
    struct number_key {
        const char* name;
        std::uint64_t low;
        std::uint64_t high;
    };
    constexpr number_key keys[] = {
        {"log.retention.ms", 1'000, 600'000'000},
        {"log.retention.bytes", 10'000, 1'000'000'000},
        {"log.segment.bytes", 1'048'576, 1'073'741'824},
        {"log.roll.ms", 1'000, 600'000},
        {"log.index.interval.bytes", 1, 8'192},
        {"log.index.size.max.bytes", 64, 10'485'760},
        {"message.max.bytes", 60'000, 1'048'588},
        {"log.segment.delete.delay.ms", 1, 60'000},
        {"log.cleaner.dedupe.buffer.size", 1'048'576, 134'217'728},
        {"log.cleaner.io.buffer.size", 4'096, 524'288},
        {"log.cleaner.io.max.bytes.per.second", 1'000'000, 1'000'000'000},
        {"log.cleaner.min.compaction.lag.ms", 1, 2'000},
    };
    const auto& key = keys[draws_.below(std::size(keys))];
    const auto what = draws_.below(3) == 0 ? config_operation::remove : config_operation::set;
    return {key.name, what, std::to_string(draws_.log_between(key.low, key.high))};
}

config_change config_alterer::drawn_cordon() {
    const auto what = draws_.below(3) == 0 ? config_operation::remove : config_operation::set;
    const auto spared = draws_.below(with_.directories.size());
    std::string named;
    for (std::size_t i = 0; i < with_.directories.size(); ++i)
        if (i != spared && draws_.below(2) == 0)
            named += (named.empty() ? "" : ",") + with_.directories[i];
    return {cordon_key, what, named};
}

config_change config_alterer::drawn_group_change() {
    const auto what = draws_.below(3) == 0 ? config_operation::remove : config_operation::set;
    if (draws_.chance(1, 2))
        return {session_option, what, std::to_string(draws_.between(session_least_ms, session_most_ms))};
    return {heartbeat_option, what, std::to_string(draws_.between(heartbeat_least_ms, heartbeat_most_ms))};
}

/// Segments stay small, and what the workload needs to know of the topic stays as it was.
void config_alterer::add_created(const client::new_topic& topic) {
    for (const auto& [key, value] : topic.configs) {
        const bool named = std::any_of(alteration_.changes.begin(), alteration_.changes.end(),
                                       [&](const config_change& one) { return one.key == key; });
        if (!named && !std::string_view(key).starts_with("retention."))
            alteration_.changes.push_back({key, config_operation::set, value});
    }
}

config_change config_alterer::drawn_change(const client::new_topic& topic) {
    const auto number = [&](std::int64_t most) {
        return std::to_string(draws_.between(std::max<std::int64_t>(most / 20, 1), most));
    };
    const auto choice = draws_.below(10);
    const auto what = draws_.below(3) == 0 ? config_operation::remove : config_operation::set;
    if (choice < 3)
        return {"retention.bytes", what, number(options_.retention_bytes_max)};
    if (choice < 6)
        return {"retention.ms", what, draws_.below(4) == 0 ? "-1" : number(options_.retention_ms_max)};
    const bool has_segments = std::any_of(topic.configs.begin(), topic.configs.end(),
                                          [](const auto& one) { return one.first == segment_key; });
    if (choice < 7 && has_segments)
        return {segment_key, config_operation::set, number(options_.segment_bytes_max)};
    if (choice < 8 && options_.min_insync) {
        const bool starves = what == config_operation::set && draws_.below(2) == 0;
        if (starves)
            starved_ = current_;
        return {insync_key, what, starves ? "2" : "1"};
    }
    // What is not compacted stays so.
    const auto* word = is_compacted(topic) ? "compact" : "delete";
    return {policy_key, draws_.below(2) == 0 ? config_operation::append : config_operation::subtract, word};
}

std::vector<slice> config_alterer::frame_of_step() {
    if (step_ == step::altering)
        return frame_of_alteration();
    kafka::describe_configs_request request;
    auto& resource = request.resources.emplace_back();
    name_current(resource);
    resource.configuration_keys.reset();
    request.include_synonyms = true;
    return kafka::frame_request(correlation_, alterer_name, request, describe_version);
}

std::vector<slice> config_alterer::frame_of_alteration() const {
    const auto fill = [&](auto& request) {
        auto& resource = request.resources.emplace_back();
        name_current(resource);
        for (const auto& change : alteration_.changes) {
            auto& config = resource.configs.emplace_back();
            config.name = change.key;
            config.value = change.value;
            if constexpr (requires { config.config_operation; })
                config.config_operation = static_cast<std::int8_t>(change.what);
        }
    };
    if (alteration_.replaces) {
        kafka::alter_configs_request request;
        fill(request);
        return kafka::frame_request(correlation_, alterer_name, request, replacing_version);
    }
    kafka::incremental_alter_configs_request request;
    fill(request);
    return kafka::frame_request(correlation_, alterer_name, request, incremental_version);
}

void config_alterer::on_frame(const slice& frame) {
    if (!std::exchange(asked_, false))
        return with_.on_problem("alterer: an answer came that nobody asked for");
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_), frame.size());
    kafka::wire_reader in(frame);
    auto heard = step_ == step::altering ? hear_altered(in) : hear_told(in);
    if (!heard)
        with_.on_problem("alterer: an answer cannot be read: " + to_string(heard.failure()));
}

result<void> config_alterer::hear_altered(kafka::wire_reader& in) {
    if (alteration_.replaces) {
        const auto answer = answer_to<kafka::alter_configs_response>(correlation_, in, replacing_version);
        if (!answer)
            return answer.failure();
        for (const auto& one : answer->responses)
            on_altered(one.error_code);
        return {};
    }
    const auto answer =
        answer_to<kafka::incremental_alter_configs_response>(correlation_, in, incremental_version);
    if (!answer)
        return answer.failure();
    for (const auto& one : answer->responses)
        on_altered(one.error_code);
    return {};
}

void config_alterer::on_altered(std::int16_t code) {
    with_.on_answered({code == 0, world_.now()});
    if (code == 0)
        done();
    else
        repeat_after(code, alteration_.replaces ? "AlterConfigs" : "IncrementalAlterConfigs");
}

result<void> config_alterer::hear_told(kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::describe_configs_response>(correlation_, in, describe_version);
    if (!answer)
        return answer.failure();
    for (const auto& one : answer->results) {
        if (one.error_code != 0) {
            repeat_after(one.error_code, "DescribeConfigs");
            continue;
        }
        configs_told told{number_of_current(), {}, world_.now()};
        // Keys for tests are not listed.
        for (const auto& config : one.configs)
            if (config.config_source == source_of_set())
                told.set[config.name] = config.value.value_or("");
        with_.on_told(told);
        if (audited_)
            ++*audited_;
        done();
    }
    return {};
}

void config_alterer::done() {
    step_ = step::resting;
    const bool in_haste = audited_ || (world_.now() >= with_.until && taken_back_ < topics());
    next_at_ = world_.now() + (in_haste ? 0 : around(options_.interval_ns));
}

/// The same question again. A topic that is not there yet is about to be made.
void config_alterer::repeat_after(std::int16_t code, const char* what) {
    const kafka::error_code known{code};
    if (known != kafka::error_code::unknown_topic_or_partition && !client::may_pass(known))
        with_.on_problem("alterer: " + std::string(what) + " was answered " +
                         std::string(kafka::name_of(known)));
}

} // namespace barnabas::sim
