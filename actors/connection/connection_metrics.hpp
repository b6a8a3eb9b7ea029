#pragma once

#include "actors/connection/connection_port.hpp"
#include "actors/connection/request_context.hpp"
#include "protocol/model/error.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/node_services.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// What a connection counts. Handles are looked up once per API that the client uses.
class connection_metrics {
public:
    /// Connections are counted by their listener and the loop that serves them.
    connection_metrics(runtime::node_services& node, const std::string& listener, loop_index home);
    ~connection_metrics();
    connection_metrics(const connection_metrics&) = delete;
    connection_metrics& operator=(const connection_metrics&) = delete;

    void finished(const finished_request& request);
    /// Records of an old client were converted; counted by API and client id.
    void converted(const request_context& request, std::uint64_t records);
    /// See connection_port.hpp.
    void batch_taken(std::uint64_t records, std::uint64_t bytes);
    void records_given(std::uint64_t bytes);
    void requests_wait(std::size_t count);
    void error_answered(kafka::api_key key, std::int16_t code);
    void batch_too_large(std::uint64_t bytes);
    void batch_faulty(batch::batch_fault fault);
    void part_refused(kafka::api_key key);
    /// The connection was closed because its client could not be understood or must not go on.
    void refused(errc why);

private:
    struct api_metrics {
        kafka::api_key key = kafka::api_key::api_versions;
        std::int16_t version = 0;
        runtime::counter* requests = nullptr;
        runtime::histogram* seconds = nullptr;
        runtime::histogram* queued = nullptr;
        runtime::histogram* local = nullptr;
        runtime::histogram* remote = nullptr;
        runtime::histogram* behind_others = nullptr;
    };
    api_metrics& of(kafka::api_key key, std::int16_t version);

    runtime::metric_registry& registry_;
    runtime::gauge& open_;
    runtime::gauge& waiting_requests_;
    /// Of them this connection's.
    std::int64_t waiting_here_ = 0;
    runtime::counter& bytes_in_;
    runtime::counter& bytes_out_;
    runtime::counter& stored_records_;
    runtime::counter& stored_bytes_;
    runtime::counter& fetched_bytes_;
    /// Those that the client has used with their versions, the latest one first: most clients send the same
    /// again and again.
    std::vector<api_metrics> apis_;
    /// Only what was answered: at most the APIs times their errors.
    std::map<std::pair<kafka::api_key, std::int16_t>, runtime::counter*> errors_;
    /// By API and the client id of the request, which may change from one to the next.
    std::map<std::pair<kafka::api_key, std::string>, runtime::counter*> converted_;
};

} // namespace barnabas
