#include "actors/controller/topic_names.hpp"

#include "protocol/model/topic_name.hpp"

#include <algorithm>

namespace barnabas {

result<void> check_topic_name(std::string_view name) {
    if (auto fault = topic_name_fault(name))
        return std::move(*fault);
    if (name == metadata_topic_name)
        return error{errc::invalid_topic, "'" + std::string(name) + "' is the cluster's own metadata log"};
    return {};
}

std::string collision_key(std::string_view name) {
    std::string key(name);
    std::replace(key.begin(), key.end(), '.', '_');
    return key;
}

} // namespace barnabas
