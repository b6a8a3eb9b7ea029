#include "actors/client/cluster/settings.hpp"

#include "actors/client/cluster/key_table.hpp"
#include "runtime/config/listener.hpp"

#include <algorithm>
#include <array>

namespace barnabas::client {

namespace {

constexpr std::array<key_row, 15> client_rows{{
    {{"bootstrap.servers", "", "Brokers to begin with: host:port, several with commas between."},
     config_type::list,
     not_empty()},
    {{"client.id", "barnabas-client", "Names this client in the logs and metrics of brokers."},
     config_type::string,
     {}},
    {{"request.timeout.ms", "30000", "How long to wait for an answer before a broker is given up."},
     config_type::int32,
     between(0, int32_most)},
    {{"default.api.timeout.ms", "60000", "How long a call may take in all."},
     config_type::int32,
     between(0, int32_most)},
    {{"retries", "2147483647", "How often to ask again after errors that may pass."},
     config_type::int32,
     between(0, int32_most)},
    {{"retry.backoff.ms", "100", "Pause before a request is repeated; doubles each time."},
     config_type::int64,
     between(0, int64_most)},
    {{"retry.backoff.max.ms", "1000", "The longest such pause."}, config_type::int64, between(0, int64_most)},
    {{"reconnect.backoff.ms", "50", "Pause before a broker is connected to again; doubles each time."},
     config_type::int64,
     between(0, int64_most)},
    {{"reconnect.backoff.max.ms", "1000", "The longest such pause."},
     config_type::int64,
     between(0, int64_most)},
    {{"socket.connection.setup.timeout.ms", "10000", "How long to wait for a connection; never above 10 s."},
     config_type::int64,
     between(1, int64_most)},
    {{"connections.max.idle.ms", "300000",
      "A connection without use for this long is closed; 540000 for producers and consumers."},
     config_type::int64,
     between_or(0, int64_most, -1)},
    {{"metadata.max.age.ms", "300000", "What is known of brokers and leaders is asked anew after this long."},
     config_type::int64,
     between(0, int64_most)},
    {{"metadata.recovery.strategy", "rebootstrap",
      "With rebootstrap the bootstrap servers are asked again when no known broker can be reached."},
     config_type::string,
     one_of("none rebootstrap")},
    {{"security.protocol", "PLAINTEXT", "Only PLAINTEXT."}, config_type::string, one_of("PLAINTEXT")},
    {{"client.dns.lookup", "use_all_dns_ips", "All addresses of a name are tried."},
     config_type::string,
     one_of("use_all_dns_ips")},
}};

constexpr auto keys = keys_of(client_rows);

/// What librdkafka and older tools call some of them.
constexpr std::array<other_name, 8> other_client_names{{
    {"metadata.broker.list", "here it is bootstrap.servers"},
    {"bootstrap.server", "here it is bootstrap.servers"},
    {"broker.list", "here it is bootstrap.servers"},
    {"socket.timeout.ms", "here it is request.timeout.ms"},
    {"message.send.max.retries", "here it is retries"},
    {"topic.metadata.refresh.interval.ms", "here it is metadata.max.age.ms"},
    {"bootstrap.controllers", "only brokers are asked; give bootstrap.servers"},
    {"config.providers", "values are taken as they are written"},
}};

result<key_values> read_values(const std::map<std::string, std::string>& properties) {
    std::vector<std::string_view> names;
    for (const auto& row : client_rows)
        names.push_back(row.key.name);
    for (const auto& [name, value] : properties)
        if (!is_among(client_rows, name) && !is_key_of_kafka(name))
            return unknown_key("client", name, other_client_names, names);
    return read_key_values(client_rows, properties);
}

/// As in Kafka's client the name of a protocol may stand before a server; "://" is a part of it.
std::string_view protocol_before(std::string_view server) {
    constexpr std::string_view end = "://";
    const auto at = server.find(end);
    const bool is_there =
        at != std::string_view::npos && server.substr(0, at).find_first_of("/[]: ") == std::string_view::npos;
    return server.substr(0, is_there ? at + end.size() : 0);
}

/// What may ask for TLS is passed over only where security.protocol says that there is none.
result<std::vector<broker_address>> read_bootstrap(const std::vector<std::string>& list,
                                                   bool plaintext_said) {
    std::vector<broker_address> servers;
    for (const auto& one : list) {
        const auto protocol = protocol_before(one);
        if (!protocol.empty() && protocol != "PLAINTEXT://" && !plaintext_said)
            return wrong_key("bootstrap.servers: '" + one +
                             "' asks for another protocol than PLAINTEXT; TLS and SASL are not built yet; to "
                             "go without, set security.protocol=PLAINTEXT, and it is passed over");
        const auto parsed = parse_host_port(std::string_view(one).substr(protocol.size()));
        if (!parsed || parsed->host.empty() || parsed->port == 0)
            return wrong_key("bootstrap.servers: '" + one + "' is not host:port");
        servers.push_back({parsed->host, parsed->port});
    }
    return servers;
}

} // namespace

std::string to_string(const broker_address& address) {
    const bool bare = address.host.find(':') == std::string::npos;
    return (bare ? address.host : "[" + address.host + "]") + ":" + std::to_string(address.port);
}

std::span<const other_name> other_names_of_clients() {
    return other_client_names;
}

std::span<const client_key> client_keys() {
    return keys;
}

bool is_used_by_clients(std::string_view name) {
    return is_among(client_rows, name);
}

result<client_settings> read_settings(const std::map<std::string, std::string>& properties) {
    if (const auto safe = check_security(properties); !safe)
        return safe.failure();
    const auto read = read_values(properties);
    if (!read)
        return read.failure();
    const auto ns = [&](std::string_view key) { return nanoseconds_of(*read, key); };
    client_settings made;
    auto servers =
        read_bootstrap(read->at("bootstrap.servers").list, properties.contains("security.protocol"));
    if (!servers)
        return servers.failure();
    made.bootstrap = std::move(*servers);
    made.client_id = read->at("client.id").text;
    made.request_timeout_ns = ns("request.timeout.ms");
    made.api_timeout_ns = ns("default.api.timeout.ms");
    if (made.api_timeout_ns < made.request_timeout_ns) {
        const bool asked = properties.contains("request.timeout.ms");
        if (asked && properties.contains("default.api.timeout.ms"))
            return wrong_key(
                "default.api.timeout.ms is below request.timeout.ms: a call is made of requests");
        // The one that was not set follows the other.
        (asked ? made.api_timeout_ns : made.request_timeout_ns) =
            asked ? made.request_timeout_ns : made.api_timeout_ns;
    }
    made.retries = read->at("retries").number;
    made.retry_backoff_ns = ns("retry.backoff.ms");
    made.retry_backoff_max_ns = std::max(ns("retry.backoff.max.ms"), made.retry_backoff_ns);
    made.reconnect_backoff_ns = ns("reconnect.backoff.ms");
    made.reconnect_backoff_max_ns = std::max(ns("reconnect.backoff.max.ms"), made.reconnect_backoff_ns);
    made.connect_timeout_ns = ns("socket.connection.setup.timeout.ms");
    const bool never_idle = read->at("connections.max.idle.ms").number < 0;
    made.idle_ns = never_idle ? milliseconds_most * nanoseconds_per_ms : ns("connections.max.idle.ms");
    made.metadata_age_ns = ns("metadata.max.age.ms");
    made.rebootstrap = read->at("metadata.recovery.strategy").text == "rebootstrap";
    return made;
}

} // namespace barnabas::client
