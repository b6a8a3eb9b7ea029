#include "sim/workloads/produce_consume.hpp"

#include "actors/group/group_names.hpp"
#include "runtime/config/topic_config.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/mutants/canary.hpp"
#include "sim/workloads/broker_config.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

constexpr const char* broker_host = "broker";
constexpr const char* hostile_topic = "hostile";
constexpr std::int64_t read_after_ns = 8 * second;
constexpr std::int64_t result_grace_ns = 2 * second;
constexpr std::int64_t audit_limit_ns = 30 * second;
constexpr std::int64_t last_stop_limit_ns = 10 * second;
/// What acks=1 acknowledged comes below the high watermark within this time on a healthy disk.
constexpr std::int64_t last_sync_ns = second;
/// A closed connection tries for so long to send what was written.
constexpr std::int64_t last_linger_ns = 6 * second;
/// Between the last crash and the start that follows.
constexpr std::int64_t last_downtime_ns = 50 * millisecond;
/// Between two looks at the broker's memory and at what it has not answered.
constexpr std::int64_t broker_look_interval_ns = 50 * millisecond;

std::int64_t longest_result(const produce_consume_options& options) {
    std::int64_t longest = 0;
    for (const auto& load : options.producers) {
        const auto wait = load.producer.delivery_timeout_ns + load.producer.request_timeout_ms * millisecond;
        longest = std::max(longest, wait + client_request_timeout_ns + result_grace_ns);
    }
    return longest;
}

/// The nodes of a run follow the recorded choices, if there are any, and write theirs down if asked to.
produce_consume_options with_choices(produce_consume_options options,
                                     const std::shared_ptr<choice_log>& recorded) {
    for (auto* scheduler : {&options.broker_scheduler, &options.client_scheduler}) {
        scheduler->choices = options.choices;
        scheduler->recorded = recorded;
    }
    return options;
}

broker_settings settings_of(const produce_consume_options& options, tap_recorder& taps,
                            std::function<bool(const error&)> may_give_up) {
    broker_settings settings;
    settings.host = broker_host;
    settings.config =
        std::make_shared<const broker_config>(broker_config_of(broker_host, options.broker_config));
    settings.planted = options.planted;
    settings.planted.partitions = &taps;
    settings.planted.connections = &taps;
    settings.scheduler = options.broker_scheduler;
    settings.clock = options.broker_clock;
    settings.may_give_up = std::move(may_give_up);
    return settings;
}

runtime::endpoint broker_endpoint() {
    return {broker_host, simulated_broker::port};
}

} // namespace

std::uint32_t number_of_topic(const std::string& topic, const produce_consume_options& options) {
    if (topic == hostile_topic)
        return static_cast<std::uint32_t>(options.topics.size());
    if (topic == group::offsets_topic)
        return static_cast<std::uint32_t>(options.topics.size() + 1);
    return static_cast<std::uint32_t>(std::stoul(topic.substr(1)));
}

produce_consume::produce_consume(const produce_consume_options& options, narrator tell, bool keep)
    : chosen_(keep ? std::make_shared<choice_log>() : nullptr), options_(with_choices(options, chosen_)),
      tell_(std::move(tell)), world_(options.seed), network_(world_), lives_(options_.topics.size()),
      taps_({&world_, &history_,
             [this](const std::string& topic, const topic_partition& id) {
                 return place_of(number_of_topic(topic, options_), id.topic, id.partition.get());
             },
             [this] { look_at_invariants(); }}),
      broker_(world_, network_, watched_, settings_of(options_, taps_, [this](const error& why) {
                  this->tell("the broker gave up: " + to_string(why));
                  return disk_may_show();
              })) {
    taps_.watch(broker_.host());
    watched_.on_log = [this](virtual_time, const std::string& host, log_level level,
                             const std::string& line) {
        if (tell_)
            this->tell(host + ": " + std::string(name_of(level)) + " " + line);
        if (level == log_level::error && !(host == broker_host && disk_may_show()))
            fail("node", host + " logged an error: " + line);
    };
    add_all_checkers(history_, {longest_result(options_), read_after_ns}, {}, options_.faults.lossy);
    for (std::uint32_t topic = 0; topic < options_.topics.size(); ++topic)
        if (is_compacted(options_.topics[topic]))
            history_.begin_compaction(topic);
        else
            history_.begin_retention(topic, retention_of(topic));
    if (chosen_)
        network_.watch_harm([this](const connection_harm& harm) { harms_.push_back(harm); });
    if (options_.planted.planted.canary)
        history_.add(make_canary(history_, options_.seed));
    if (options_.planted.planted.deadly_canary)
        history_.add(make_deadly_canary(history_, options_.seed));
    // No CRC covers a batch's base offset, so a sector that rots there shows its records at other places.
    if (options_.faults.disk.sticky_rot_chance > 0)
        for (const auto* name : {"reads_show_the_log", "cleaning_keeps_producers"})
            history_.leave_out(name);
    for (const auto& name : options_.without_checkers)
        history_.leave_out(name);
    add_disk_checkers();
}

