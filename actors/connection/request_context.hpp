#pragma once

#include "protocol/kafka/api_key.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <string>

namespace barnabas {

/// Who asks: "User:ANONYMOUS" until listeners authenticate.
struct principal {
    std::string type = "User";
    std::string name = "ANONYMOUS";
};

/// What every handler is told about its request. Metrics, slow log, quotas and audit read the same.
struct request_context {
    kafka::api_key key = kafka::api_key::api_versions;
    std::int16_t version = 0;
    std::int32_t correlation_id = 0;
    std::string client_id;
    std::string listener;
    barnabas::principal principal;
    monotonic_ns received_at;
};

} // namespace barnabas
