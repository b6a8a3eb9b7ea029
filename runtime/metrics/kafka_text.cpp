#include "runtime/metrics/kafka_text.hpp"

#include "runtime/metrics/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::runtime {

namespace {

/// How often a request was answered, and how long it took.
struct request_facts {
    std::uint64_t count = 0;
    double seconds = 0;
    std::vector<double> bounds;
    std::vector<std::uint64_t> buckets;
};

/// What one pass over a registry finds.
struct counted_facts {
    using by_two_labels = std::map<std::pair<std::string, std::string>, double>;

    /// Of whole requests, by API.
    std::map<std::string, request_facts> requests;
    /// Of their parts as well: by the name of the histogram and API.
    std::map<std::string, std::map<std::string, request_facts>> times;
    /// Sums over all labels, by name; converted records by name and API, faulty batches by name and fault.
    std::map<std::string, double> sums;
    /// By API and error.
    by_two_labels errors;
    /// By API and version.
    by_two_labels versions;
    /// By listener and loop.
    by_two_labels connections;
};

std::string label_of(const metric_labels& labels, std::string_view key) {
    for (const auto& [name, value] : labels)
        if (name == key)
            return value;
    return {};
}

double value_of(const metric_registry::series& one) {
    if (one.count)
        return static_cast<double>(one.count->value());
    if (one.level)
        return static_cast<double>(one.level->value());
    return one.computed ? one.computed() : 0;
}

request_facts facts_of(const histogram& times) {
    request_facts made;
    made.seconds = times.sum();
    made.bounds = times.bounds();
    for (std::size_t i = 0; i <= made.bounds.size(); ++i) {
        made.buckets.push_back(times.in_bucket(i));
        made.count += made.buckets.back();
    }
    return made;
}

void add_number(counted_facts& read, const std::string& name, const metric_labels& labels, double value) {
    const auto label = [&](std::string_view key) { return label_of(labels, key); };
    if (name == "response_errors_total")
        read.errors[{label("api"), label("error")}] += value;
    else if (name == "requests_total")
        read.versions[{label("api"), label("version")}] += value;
    else if (name == "connections")
        read.connections[{label("listener"), label("loop")}] += value;
    else if (name == "converted_records_total")
        read.sums[name + " " + label("api")] += value;
    else if (name == "faulty_batches_total")
        read.sums[name + " " + label("fault")] += value;
    else
        read.sums[name] += value;
}

counted_facts read_all(const metric_registry& registry) {
    counted_facts read;
    registry.for_each([&](const std::string& name, const metric_registry::family& family) {
        for (const auto& [labels, one] : family.series_by_labels) {
            if (one.spread)
                read.times[name][label_of(labels, "api")] = facts_of(*one.spread);
            else
                add_number(read, name, labels, value_of(one));
        }
    });
    read.requests = read.times["request_seconds"];
    return read;
}

/// Where that share of the values lies, as far as buckets tell: evenly within a bucket, and in the last one
/// at its lower bound.
double quantile_of(const request_facts& of, double share) {
    const auto wanted = share * static_cast<double>(of.count);
    double below = 0;
    for (std::size_t i = 0; i < of.bounds.size(); ++i) {
        const auto here = static_cast<double>(of.buckets[i]);
        const double from = i == 0 ? 0 : of.bounds[i - 1];
        if (here > 0 && below + here >= wanted)
            return from + (of.bounds[i] - from) * (wanted - below) / here;
        below += here;
    }
    return of.bounds.empty() ? 0 : of.bounds.back();
}

class kafka_writer {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        out.append("# HELP ").append(name).append(" ").append(help);
        out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
    }
    void line(std::string_view behind_name, double value) {
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
        out.append(name_).append(behind_name).append(" ");
        out.append(text.data(), static_cast<std::size_t>(end - text.data())).append("\n");
    }
    void single(std::string_view name, std::string_view type, std::string_view help, double value) {
        family(name, type, help);
        line("", value);
    }

    std::string out;

private:
    std::string_view name_;
};

/// Consumers and followers have names of their own; there are no followers.
std::string kafka_request(const std::string& api) {
    return api == "Fetch" ? "FetchConsumer" : api;
}

/// A name of Kafka's for a histogram of ours, of seconds by API.
struct timed {
    std::string_view kafka;
    const char* ours;
    std::string_view help;
};

