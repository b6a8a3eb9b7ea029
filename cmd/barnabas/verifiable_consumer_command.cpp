#include "actors/client/application/record_consumer.hpp"
#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/stop_signals.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/barnabas/verifiable_events.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>

// `barnabas verifiable-consumer`, which is Kafka's kafka-verifiable-consumer.sh.
namespace barnabas {

namespace {

using client::partition_name;

constexpr std::array verifiable_consumer_options{
    cli::option{"topic", "NAME", "The topic to read. Required."},
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required."},
    cli::option{"broker-list", "HOST:PORT,...", "The old name of --bootstrap-server."},
    cli::option{"group-id", "NAME", "The group to be a member of. Required."},
    cli::option{"group-instance-id", "NAME", "A name that lets the member come back without a rebalance."},
    cli::option{"group-protocol", "PROTOCOL", "classic or consumer.", "classic"},
    cli::option{"group-remote-assignor", "NAME", "With --group-protocol consumer: uniform or range."},
    cli::option{"max-messages", "COUNT", "End after so many records; -1: when it is told to stop.", "-1"},
    cli::option{"session-timeout", "MS", "A member without a sign of life for this long is put out.",
                "30000"},
    cli::option{"verbose", "", "A line for each record as well."},
    cli::option{"enable-autocommit", "", "Commit from time to time instead of after each poll."},
    cli::option{"reset-policy", "POLICY",
                "Where to begin without a committed offset: earliest, latest, none, by_duration:PnDTnHnMnS.",
                "earliest"},
    cli::option{"assignment-strategy", "CLASS", "How partitions are spread, with --group-protocol classic.",
                "org.apache.kafka.clients.consumer.RangeAssignor"},
    cli::option{"command-config", "FILE", "Properties of the consumer, in Kafka's own keys."},
    cli::option{"consumer.config", "FILE", "The old name of --command-config."},
    cli::option{"output", "FORMAT", "json; there is no other.", "json"},
};

constexpr std::string_view verifiable_consumer_notes =
    "Says in a line of JSON each what it is given and reads: partitions_assigned, partitions_revoked,\n"
    "records_consumed, offsets_committed, with --verbose record_data, between startup_complete and\n"
    "shutdown_complete. Options and output are those of Kafka's kafka-verifiable-consumer.sh; SIGTERM and\n"
    "Ctrl-C end it in good order.\n"
    "\n"
    "Example:\n"
    "  barnabas verifiable-consumer --bootstrap-server localhost:9092 --topic orders --group-id audit\n";

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    if (const auto format = options.value("output"); format != "json")
        return "--output=" + *format + ": allowed is json";
    if (!options.has("topic"))
        return "argument --topic is required";
    if (!options.has("group-id"))
        return "argument --group-id is required";
    if (!options.has("bootstrap-server") && !options.has("broker-list"))
        return "argument --bootstrap-server is required";
    if (options.has("consumer.config") && options.has("command-config"))
        return "Options --consumer.config and --command-config are mutually exclusive.";
    for (const auto* name : {"max-messages", "session-timeout"})
        if (const auto number = options.number(name, -1, INT32_MAX); !number)
            return number.failure().detail;
    return std::nullopt;
}

result<client::properties> keys_of(const cli::parsed_options& options) {
    client::properties keys{{"client.id", "verifiable-consumer"}};
    for (const auto* name : {"consumer.config", "command-config"})
        if (const auto path = options.value(name)) {
            const auto given = file_properties(*path);
            if (!given)
                return given.failure();
            for (const auto& [key, value] : *given)
                keys[key] = value;
        }
    const auto protocol = *options.value("group-protocol");
    keys["group.protocol"] = protocol;
    if (protocol == "classic") {
        keys["partition.assignment.strategy"] = *options.value("assignment-strategy");
        keys["session.timeout.ms"] = *options.value("session-timeout");
    } else if (const auto assignor = options.value("group-remote-assignor")) {
        keys["group.remote.assignor"] = *assignor;
    }
    if (const auto instance = options.value("group-instance-id"))
        keys["group.instance.id"] = *instance;
    keys["group.id"] = *options.value("group-id");
    keys["enable.auto.commit"] = options.has("enable-autocommit") ? "true" : "false";
    keys["auto.offset.reset"] = *options.value("reset-policy");
    keys["bootstrap.servers"] =
        *options.value(options.has("bootstrap-server") ? "bootstrap-server" : "broker-list");
    return without_unknown_keys(client_kind::consumer, std::move(keys));
}

json_object partition_json(const partition_name& name) {
    return json_object().add("topic", name.topic).add("partition", name.partition);
}

void tell_rebalance(const client::rebalance_event& event) {
    std::vector<json_object> partitions;
    for (const auto& one : event.partitions)
        partitions.push_back(partition_json(one));
    const bool given = event.what == client::rebalance_event::kind::assigned;
    print_event(
        verifiable_event(given ? "partitions_assigned" : "partitions_revoked").add("partitions", partitions));
}

/// Reads, tells and commits until there is enough.
class verifiable_reading {
public:
    explicit verifiable_reading(const cli::parsed_options& options)
        : left_(*options.number("max-messages", -1, INT32_MAX)), verbose_(options.has("verbose")),
          commits_(!options.has("enable-autocommit")) {}

