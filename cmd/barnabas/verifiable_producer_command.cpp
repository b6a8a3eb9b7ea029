#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/producer_tool.hpp"
#include "cmd/barnabas/stop_signals.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/barnabas/verifiable_events.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>

// `barnabas verifiable-producer`, which is Kafka's kafka-verifiable-producer.sh.
namespace barnabas {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::array verifiable_producer_options{
    cli::option{"topic", "NAME", "The topic to produce to. Required."},
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required."},
    cli::option{"broker-list", "HOST:PORT,...", "The old name of --bootstrap-server."},
    cli::option{"max-messages", "COUNT", "How many records; -1: until it is told to stop.", "-1"},
    cli::option{"throughput", "COUNT", "Records a second at most; -1: as fast as it goes.", "-1"},
    cli::option{"acks", "ACKS", "Who must have a record: 0, 1 or -1, which is all.", "-1"},
    cli::option{"message-create-time", "MS",
                "Time of the first record in ms since 1970; later ones are as much later as they are sent. "
                "-1: the time at which each is sent.",
                "-1"},
    cli::option{"value-prefix", "NUMBER", "Values are this, a dot and a number instead of a number."},
    cli::option{"repeating-keys", "COUNT", "Keys are 0, 1, ... below this, again and again."},
    cli::option{"command-config", "FILE", "Properties of the producer, in Kafka's own keys."},
    cli::option{"producer.config", "FILE", "The old name of --command-config."},
    cli::option{"output", "FORMAT", "json; there is no other.", "json"},
};

constexpr std::string_view verifiable_producer_notes =
    "Sends 0, 1, 2, ... and says in a line of JSON what became of each: producer_send_success or\n"
    "producer_send_error, between startup_complete, shutdown_complete and tool_data. Options and output are\n"
    "those of Kafka's kafka-verifiable-producer.sh; SIGTERM and Ctrl-C end it in good order.\n"
    "\n"
    "Example:\n"
    "  barnabas verifiable-producer --bootstrap-server localhost:9092 --topic orders --max-messages 100\n";

struct plan {
    std::string topic;
    std::int64_t records = -1;
    std::int64_t throughput = -1;
    std::int64_t create_time = -1;
    std::optional<std::int64_t> prefix;
    std::optional<std::int64_t> keys;
    client::properties properties;
};

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    if (const auto format = options.value("output"); format != "json")
        return "--output=" + *format + ": allowed is json";
    if (!options.has("topic"))
        return "argument --topic is required";
    if (!options.has("bootstrap-server") && !options.has("broker-list"))
        return "argument --bootstrap-server is required";
    if (const auto acks = options.value("acks"); acks != "0" && acks != "1" && acks != "-1")
        return "argument --acks: invalid choice: '" + *acks + "' (choose from {0,1,-1})";
    if (options.has("producer.config") && options.has("command-config"))
        return "Options --producer.config and --command-config are mutually exclusive.";
    return std::nullopt;
}

result<client::properties> keys_of(const cli::parsed_options& options) {
    // As Kafka's tool: what is told of a record is what its only request has brought.
    client::properties keys{{"client.id", "verifiable-producer"}, {"retries", "0"}};
    keys["acks"] = *options.value("acks");
    if (const auto added = add_given_keys(options, {"producer.config", "command-config"}, {}, keys); !added)
        return added.failure();
    keys["bootstrap.servers"] =
        *options.value(options.has("bootstrap-server") ? "bootstrap-server" : "broker-list");
    return keys;
}

result<plan> plan_of(const cli::parsed_options& options) {
    constexpr std::int64_t most = INT64_MAX;
    plan made;
    made.topic = *options.value("topic");
    const auto records = options.number("max-messages", -1, most);
    const auto throughput = options.number("throughput", -1, most);
    const auto create_time = options.number("message-create-time", -1, most);
    for (const auto* one : {&records, &throughput, &create_time})
        if (!*one)
            return one->failure();
    made.records = *records;
    made.throughput = *throughput;
    made.create_time = *create_time;
    if (options.has("value-prefix")) {
        const auto prefix = options.number("value-prefix", INT32_MIN, INT32_MAX);
        if (!prefix)
            return prefix.failure();
        made.prefix = *prefix;
    }
    if (options.has("repeating-keys")) {
        const auto keys = options.number("repeating-keys", 1, INT32_MAX);
        if (!keys)
            return keys.failure();
        made.keys = *keys;
    }
    auto properties = keys_of(options);
    if (!properties)
        return properties.failure();
    made.properties = std::move(*properties);
    return made;
}