constexpr timed timings[] = {
    {"kafka_network_requestmetrics_totaltimems", "request_seconds",
     "From a whole request to its response; quantiles are over all of the node's life."},
    {"kafka_network_requestmetrics_requestqueuetimems", "request_queue_seconds",
     "Of it, until earlier requests of the connection let it begin."},
    {"kafka_network_requestmetrics_localtimems", "request_local_seconds",
     "Of it, in the connection, which checks and decodes."},
    {"kafka_network_requestmetrics_remotetimems", "request_remote_seconds",
     "Of it, with partitions and their disks, coordinators or the controller, or until there are records."},
    {"kafka_network_requestmetrics_responsequeuetimems", "response_queue_seconds",
     "Of it, until earlier responses of the connection had left."},
};

void write_times(kafka_writer& to, const timed& names, const std::map<std::string, request_facts>& times) {
    constexpr std::array<std::string_view, 6> quantiles{"0.50", "0.75", "0.95", "0.98", "0.99", "0.999"};
    constexpr std::array<double, 6> shares{0.5, 0.75, 0.95, 0.98, 0.99, 0.999};
    constexpr double ms = 1000;
    to.family(names.kafka, "summary", names.help);
    for (const auto& [api, of] : times) {
        const auto label = "{request=\"" + escaped_label(kafka_request(api)) + "\"";
        for (std::size_t i = 0; i < shares.size() && of.count > 0; ++i)
            to.line(label + ",quantile=\"" + std::string(quantiles[i]) + "\"}",
                    quantile_of(of, shares[i]) * ms);
        to.line("_sum" + label + "}", of.seconds * ms);
        to.line("_count" + label + "}", static_cast<double>(of.count));
    }
}

void write_requests(kafka_writer& to, const counted_facts& counted) {
    const auto by_request = [&](std::string_view label, const counted_facts::by_two_labels& counts) {
        for (const auto& [of, count] : counts)
            to.line("{request=\"" + escaped_label(kafka_request(of.first)) + "\"," + std::string(label) +
                        "=\"" + escaped_label(of.second) + "\"}",
                    count);
    };
    to.family("kafka_network_requestmetrics_requests_total", "counter", "Requests that were answered.");
    by_request("version", counted.versions);
    to.family("kafka_network_requestmetrics_errors_total", "counter",
              "Errors that were answered, for a request or a part of it; success is not counted.");
    by_request("error", counted.errors);
    for (const auto& one : timings) {
        const auto found = counted.times.find(one.ours);
        write_times(to, one, found == counted.times.end() ? decltype(counted.requests){} : found->second);
    }
}

void write_connections(kafka_writer& to, const counted_facts& counted) {
    to.family("kafka_server_socket_server_metrics_connection_count", "gauge",
              "Open connections of clients, by listener and the loop that serves them.");
    for (const auto& [of, count] : counted.connections)
        to.line("{listener=\"" + escaped_label(of.first) + "\",networkProcessor=\"" +
                    escaped_label(of.second) + "\"}",
                count);
}

/// A name of Kafka's for the sum of a family of ours.
struct renamed {
    std::string_view kafka;
    std::string_view type;
    std::string_view ours;
    std::string_view help;
};

constexpr renamed renamings[] = {
    {"kafka_server_brokertopicmetrics_messagesin_total", "counter", "stored_records_total",
     "Records that producers have written."},
    {"kafka_server_brokertopicmetrics_bytesin_total", "counter", "stored_record_bytes_total",
     "Bytes of the batches that producers have written."},
    {"kafka_server_brokertopicmetrics_bytesout_total", "counter", "fetched_record_bytes_total",
     "Bytes of batches that consumers were given."},
    {"kafka_server_brokertopicmetrics_failedproducerequests_total", "counter", "refused_batches_total",
     "Batches that were not written; Kafka counts them one by one, too."},
    {"kafka_server_brokertopicmetrics_failedfetchrequests_total", "counter", "refused_fetches_total",
     "Partitions that a consumer asked for and was refused."},
    {"kafka_server_brokertopicmetrics_bytesrejected_total", "counter", "rejected_batch_bytes_total",
     "Bytes of batches that were longer than max.message.bytes allows."},
    {"kafka_server_brokertopicmetrics_producemessageconversions_total", "counter",
     "converted_records_total Produce", "Records of old producers that were converted."},
    {"kafka_server_brokertopicmetrics_fetchmessageconversions_total", "counter",
     "converted_records_total Fetch", "Records that were converted for old consumers."},
    {"kafka_server_brokertopicmetrics_invalidmessagecrcrecords_total", "counter",
     "faulty_batches_total damaged", "Batches whose length, CRC or packed bytes are wrong."},
    {"kafka_server_brokertopicmetrics_invalidmagicnumberrecords_total", "counter",
     "faulty_batches_total magic", "Batches of a magic that their request does not carry."},
    {"kafka_server_brokertopicmetrics_invalidoffsetorsequencerecords_total", "counter",
     "faulty_batches_total order", "Batches with wrong offsets, counts or a sequence below 0."},
    {"kafka_server_brokertopicmetrics_nokeycompactedtopicrecords_total", "counter",
     "faulty_batches_total no_key", "Batches with a record without a key for a compacted topic."},
    {"kafka_network_requestchannel_requestqueuesize", "gauge", "waiting_requests",
     "Whole requests that wait for earlier ones of their connection."},
    {"kafka_log_logmanager_offlinelogdirectorycount", "gauge", "data_directories_offline",
     "Data directories that failed or could not be used."},
    {"kafka_log_logflushstats_logflushrateandtimems_count", "counter", "log_syncs_total",
     "Syncs of partitions."},
};

