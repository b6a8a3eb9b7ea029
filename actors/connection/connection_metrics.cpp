#include "actors/connection/connection_metrics.hpp"

#include <string>

namespace barnabas {

namespace {

constexpr double seconds_per_ns = 1e-9;

} // namespace

connection_metrics::connection_metrics(runtime::node_services& node)
    : registry_(*node.metrics), open_(registry_.gauge_of("connections", "Open client connections")),
      bytes_in_(registry_.counter_of("request_bytes_total", "Bytes of requests received")),
      bytes_out_(registry_.counter_of("response_bytes_total", "Bytes of responses sent")) {
    open_.add(1);
}

connection_metrics::~connection_metrics() {
    open_.add(-1);
}

connection_metrics::api_metrics& connection_metrics::of(kafka::api_key key) {
    auto& known = apis_[key];
    if (known.requests == nullptr) {
        const runtime::metric_labels labels{{"api", std::string(kafka::name_of(key))}};
        known.requests = &registry_.counter_of("requests_total", "Requests answered, by API", labels);
        known.seconds =
            &registry_.histogram_of("request_seconds", "Time from a whole request to its response, by API",
                                    runtime::latency_bounds(), labels);
    }
    return known;
}

void connection_metrics::finished(const request_context& request, std::size_t request_bytes,
                                  std::size_t response_bytes, monotonic_ns now) {
    auto& api = of(request.key);
    api.requests->add();
    api.seconds->observe(static_cast<double>(now - request.received_at) * seconds_per_ns);
    bytes_in_.add(request_bytes);
    bytes_out_.add(response_bytes);
}

void connection_metrics::refused(errc why) {
    registry_
        .counter_of("connections_refused_total", "Connections closed for what their client sent, by reason",
                    {{"reason", std::string(name_of(why))}})
        .add();
}

} // namespace barnabas