    result<void> run(client::record_consumer& consumer, stop_signals& signals) {
        while (left_ != 0 && signals.take() == 0) {
            const auto records = consumer.poll(look_up);
            if (!records)
                return records.failure();
            if (records->empty())
                continue;
            const auto offsets = tell(*records);
            if (!commits_)
                continue;
            const auto done = consumer.commit(offsets);
            tell_commit(offsets, done);
            if (done.code() == errc::fenced_instance_id)
                return done;
        }
        return {};
    }

private:
    /// How long a signal may wait to be seen.
    static constexpr std::chrono::milliseconds look_up{200};

    struct range {
        std::int64_t count = 0;
        std::int64_t first = 0;
        std::int64_t last = 0;
    };

    /// The offsets behind what was told.
    client::record_consumer::offsets tell(const client::record_set& records) {
        std::map<partition_name, range> ranges;
        std::int64_t count = 0;
        for (const auto& one : records) {
            if (left_ == 0)
                break;
            left_ -= left_ > 0 ? 1 : 0;
            ++count;
            if (verbose_)
                tell_record(one);
            auto& of = ranges[*one.where];
            of.first = of.count++ == 0 ? one.offset : of.first;
            of.last = one.offset;
        }
        std::vector<json_object> partitions;
        client::record_consumer::offsets next;
        for (const auto& [name, of] : ranges) {
            partitions.push_back(partition_json(name)
                                     .add("count", of.count)
                                     .add("minOffset", of.first)
                                     .add("maxOffset", of.last));
            next[name].offset = of.last + 1;
        }
        print_event(verifiable_event("records_consumed").add("count", count).add("partitions", partitions));
        return next;
    }
    static void tell_record(const client::consumed_record& record) {
        const auto text = [](const auto& bytes) {
            return bytes ? std::optional(std::string(client::text_of(bytes))) : std::nullopt;
        };
        print_event(verifiable_event("record_data")
                        .add("key", text(record.key))
                        .add("value", text(record.value))
                        .add("topic", record.where->topic)
                        .add("partition", record.where->partition)
                        .add("offset", record.offset));
    }
    static void tell_commit(const client::record_consumer::offsets& offsets, const result<void>& done) {
        std::vector<json_object> shown;
        for (const auto& [name, committed] : offsets)
            shown.push_back(partition_json(name).add("offset", committed.offset));
        auto event = verifiable_event("offsets_committed").add("offsets", shown);
        if (!done)
            event.add("error", done.failure().detail);
        print_event(event.add("success", static_cast<bool>(done)));
    }

    /// Negative: no end.
    std::int64_t left_;
    bool verbose_;
    bool commits_;
};

} // namespace

const cli::command& verifiable_consumer_command() {
    static const cli::command command = {
        "verifiable-consumer",       "Reads as a member of a group, and tells in JSON what happens.",
        verifiable_consumer_options, {},
        verifiable_consumer_notes,   true};
    return command;
}

int run_verifiable_consumer(const cli::parsed_options& options) {
    if (const auto misuse = find_misuse(options))
        return tools::refuse("verifiable-consumer", *misuse);
    const auto keys = keys_of(options);
    if (!keys)
        return tools::refuse("verifiable-consumer", keys.failure().detail);
    auto signals = std::make_unique<stop_signals>();
    client::record_consumer_options handling;
    handling.on_rebalance = tell_rebalance;
    handling.on_trouble = say_trouble;
    handling.on_unused_keys = say_unused_keys;
    auto consumer = client::make_consumer(*keys, std::move(handling));
    if (!consumer)
        return tools::refuse("verifiable-consumer", consumer.failure().detail);
    print_event(verifiable_event("startup_complete"));
    verifiable_reading reading(options);
    auto done = consumer->subscribe({*options.value("topic")});
    if (done)
        done = reading.run(*consumer, *signals);
    if (!done)
        std::fprintf(stderr, "%s verifiable-consumer: %s\n", program_name, done.failure().detail.c_str());
    // From here on a signal ends the process at once.
    signals.reset();
    consumer->close();
    print_event(verifiable_event("shutdown_complete"));
    return done ? 0 : exit_told;
}

} // namespace barnabas
