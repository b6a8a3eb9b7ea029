#include "cmd/barnabas/client_keys.hpp"

#include "actors/client/cluster/key_table.hpp"
#include "actors/client/cluster/settings.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/producer/producer_settings.hpp"
#include "cmd/barnabas/commands.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace barnabas {

namespace {

bool is_among(std::span<const client::client_key> rows, std::string_view name) {
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
}

bool is_known(client_kind kind, std::string_view name) {
    return is_among(client::client_keys(), name) || client::is_key_of_kafka(name) ||
           (kind == client_kind::producer && is_among(client::producer_keys(), name)) ||
           (kind == client_kind::consumer && is_among(client::consumer_keys(), name));
}

/// What the client itself says of a key that it does not know.
error refusal_of(client_kind kind, const std::string& name) {
    const client::properties alone{{"bootstrap.servers", "localhost:9092"}, {name, ""}};
    switch (kind) {
    case client_kind::producer: return client::read_producer_settings(alone).failure();
    case client_kind::consumer: return client::read_consumer_settings(alone).failure();
    case client_kind::admin: break;
    }
    return client::read_settings(alone).failure();
}

/// Kafka's clients obey them; to pass them over would reach other brokers, or take names for values.
bool is_obeyed_by_kafka(std::string_view name) {
    return name == "bootstrap.controllers" || name == "config.providers";
}

/// May be meant for a key that keeps records from going in the clear.
bool may_ask_for_security(std::string_view name, const error& refusal) {
    constexpr std::array<std::string_view, 3> beginnings{"security.", "ssl.", "sasl."};
    return refusal.detail.find("did you mean security.") != std::string::npos ||
           std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const auto& one) { return name.starts_with(one); });
}

} // namespace

result<client::properties> without_unknown_keys(client_kind kind, client::properties keys) {
    if (const auto safe = client::check_security(keys); !safe)
        return safe.failure();
    const bool plaintext_said = keys.contains("security.protocol");
    for (auto one = keys.begin(); one != keys.end();) {
        const auto& name = one->first;
        if (is_known(kind, name)) {
            ++one;
            continue;
        }
        const auto refusal = refusal_of(kind, name);
        if (is_obeyed_by_kafka(name) || (!plaintext_said && may_ask_for_security(name, refusal)))
            return refusal;
        std::fprintf(stderr, "%s: warning: passed over: %s\n", program_name, refusal.detail.c_str());
        one = keys.erase(one);
    }
    return keys;
}

} // namespace barnabas
