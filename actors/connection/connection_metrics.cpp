#include "actors/connection/connection_metrics.hpp"

#include "protocol/kafka/error_codes.hpp"
#include "runtime/metrics/text.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace barnabas {

namespace {

constexpr double seconds_per_ns = 1e-9;
constexpr std::string_view converted_name = "converted_records_total";
/// Clients choose their ids: more than so many are counted together, and long ones are cut.
constexpr std::size_t clients_counted = 200;
constexpr std::size_t client_id_shown = 64;

/// The client's id as a label: text whatever its bytes are, and not cut within a letter.
std::string shown(std::string_view client_id) {
    auto text = runtime::readable_label(client_id);
    auto end = std::min(text.size(), client_id_shown);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    text.resize(end);
    return text;
}

} // namespace

connection_metrics::connection_metrics(runtime::node_services& node, const std::string& listener,
                                       loop_index home)
    : registry_(*node.metrics),
      open_(registry_.gauge_of("connections", "Open client connections, by listener and loop",
                               {{"listener", listener}, {"loop", std::to_string(home.get())}})),
      waiting_requests_(registry_.gauge_of("waiting_requests",
                                           "Whole requests that wait for earlier ones of their client")),
      bytes_in_(registry_.counter_of("request_bytes_total", "Bytes of requests received")),
      bytes_out_(registry_.counter_of("response_bytes_total", "Bytes of responses sent")),
      stored_records_(
          registry_.counter_of("stored_records_total", "Records that producers sent to partitions")),
      stored_bytes_(registry_.counter_of("stored_record_bytes_total", "Bytes of their batches")),
      fetched_bytes_(
          registry_.counter_of("fetched_record_bytes_total", "Bytes of batches given to consumers")) {
    open_.add(1);
}

connection_metrics::~connection_metrics() {
    open_.add(-1);
    waiting_requests_.add(-waiting_here_);
}

connection_metrics::api_metrics& connection_metrics::of(kafka::api_key key, std::int16_t version) {
    const auto found = std::find_if(apis_.begin(), apis_.end(), [&](const auto& known) {
        return known.key == key && known.version == version;
    });
    if (found != apis_.end()) {
        std::swap(apis_.front(), *found);
        return apis_.front();
    }
    const std::string api(kafka::name_of(key));
    const auto times = [&](const char* name, const char* help) {
        return &registry_.histogram_of(name, help, runtime::latency_bounds(), {{"api", api}});
    };
    api_metrics made;
    made.key = key;
    made.version = version;
    made.requests = &registry_.counter_of("requests_total", "Requests answered, by API and version",
                                          {{"api", api}, {"version", std::to_string(version)}});
    made.seconds = times("request_seconds", "Time from a whole request to its response, by API");
    made.queued = times("request_queue_seconds", "Of it, until earlier requests let it begin");
    made.local = times("request_local_seconds", "Of it, in the connection, which checks and decodes");
    made.remote =
        times("request_remote_seconds",
              "Of it, with partitions, their disks, coordinators or the controller, or for records");
    made.behind_others = times("response_queue_seconds", "Of it, until earlier responses had left");
    apis_.push_back(made);
    return apis_.back();
}

void connection_metrics::finished(const finished_request& request) {
    auto& api = of(request.key, request.version);
    const auto observe = [](runtime::histogram& times, monotonic_ns from, monotonic_ns to) {
        times.observe(static_cast<double>(to - from) * seconds_per_ns);
    };
    api.requests->add();
    observe(*api.seconds, request.arrived_at, request.sent_at);
    observe(*api.queued, request.arrived_at, request.begun_at);
    observe(*api.local, request.begun_at, request.parked_at);
    observe(*api.remote, request.parked_at, request.answered_at);
    observe(*api.behind_others, request.answered_at, request.sent_at);
    bytes_in_.add(request.request_bytes);
    bytes_out_.add(request.response_bytes);
}

void connection_metrics::requests_wait(std::size_t count) {
    const auto now = static_cast<std::int64_t>(count);
    waiting_requests_.add(now - std::exchange(waiting_here_, now));
}

void connection_metrics::converted(const request_context& request, std::uint64_t records) {
    constexpr std::size_t names_kept = 16;
    if (converted_.size() >= names_kept)
        converted_.clear();
    auto& known = converted_[{request.key, request.client_id}];
    if (known == nullptr) {
        runtime::metric_labels labels{{"api", std::string(kafka::name_of(request.key))},
                                      {"client_id", shown(request.client_id)}};
        // A client that has its series keeps it, whatever came since.
        if (!registry_.takes(converted_name, labels, clients_counted))
            labels.back().second = "(others)";
        known = &registry_.counter_of(converted_name,
                                      "Records converted for clients before Kafka 0.11, by API and client",
                                      std::move(labels));
    }
    known->add(records);
}

void connection_metrics::batch_taken(std::uint64_t records, std::uint64_t bytes) {
    stored_records_.add(records);
    stored_bytes_.add(bytes);
}

void connection_metrics::records_given(std::uint64_t bytes) {
    fetched_bytes_.add(bytes);
}

void connection_metrics::error_answered(kafka::api_key key, std::int16_t code) {
    auto& known = errors_[{key, code}];
    if (known == nullptr)
        known = &registry_.counter_of("response_errors_total",
                                      "Errors in responses and their parts, by API and Kafka's name",
                                      {{"api", std::string(kafka::name_of(key))},
                                       {"error", std::string(name_of(kafka::error_code{code}))}});
    known->add();
}

void connection_metrics::batch_too_large(std::uint64_t bytes) {
    registry_
        .counter_of("rejected_batch_bytes_total",
                    "Bytes of batches that were longer than max.message.bytes allows")
        .add(bytes);
}

void connection_metrics::batch_faulty(batch::batch_fault fault) {
    registry_
        .counter_of("faulty_batches_total", "Batches of producers that were refused for what is in them",
                    {{"fault", std::string(name_of(fault))}})
        .add();
}

void connection_metrics::part_refused(kafka::api_key key) {
    const bool written = key == kafka::api_key::produce;
    registry_
        .counter_of(written ? "refused_batches_total" : "refused_fetches_total",
                    written ? "Batches that were not stored" : "Partitions that a Fetch was refused")
        .add();
}

void connection_metrics::refused(errc why) {
    registry_
        .counter_of("connections_refused_total", "Connections closed for what their client sent, by reason",
                    {{"reason", std::string(name_of(why))}})
        .add();
}

} // namespace barnabas