produce_consume::~produce_consume() = default;

run_report produce_consume::run() {
    broker_.start();
    start_clients();
    std::vector<std::uint32_t> clients;
    for (const auto& each : loads_)
        clients.push_back(each->host->host().number());
    for (const auto& each : readers_)
        clients.push_back(each->host().number());
    for (const auto& numbers : {members_->hosts(), programs_->hosts()})
        clients.insert(clients.end(), numbers.begin(), numbers.end());
    faults_ = std::make_unique<fault_driver>(
        fault_driver::parts{&world_, &network_, &broker_, clients,
                            [this](const std::string& line) { tell(line); },
                            [this](directory_hang hang) { on_hang(std::move(hang)); },
                            [this](const foreign_disk& disk) { on_foreign_disk(disk); },
                            [this](const std::string& directory) { on_directory_taken(directory); }},
        options_.faults);
    faults_->begin();
    look_at_broker();
    start_hostile_clients();
    start_lookups();
    start_recreations();
    start_alterations();
    run_phases();
    return report();
}

bool produce_consume::run_phases() {
    if (!world_.run_until(options_.faults.healing))
        return false;
    faults_->heal();
    history_.on_healed(world_.now());
    if (!world_.run_until(options_.progress_due))
        return false;
    // What was lost may be what the broker needs to serve anybody.
    if (!options_.faults.lossy)
        history_.on_progress_due(world_.now(), static_cast<std::uint32_t>(loads_.size()),
                                 static_cast<std::uint32_t>(options_.readers.size()));
    look_at_invariants();
    load_ended_ = true;
    tell("the load ends");
    world_.run_until([this] { return unfinished() == 0; }, world_.now() + longest_result(options_));
    if (hostile_ != nullptr)
        hostile_->rest();
    if (lookups_ != nullptr)
        lookups_->rest();
    if (recreator_ != nullptr)
        recreator_->rest();
    if (!world_.failed() && audit() && removals_are_done() && stop_broker()) {
        note_heard();
        facts_.written_may_be_lost =
            faults_->power_was_cut() || (options_.faults.any && options_.faults.disk.sync_error_chance > 0);
        facts_.replies_dropped = watched_.replies_dropped;
        if (alterer_ != nullptr)
            alterer_->rest();
        admin_->end();
        for (auto& each : loads_)
            facts_.leaked_actors += each->host->end();
        for (auto& each : library_readers_)
            each->rest();
        for (auto& each : readers_)
            facts_.leaked_actors += each->end();
        facts_.leaked_actors += members_->end();
        facts_.leaked_actors += programs_->end();
        facts_.leaked_actors += broker_.host().leaked_actors();
        // What was closed may still linger.
        world_.run_for(last_linger_ns);
        facts_.open_connections = network_.open_connections();
        facts_.open_files = broker_.files_left_open();
        history_.on_end(facts_);
        look_at_invariants();
    }
    return !world_.failed();
}

bool produce_consume::audit() {
    if (options_.faults.any)
        faults_->crash(options_.faults.last_crash, options_.faults.last_losses, last_downtime_ns);
    else
        world_.run_for(last_sync_ns);
    tell("the audit begins");
    client::consumer_options reading;
    reading.max_wait_ms = 100;
    start_reader(static_cast<std::uint32_t>(options_.readers.size()), reading, true);
    members_->audit();
    programs_->audit();
    if (alterer_ != nullptr)
        alterer_->audit();
    const auto all = places().size();
    const auto configs_told = [&] { return alterer_ == nullptr || alterer_->is_audited(); };
    const auto asked = [&] { return members_->is_audited() && programs_->is_audited() && configs_told(); };
    const auto done = [&] { return facts_.audit_ends.size() == all && asked(); };
    if (world_.run_until(done, world_.now() + audit_limit_ns))
        return true;
    if (options_.faults.lossy)
        return !world_.failed();
    fail("liveness_after_healing", asked() ? "the audit did not reach the end of every partition"
                                           : "the audit was not told every committed offset or config");
    return false;
}

bool produce_consume::stop_broker() {
    bool asked = false;
    bool stopped = false;
    faults_->rest();
    if (options_.faults.lossy && !broker_.running())
        return !world_.failed();
    broker_.stop(last_stop_limit_ns, [&](bool by_itself) {
        asked = true;
        stopped = by_itself;
    });
    world_.run_until([&] { return asked; }, world_.now() + 2 * last_stop_limit_ns);
    if (!stopped && !(options_.faults.lossy && broker_.gave_up()))
        fail("liveness_after_healing", "the broker did not stop when it was asked to");
    return !world_.failed() && (stopped || options_.faults.lossy);
}

