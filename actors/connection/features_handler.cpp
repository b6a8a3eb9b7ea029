#include "actors/connection/features.hpp"
#include "actors/connection/handlers.hpp"
#include "protocol/kafka/update_features.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace barnabas {

namespace {

constexpr std::int8_t upgrade = 1;
constexpr std::int8_t unsafe_downgrade = 3;

struct wanted_level {
    std::string name;
    std::int16_t level = 0;
    std::int8_t upgrade_type = upgrade;
};

struct refusal {
    kafka::error_code code = kafka::error_code::none;
    std::string why;
};

refusal invalid_update(const wanted_level& wanted, const std::string& why) {
    return {kafka::error_code::invalid_update_version, "Invalid update version " +
                                                           std::to_string(wanted.level) + " for feature " +
                                                           wanted.name + ". " + why};
}

/// Nothing is refused that is so already.
refusal judge(const wanted_level& wanted, node_id node) {
    const auto found = std::find_if(cluster_features.begin(), cluster_features.end(),
                                    [&](const cluster_feature& one) { return one.name == wanted.name; });
    const auto here = "Local controller " + std::to_string(node.get());
    if (wanted.upgrade_type < upgrade || wanted.upgrade_type > unsafe_downgrade)
        return invalid_update(wanted, "The controller does not support the given upgrade type.");
    if (wanted.level < 0)
        return invalid_update(wanted, "A feature version cannot be less than 0.");
    if (found == cluster_features.end())
        return invalid_update(wanted, here + " does not support this feature.");
    if (wanted.level < found->lowest || wanted.level > found->highest)
        return invalid_update(wanted, here + " only supports versions " + std::to_string(found->lowest) +
                                          "-" + std::to_string(found->highest));
    return {};
}

template <class Update>
wanted_level wanted_of(const Update& update, std::int16_t version) {
    // Version 0 knows only whether a downgrade is allowed.
    const auto type = version > 0 ? update.upgrade_type : update.allow_downgrade ? unsafe_downgrade : upgrade;
    return {update.feature, update.max_version_level, type};
}

} // namespace

/// No level can change, so to check only and to do it is the same.
result<void> handle_update_features(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::update_features_request>(body, context);
    if (!request)
        return request.failure();
    constexpr std::int16_t one_error_for_all = 2;
    const node_id node(self.config().node_id);
    kafka::update_features_response response;
    response.error_message.reset();
    if (!self.allowed(context, acl_operation::alter, resource_type::cluster, "kafka-cluster")) {
        response.error_code = wire_code(errc::cluster_authorization_failed);
        response.error_message = "not allowed to alter the cluster";
        answer_with(self, self.current(), context, response);
        return {};
    }
    std::map<std::string, int> times_named;
    for (const auto& update : request->feature_updates) {
        auto refused = judge(wanted_of(update, context.version), node);
        if (++times_named[update.feature] > 1)
            refused = {kafka::error_code::invalid_request,
                       "the request names the feature " + update.feature + " more than once"};
        const bool failed = refused.code != kafka::error_code::none;
        if (context.version >= one_error_for_all) {
            if (!failed || response.error_code != 0)
                continue;
            response.error_code = static_cast<std::int16_t>(refused.code);
            response.error_message =
                "The update failed for all features since the following feature had an error: " + refused.why;
            continue;
        }
        auto& entry = response.results.emplace_back();
        entry.feature = update.feature;
        entry.error_code = static_cast<std::int16_t>(refused.code);
        entry.error_message.reset();
        if (failed)
            entry.error_message = refused.why;
    }
    answer_with(self, self.current(), context, response);
    return {};
}

} // namespace barnabas
