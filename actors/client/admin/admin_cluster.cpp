#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/metadata.hpp"

// The cluster as a whole, and single brokers.
namespace barnabas::client {

namespace {

struct describe_cluster_plan : plan_defaults {
    using request = kafka::metadata_request;
    using response = kafka::metadata_response;
    using key = int;
    using value = cluster_description;

    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const {
        // Metadata without topics is served by every broker, DescribeCluster only since 2.8.
        request asked;
        asked.topics.emplace();
        asked.allow_auto_topic_creation = false;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code);
        cluster_description made;
        made.id = said.cluster_id.value_or("");
        if (said.controller_id >= 0)
            made.controller = said.controller_id;
        for (const auto& one : said.brokers)
            made.brokers.push_back({one.node_id, one.host, one.port, one.rack});
        std::sort(made.brokers.begin(), made.brokers.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });
        out.good(0, std::move(made));
    }
};

} // namespace

pending<result<cluster_description>> admin::describe_cluster(call_options options) const {
    return submit_single(submit_, describe_cluster_plan{}, options);
}

} // namespace barnabas::client