/// Without faults the broker lives through the run, and who connected once was never cut off.
void produce_consume::note_heard() {
    if (options_.faults.any)
        return;
    for (const auto& each : loads_) {
        if (!each->options->library && network_.connects_of(each->host->host().number()) == 1)
            facts_.heard_until[each->number] = options_.progress_due;
    }
}

void produce_consume::start_clients() {
    start_admin();
    for (std::uint32_t number = 0; number < options_.producers.size(); ++number)
        start_load(number);
    if (options_.sends && !options_.sends->empty())
        world_.schedule(options_.sends->front().at, world_owner, [this] { send_planned(0); });
    for (std::uint32_t number = 0; number < options_.readers.size(); ++number)
        start_reader(number, options_.readers[number], false);
    start_members();
    start_programs();
}

void produce_consume::start_members() {
    group_members::parts parts;
    parts.broker = broker_endpoint();
    parts.topics = options_.topics;
    parts.broker_config = options_.broker_config;
    parts.admin = options_.group_admin;
    parts.topics_go = options_.recreations.interval_ns > 0;
    parts.scheduler = options_.client_scheduler;
    parts.rude_until = options_.faults.healing;
    parts.on_event = [this](const group_event& event) {
        history_.on_group(event);
        look_at_invariants();
    };
    parts.on_interval = [this](const interval_told& told) { on_interval_told(told); };
    parts.on_problem = [this](const std::string& what) {
        if (!disk_may_show())
            fail("node", what);
    };
    members_ = std::make_unique<group_members>(world_, network_, watched_, std::move(parts));
    members_->start(options_.members);
}

void produce_consume::start_admin() {
    admin_ = std::make_unique<client_host>(world_, network_, watched_, "admin", options_.client_scheduler);
    client::admin_events events;
    events.on_created = [this](const std::string& topic, const result<void>& outcome) {
        if (outcome)
            tell("topic " + topic + " is there");
        else
            fail("node", "topic " + topic + " was refused: " + to_string(outcome.failure()));
    };
    admin_->spawn([&](runtime::node_services& node) {
        return client::spawn_topic_admin(node, client_of(broker_endpoint(), "admin", 0), events);
    });
    for (const auto& topic : options_.topics)
        admin_->send(0, client::create_topic{topic});
}

void produce_consume::start_hostile_clients() {
    if (options_.topics.empty())
        return;
    hostile_clients::parts parts;
    parts.broker = broker_endpoint();
    parts.topics = {options_.topics.front().name, hostile_topic};
    parts.healthy_since = [this] { return faults_->healthy_since(); };
    parts.on_ignored = [this](const hostile_report& ignored) {
        history_.on_bytes_ignored(ignored.what);
        look_at_invariants();
    };
    parts.planned = options_.attacks;
    if (chosen_)
        parts.on_attack = [this](const planned_attack& attack) { attacked_.push_back(attack); };
    hostile_ = std::make_unique<hostile_clients>(world_, network_, watched_, options_.hostile, parts);
    hostile_->begin();
}

void produce_consume::start_lookups() {
    if (options_.topics.empty() || options_.lookups.interval_ns == 0)
        return;
    lookup_client::parts parts;
    parts.broker = broker_endpoint();
    parts.topics = &options_.topics;
    parts.place_of = [this](const std::string& topic, std::int32_t partition) {
        const auto number = number_of_topic(topic, options_);
        return place{number, partition, number < options_.topics.size() ? lives_.newest(number) : 0};
    };
    parts.settled = [this]() -> std::optional<std::uint64_t> {
        if (recreator_ == nullptr)
            return 0;
        return recreator_->is_settled() ? std::optional(recreator_->deletions()) : std::nullopt;
    };
    parts.told = &history_;
    parts.on_told = [this] { look_at_invariants(); };
    if (taken_checker_ != nullptr)
        parts.on_leader_told = [this](const leader_told& told) { taken_checker_->on_leader_told(told); };
    lookups_ = std::make_unique<lookup_client>(world_, network_, watched_, options_.lookups, parts);
    lookups_->begin();
}

