#include "actors/connection/protocol_page.hpp"

#include "actors/connection/dispatch.hpp"

namespace barnabas {

namespace {

/// What a person should know of an API beyond its versions.
std::string remark_on(kafka::api_key key) {
    switch (key) {
    case kafka::api_key::produce:
        return "0 to 2 are advertised, because old librdkafka takes them for the sign of compression, and "
               "answered "
               "with UNSUPPORTED_VERSION; no transactions";
    case kafka::api_key::fetch: return "with incremental sessions, which end with their connection";
    case kafka::api_key::find_coordinator: return "always COORDINATOR_NOT_AVAILABLE: there are no groups yet";
    case kafka::api_key::init_producer_id:
        return "for idempotent producers; NOT_COORDINATOR with a transactional id";
    case kafka::api_key::describe_cluster: return "brokers only";
    case kafka::api_key::api_versions: return "an unknown version is answered in version 0 (KIP-511)";
    default: return "";
    }
}

} // namespace

std::string protocol_page() {
    std::string page =
        "# Protocol support\n\n"
        "Made from the dispatch table (`actors/connection/dispatch.cpp`), which also answers ApiVersions. "
        "Every version listed\ngets an answer that decodes; any other key or version closes the connection, "
        "as Kafka does.\n\n"
        "| key | API | versions | remark |\n|---|---|---|---|\n";
    for (const auto& row : api_table())
        page += "| " + std::to_string(static_cast<int>(row.key)) + " | " +
                std::string(kafka::name_of(row.key)) + " | " + std::to_string(row.lowest) + " to " +
                std::to_string(row.highest) + " | " + remark_on(row.key) + " |\n";
    page += "\n## Not served\n\n";
    for (std::size_t number = 0; number < kafka::api_key_table.size(); ++number) {
        const auto key = static_cast<kafka::api_key>(number);
        if (find_api(key) == nullptr)
            page += (page.ends_with("\n\n") ? "" : ", ") + std::string(kafka::name_of(key));
    }
    return page + ".\n";
}

} // namespace barnabas
