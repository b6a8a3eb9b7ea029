#pragma once

#include "actors/connection/authorizer.hpp"
#include "actors/connection/request_context.hpp"
#include "protocol/kafka/api_key.hpp"
#include "protocol/kafka/wire.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <span>

namespace barnabas {

class connection;

/// Which quota a request is charged to, once quotas are built.
enum class quota_class { none, produce, fetch, request };

/// Decodes the body and answers, now or later (an operation). An error closes the connection.
using handler = result<void> (*)(connection& self, request_context context, kafka::wire_reader& body);

/// Everything that differs between APIs, in one row. There are no defaults: a row without an authorisation or
/// a quota class does not compile (a missing initializer is an error).
struct api_row {
    kafka::api_key key;
    /// Versions advertised; each of them gets an answer that decodes (rule W116).
    std::int16_t lowest;
    std::int16_t highest;
    handler handle;
    /// What the handler asks the authorizer for, per resource that the request names.
    resource_type resource;
    acl_operation operation;
    quota_class quota;
    bool before_authentication;
};

/// All APIs served, by key. ApiVersions answers from here, so nothing is advertised that is not served.
std::span<const api_row> api_table();
const api_row* find_api(kafka::api_key key);

/// Reads key, version, correlation id and client id. A version that is not served is no error here.
result<void> read_request_header(kafka::wire_reader& reader, request_context& context);

/// Hands the body to its handler. An unknown key or version is an error: the connection closes, which is how
/// old clients find out what a broker can do (rule W108); ApiVersions alone is answered in version 0
/// (KIP-511).
result<void> dispatch(connection& self, request_context context, kafka::wire_reader& reader);

} // namespace barnabas