void produce_consume::start_load(std::uint32_t number) {
    const auto name = "producer-" + std::to_string(number);
    auto& made = *loads_.emplace_back(std::make_unique<load>());
    made.host = std::make_unique<client_host>(world_, network_, watched_, name, options_.client_scheduler);
    made.options = &options_.producers[number];
    made.number = number;
    made.draws = world_.draws(draw_stream::workload).split(name);
    if (made.options->library)
        return start_library(made, name);
    client::producer_events events;
    events.on_outcome = [this, &made](const client::produce_outcome& outcome) { on_outcome(made, outcome); };
    events.on_sequence_lost = [this, &made](std::uint64_t token, kafka::error_code code) {
        const auto& where = history_.batches()[token].where;
        tell("producer " + std::to_string(made.number) + " lost its sequence in " + to_string(where) + ": " +
             std::string(kafka::name_of(code)));
        history_.on_sequence_lost(made.number, made.options->producer.acks, where);
        look_at_invariants();
    };
    made.host->spawn([&](runtime::node_services& node) {
        return client::spawn_producer(node, client_of(broker_endpoint(), name, 0), made.options->producer,
                                      events);
    });
    if (!options_.sends)
        send_next(made);
}

void produce_consume::start_reader(std::uint32_t number, const client::consumer_options& options,
                                   bool audit) {
    const auto name = audit ? std::string("audit") : "reader-" + std::to_string(number);
    auto& host = *readers_.emplace_back(
        std::make_unique<client_host>(world_, network_, watched_, name, options_.client_scheduler));
    if (!audit && options_.readers[number].library)
        return start_library(host, number, name);
    for (std::uint32_t topic = 0; topic < options_.topics.size(); ++topic) {
        auto reading = options;
        reading.topic = options_.topics[topic].name;
        client::consumer_events events;
        events.on_consumed = [this, number, topic, audit](const client::consumed& got) {
            on_consumed(number, topic, audit, got);
        };
        events.on_log_start = [this, number, topic](const topic_id& id, std::int32_t partition,
                                                    log_offset start) {
            history_.on_watermark(
                {number, place_of(topic, id, partition), log_offset(-1), start, world_.now()});
            look_at_invariants();
        };
        events.on_problem = [this, number, topic](const client::consumer_problem& problem) {
            on_problem(number, topic, problem);
        };
        host.spawn([&](runtime::node_services& node) {
            return client::spawn_consumer(node, client_of(broker_endpoint(), name, topic), reading, events);
        });
    }
}

void produce_consume::look_at_invariants() {
    if (const auto& broken = history_.broken())
        fail(broken->checker, broken->what);
}

/// Errors of the broker and refusals that are the disk's fault are no finding: in a lossy run whenever they
/// come, else until the disk is mended and the broker was started again.
bool produce_consume::disk_may_show() const {
    const auto& plan = options_.faults;
    return plan.lossy || (plan.any && plan.disk_fails() && (faults_ == nullptr || !faults_->healed()));
}

void produce_consume::look_at_broker() {
    if (broker_.running()) {
        look_at_disk();
        taps_.reading(broker_.reading());
    }
    world_.schedule_after(broker_look_interval_ns, world_owner, [this] { look_at_broker(); });
}

std::size_t produce_consume::unfinished() const {
    std::size_t count = 0;
    for (const auto& each : loads_)
        count += each->unfinished;
    return count;
}

std::vector<place> produce_consume::places() const {
    std::vector<place> all;
    for (std::uint32_t topic = 0; topic < options_.topics.size(); ++topic) {
        for (std::int32_t partition = 0; partition < options_.topics[topic].partitions; ++partition)
            all.push_back({topic, partition, lives_.newest(topic)});
    }
    return all;
}

void produce_consume::fail(const std::string& checker, const std::string& what) {
    if (world_.failed())
        return;
    if (outcome_.checker.empty()) {
        outcome_.checker = checker;
        outcome_.what = what;
    } else if (checker != outcome_.checker &&
               std::find(outcome_.also.begin(), outcome_.also.end(), checker) == outcome_.also.end()) {
        outcome_.also.push_back(checker);
    }
    if (!options_.to_the_end)
        world_.fail(what);
}

void produce_consume::tell(const std::string& line) const {
    if (tell_)
        tell_(world_.now(), line);
}

run_report produce_consume::report() {
    outcome_.passed = !world_.failed() && outcome_.checker.empty();
    if (!outcome_.passed && outcome_.checker.empty()) {
        outcome_.checker = "node";
        outcome_.what = world_.failure();
    }
    if (options_.to_the_end) {
        for (const auto& name : history_.all_broken())
            fail(name, {});
    }
    outcome_.trace_hash = world_.trace_hash();
    outcome_.virtual_ns = world_.now().get();
    outcome_.events = world_.events();
    outcome_.batches = history_.batches().size();
    outcome_.broker_lives = broker_.incarnations();
    if (faults_ != nullptr) {
        outcome_.faults_met = faults_->met();
        outcome_.faults = outcome_.faults_met.total();
    }
    return outcome_;
}

} // namespace barnabas::sim
