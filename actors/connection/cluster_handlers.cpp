#include "actors/connection/authorized_operations.hpp"
#include "actors/connection/dispatch.hpp"
#include "actors/connection/features.hpp"
#include "actors/connection/handlers.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/describe_cluster.hpp"
#include "protocol/kafka/init_producer_id.hpp"

// What clients ask about the cluster as a whole.
namespace barnabas {

namespace {

kafka::api_versions_response supported_versions(connection& self, errc code) {
    kafka::api_versions_response response;
    response.finalized_features_epoch = self.port().image()->applied.get();
    for (const auto& feature : cluster_features) {
        auto& supported = response.supported_features.emplace_back();
        supported.name = feature.name;
        supported.min_version = feature.lowest;
        supported.max_version = feature.highest;
        auto& finalized = response.finalized_features.emplace_back();
        finalized.name = feature.name;
        finalized.max_version_level = finalized.min_version_level = feature.level;
    }
    response.error_code = wire_code(code);
    for (const auto& row : api_table()) {
        auto& entry = response.api_keys.emplace_back();
        entry.api_key = static_cast<std::int16_t>(row.key);
        entry.min_version = row.lowest;
        entry.max_version = row.highest;
    }
    return response;
}

class init_producer_id final : public operation {
public:
    using operation::operation;

    void on_init_producer_id_response(const init_producer_id_response& answer) override {
        kafka::init_producer_id_response response;
        response.error_code = wire_code(answer.code);
        response.producer_id = answer.id.get();
        response.producer_epoch = answer.epoch.get();
        answer_with(owner(), number(), context(), response);
    }
    void on_timer() override {
        init_producer_id_response late;
        late.code = errc::coordinator_load_in_progress;
        on_init_producer_id_response(late);
    }
};

} // namespace

result<void> handle_api_versions(connection& self, request_context context, kafka::wire_reader& body) {
    const api_row* row = find_api(kafka::api_key::api_versions);
    if (context.version < row->lowest || context.version > row->highest) {
        // KIP-511: an unknown version is answered in version 0, with the versions that are known.
        context.version = 0;
        answer_with(self, self.current(), context, supported_versions(self, errc::unsupported_version));
        return {};
    }
    auto request = decode_body<kafka::api_versions_request>(body, context);
    if (!request)
        return request.failure();
    answer_with(self, self.current(), context, supported_versions(self, errc::ok));
    return {};
}

result<void> handle_describe_cluster(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_cluster_request>(body, context);
    if (!request)
        return request.failure();
    constexpr std::int8_t brokers_endpoint = 1;
    auto image = self.port().image();
    kafka::describe_cluster_response response;
    response.endpoint_type = request->endpoint_type;
    if (request->endpoint_type != brokers_endpoint) {
        response.error_code = static_cast<std::int16_t>(kafka::error_code::unsupported_endpoint_type);
        response.error_message = "controllers have no listener of their own on this node; ask for brokers";
        answer_with(self, self.current(), context, response);
        return {};
    }
    if (request->include_cluster_authorized_operations)
        response.cluster_authorized_operations = authorized_cluster_operations(self, context);
    response.cluster_id = image->cluster_id;
    response.controller_id = image->controller.get();
    for (const auto& [id, broker] : image->brokers) {
        auto& entry = response.brokers.emplace_back();
        entry.broker_id = id.get();
        entry.host = broker.host;
        entry.port = broker.port;
        entry.rack = broker.rack;
    }
    answer_with(self, self.current(), context, response);
    return {};
}

result<void> handle_init_producer_id(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::init_producer_id_request>(body, context);
    if (!request)
        return request.failure();
    errc refused = errc::ok;
    if (request->transactional_id && request->transactional_id->empty())
        refused = errc::invalid_request;
    else if (request->transactional_id)
        refused = errc::not_coordinator;
    else if (!self.allowed(context, acl_operation::idempotent_write, resource_type::cluster, "kafka-cluster"))
        refused = errc::cluster_authorization_failed;
    auto waiting = std::make_unique<init_producer_id>(self, self.current(), context);
    if (refused != errc::ok) {
        init_producer_id_response answer;
        answer.code = refused;
        waiting->on_init_producer_id_response(answer);
        return {};
    }
    const auto token = self.park(std::move(waiting), self.request_timeout()).token();
    self.port().send_broker(init_producer_id_request{token});
    return {};
}

} // namespace barnabas