void write_counted(kafka_writer& to, const counted_facts& counted) {
    for (const auto& one : renamings) {
        const auto found = counted.sums.find(std::string(one.ours));
        to.single(one.kafka, one.type, one.help, found == counted.sums.end() ? 0 : found->second);
    }
    const auto answered = [&](const char* api) {
        const auto found = counted.requests.find(api);
        return found == counted.requests.end() ? 0.0 : static_cast<double>(found->second.count);
    };
    to.single("kafka_server_brokertopicmetrics_totalproducerequests_total", "counter", "Produce requests.",
              answered("Produce"));
    to.single("kafka_server_brokertopicmetrics_totalfetchrequests_total", "counter", "Fetch requests.",
              answered("Fetch"));
}

/// As Prometheus' own client libraries call it; absent where the node does not know.
void write_process(kafka_writer& to, const counted_facts& counted) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> names{{
        {"process_open_fds", "Descriptors that the process has open."},
        {"process_max_fds", "How many it may have."},
    }};
    for (const auto& [name, help] : names)
        if (const auto found = counted.sums.find(std::string(name)); found != counted.sums.end())
            to.single(name, "gauge", help, found->second);
}

void write_state(kafka_writer& to, const kafka_facts& facts) {
    const auto level = [&](std::string_view name, std::string_view help, std::size_t value) {
        to.single(name, "gauge", help, static_cast<double>(value));
    };
    level("kafka_server_replicamanager_partitioncount", "Partitions with a replica here.", facts.partitions);
    level("kafka_server_replicamanager_leadercount", "Partitions that are led here.", facts.leaders);
    level("kafka_server_replicamanager_underreplicatedpartitions",
          "Partitions led here that lack in-sync replicas.", facts.under_replicated);
    level("kafka_server_replicamanager_underminisrpartitioncount",
          "Partitions led here with fewer in-sync replicas than min.insync.replicas.", facts.under_min_isr);
    level("kafka_server_replicamanager_atminisrpartitioncount",
          "Partitions led here with just as many as min.insync.replicas.", facts.at_min_isr);
    level("kafka_server_replicamanager_offlinereplicacount", "Replicas here that are not served.",
          facts.offline_replicas);
    level("kafka_controller_kafkacontroller_activecontrollercount", "1 on the controller.",
          facts.is_controller ? 1 : 0);
    level("kafka_controller_kafkacontroller_offlinepartitionscount",
          "Partitions of the cluster without a leader.", facts.offline_partitions);
    level("kafka_controller_kafkacontroller_activebrokercount", "Brokers of the cluster.", facts.brokers);
    level("kafka_controller_kafkacontroller_fencedbrokercount", "Brokers that are shut out.", 0);
    level("kafka_controller_kafkacontroller_globaltopiccount", "Topics of the cluster.", facts.topics);
    level("kafka_controller_kafkacontroller_globalpartitioncount", "Partitions of the cluster.",
          facts.cluster_partitions);
    level("kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
          "Partitions that their first replica does not lead.", facts.not_at_preferred);
}

} // namespace

std::string kafka_text(const metric_registry& registry, const kafka_facts& facts) {
    kafka_writer to;
    const auto counted = read_all(registry);
    write_counted(to, counted);
    write_requests(to, counted);
    write_connections(to, counted);
    write_process(to, counted);
    write_state(to, facts);
    return std::move(to.out);
}

} // namespace barnabas::runtime