/// Sends and counts. Reports come on the producer's thread.
class verifiable_run {
public:
    explicit verifiable_run(const plan& what) : what_(what), pace_(what.throughput) {}

    void send_all(client::record_producer& producer, stop_signals& signals) {
        while ((what_.records < 0 || sent_ < what_.records) && signals.take() == 0) {
            if (!send(producer))
                continue;
            ++sent_;
            while (!pace_.wait(sent_, look_up))
                if (signals.take() != 0)
                    return;
        }
    }
    void tell_all() const {
        const auto seconds = std::chrono::duration<double>(clock::now() - started_).count();
        const auto acked = acked_.load();
        print_event(verifiable_event("tool_data")
                        .add("sent", sent_)
                        .add("acked", acked)
                        .add("target_throughput", what_.throughput)
                        .add("avg_throughput", static_cast<double>(acked) / seconds));
    }
    bool all_acked() const { return acked_.load() == sent_; }

private:
    /// How long a signal may wait to be seen.
    static constexpr std::chrono::milliseconds look_up{100};

    /// False: the buffer is full, and was for a while.
    bool send(client::record_producer& producer) {
        const auto number = std::to_string(sent_);
        const auto value = what_.prefix ? std::to_string(*what_.prefix) + "." + number : number;
        const auto key = what_.keys ? std::optional(std::to_string(sent_ % *what_.keys)) : std::nullopt;
        client::producer_record record{what_.topic, key, value};
        if (what_.create_time >= 0)
            record.timestamp_ms = what_.create_time + elapsed_ms();
        const bool taken = producer.try_send(
            record, [this, key, value](const client::delivery_report& report) { tell(key, value, report); });
        if (!taken)
            producer.flush(look_up);
        return taken;
    }
    std::int64_t elapsed_ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - started_).count();
    }
    void tell(const std::optional<std::string>& key, const std::string& value,
              const client::delivery_report& report) {
        if (!report.ok()) {
            print_event(verifiable_event("producer_send_error")
                            .add("key", key)
                            .add("value", value)
                            .add("topic", what_.topic)
                            .add("exception", name_of(report.why.code))
                            .add("message", report.why.detail));
            return;
        }
        ++acked_;
        print_event(verifiable_event("producer_send_success")
                        .add("key", key)
                        .add("value", value)
                        .add("offset", report.offset)
                        .add("topic", report.topic)
                        .add("partition", report.partition));
    }

    const plan& what_;
    throttle pace_;
    clock::time_point started_ = clock::now();
    std::int64_t sent_ = 0;
    std::atomic<std::int64_t> acked_{0};
};

} // namespace

const cli::command& verifiable_producer_command() {
    static const cli::command command = {
        "verifiable-producer",       "Sends numbers, and tells in JSON what became of each.",
        verifiable_producer_options, {},
        verifiable_producer_notes,   true};
    return command;
}

int run_verifiable_producer(const cli::parsed_options& options) {
    if (const auto misuse = find_misuse(options))
        return tools::refuse("verifiable-producer", *misuse);
    say_renamed(options, renamed_words::of_most, "producer.config", "command-config");
    const auto what = plan_of(options);
    if (!what)
        return tools::refuse("verifiable-producer", what.failure().detail);
    auto signals = std::make_unique<stop_signals>();
    auto producer = connect_producer(what->properties);
    if (!producer)
        return tools::refuse("verifiable-producer", producer.failure().detail);
    print_event(verifiable_event("startup_complete"));
    verifiable_run run(*what);
    run.send_all(*producer, *signals);
    // From here on a signal ends the process at once.
    signals.reset();
    producer->close();
    print_event(verifiable_event("shutdown_complete"));
    run.tell_all();
    return run.all_acked() ? 0 : exit_told;
}

} // namespace barnabas
