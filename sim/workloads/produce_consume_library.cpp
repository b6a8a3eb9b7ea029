// Loads that send through the client library's producer, readers and programs that read with its consumer.

#include "actors/client/producer/producer_actor.hpp"
#include "actors/client/producer/producer_messages.hpp"
#include "protocol/model/assert.hpp"
#include "sim/workloads/produce_consume.hpp"
#include "sim/workloads/record_content.hpp"

namespace barnabas::sim {

namespace {

/// Impatient, and with a small buffer and small batches, so that a run sees all of it.
client::producer_settings settings_of(const load_options& load, const std::string& name, bool idempotent,
                                      const planted_bugs& planted) {
    constexpr const char* codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    const auto codec = load.codecs.empty() ? batch::codec::none : load.codecs.back();
    auto made = client::read_producer_settings(
        {{"bootstrap.servers", "broker:" + std::to_string(simulated_broker::port)},
         {"client.id", name},
         {"acks", std::to_string(load.producer.acks)},
         {"enable.idempotence", idempotent ? "true" : "false"},
         {"max.in.flight.requests.per.connection", std::to_string(load.producer.in_flight_max)},
         {"request.timeout.ms", std::to_string(client_request_timeout_ns / millisecond)},
         {"delivery.timeout.ms", std::to_string(load.producer.delivery_timeout_ns / millisecond)},
         {"max.block.ms", "3000"},
         {"linger.ms", "20"},
         {"batch.size", "4000"},
         {"buffer.memory", "100000"},
         {"compression.type", codecs[static_cast<std::size_t>(codec)]}});
    BARNABAS_ASSERT(made.has_value());
    // Topics have their makers.
    made->creates_topics = false;
    // Checkers take a record that stands twice for a bug.
    made->repeats_open = false;
    made->planted = planted;
    return std::move(*made);
}

client::delivery delivery_of(client::delivery_fate fate) {
    switch (fate) {
    case client::delivery_fate::written: return client::delivery::acked;
    case client::delivery_fate::failed: return client::delivery::failed;
    case client::delivery_fate::sent:
    case client::delivery_fate::unknown: return client::delivery::unknown;
    }
    return client::delivery::unknown;
}

} // namespace

bool produce_consume::is_idempotent(const load& of) const {
    const auto& producer = of.options->producer;
    return producer.idempotent && (!of.options->library || producer.acks == -1);
}

void produce_consume::start_library(load& of, const std::string& name) {
    client::producer_actor_events events;
    events.on_sequence_lost = [this, &of](const std::string& topic, std::int32_t partition,
                                          kafka::error_code code) {
        const place where{number_of_topic(topic, options_), partition, 0};
        tell("producer " + std::to_string(of.number) + " lost its sequence in " + to_string(where) + ": " +
             std::string(kafka::name_of(code)));
        history_.on_sequence_lost(of.number, of.options->producer.acks, where);
        look_at_invariants();
    };
    auto settings = settings_of(*of.options, name, is_idempotent(of), options_.planted.planted);
    of.host->spawn([&](runtime::node_services& node) {
        return client::spawn_record_producer(node, {std::move(settings), loop_index(0), 0}, events).actor;
    });
    if (!options_.sends)
        send_next(of);
}

void produce_consume::start_library(client_host& host, std::uint32_t number, const std::string& name) {
    if (options_.topics.empty())
        return;
    library_reader::parts parts;
    parts.time = &world_;
    parts.host = &host;
    parts.topics = options_.topics;
    parts.name = name;
    parts.planted = options_.planted.planted;
    parts.on_extent = [this, number](const library_reader::extent& told) {
        const auto where = place_of(number_of_topic(told.topic, options_), told.id, told.partition);
        history_.on_watermark({number, where, told.high_watermark, told.log_start, world_.now()});
        look_at_invariants();
    };
    parts.on_record = [this, number](const std::string& topic, const topic_id& id,
                                     const client::consumed_record& record) {
        const auto where = place_of(number_of_topic(topic, options_), id, record.where->partition);
        const batch::record_view seen{
            log_offset(record.offset), 0, timestamp_ms(record.timestamp), record.key, record.value, {}};
        on_record({number, false, where, seen.offset, number_seen(seen), content_of(seen), world_.now()});
        look_at_invariants();
    };
    parts.on_problem = [this, number](const error& why) { on_poll_failed(number, why); };
    library_readers_.push_back(std::make_unique<library_reader>(std::move(parts), options_.readers[number]));
}

void produce_consume::on_poll_failed(std::uint32_t reader, const error& why) {
    const auto what = "a poll of reader " + std::to_string(reader) + " failed: " + to_string(why);
    tell(what);
    // What the broker notices itself it refuses to serve.
    const bool answered = why.detail.find("the broker answered") != std::string::npos;
    const bool damaged = why.code == errc::corrupt_message || why.code == errc::invalid_record;
    if (damaged && !answered)
        return fail("nothing_invented", what);
    // An answer may still be on its way when the disk is whole again.
    if (!options_.faults.lossy && !(options_.faults.any && options_.faults.disk_fails()))
        fail("node", what);
}

void produce_consume::start_programs() {
    library_consumers::parts parts;
    parts.broker = {"broker", simulated_broker::port};
    parts.topics = options_.topics;
    parts.scheduler = options_.client_scheduler;
    parts.planted = options_.planted.planted;
    parts.broker_config = options_.broker_config;
    parts.rude_until = options_.faults.healing;
    // They compare what clients saw over the broker's lives, and so need disks that keep what they synced.
    if (!options_.faults.lossy)
        consumer_checkers_ = all_consumer_checkers(history_);
    parts.on_event = [this](const consumer_event& event) {
        for (auto& one : consumer_checkers_) {
            one->on_consumer(event);
            fail_unless_without(one->name(), one->violation());
        }
    };
    parts.on_group = [this](const group_event& event) {
        history_.on_group(event);
        look_at_invariants();
    };
    parts.tell = [this](const std::string& line) { tell(line); };
    programs_ = std::make_unique<library_consumers>(world_, network_, watched_, std::move(parts));
    programs_->start(options_.programs);
}

/// A record is a batch of the history when each gets a result of its own.
void produce_consume::send_records(load& of, const planned_send& planned) {
    if (!of.options->library)
        return send_batch(of, planned);
    auto single = planned;
    for (const auto bytes : planned.value_bytes) {
        single.value_bytes = {bytes};
        send_batch(of, single);
    }
}

void produce_consume::send_by_library(load& of, client::outgoing_batch batch) {
    const auto& record = batch.records.front();
    client::send_record message;
    message.topic = batch.topic;
    message.partition = batch.partition;
    message.key = record.key;
    message.value = record.value;
    message.timestamp_ms = record.timestamp.get();
    message.call = [this, &of, token = batch.token](const client::delivery_report& report) {
        on_outcome(of, {token, delivery_of(report.fate), log_offset(report.offset), report.why.detail});
    };
    of.host->send(0, std::move(message));
}

} // namespace barnabas::sim
