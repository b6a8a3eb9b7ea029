#include "actors/connection/authorized_operations.hpp"
#include "actors/connection/handlers.hpp"
#include "actors/connection/metadata_partition.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/describe_topic_partitions.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace barnabas {

namespace {

using kafka::describe_topic_partitions_request;
using kafka::describe_topic_partitions_response;

/// Fills one page, topics in the order of their names.
class topic_page {
public:
    topic_page(connection& self, const request_context& context, std::int32_t limit)
        : self_(self), context_(context), image_(self.port().image()), room_(limit) {}

    /// From this partition on; false when the page is full, and says where to go on.
    bool add(const std::string& name, std::int32_t first, bool was_named) {
        const bool allowed = self_.allowed(context_, acl_operation::describe, resource_type::topic, name);
        const auto* topic = image_->find_topic(name);
        if (!allowed || topic == nullptr) {
            if (was_named)
                describe_missing(name, allowed ? errc::unknown_topic_or_partition
                                               : errc::topic_authorization_failed);
            return true;
        }
        if (room_ == 0)
            return go_on_at(name, 0);
        auto& entry = page.topics.emplace_back();
        entry.name = name;
        entry.topic_id = topic->id;
        entry.is_internal = group::is_internal_topic(name);
        entry.topic_authorized_operations = operations_on(name);
        for (auto at = static_cast<std::size_t>(first); at < topic->partitions.size(); ++at) {
            if (room_ == 0)
                return go_on_at(name, static_cast<std::int32_t>(at));
            describe(*topic, topic->partitions[at], entry);
            --room_;
        }
        return true;
    }
    const metadata_image& image() const { return *image_; }

    describe_topic_partitions_response page;

private:
    /// Nobody has to ask for them here.
    std::int32_t operations_on(const std::string& name) const {
        return authorized_operations(self_, context_, resource_type::topic, name);
    }
    bool go_on_at(const std::string& name, std::int32_t partition) {
        auto& cursor = page.next_cursor.emplace();
        cursor.topic_name = name;
        cursor.partition_index = partition;
        return false;
    }
    void describe_missing(const std::string& name, errc code) {
        auto& entry = page.topics.emplace_back();
        entry.name = name;
        entry.error_code = wire_code(code);
        if (code == errc::unknown_topic_or_partition)
            entry.topic_authorized_operations = operations_on(name);
    }
    template <class Entry>
    void describe(const topic_metadata& topic, const partition_metadata& partition, Entry& entry) {
        auto& one = entry.partitions.emplace_back();
        // Without a leader there is no error here, unlike in Metadata.
        describe_partition(self_, topic, partition, one);
        // Nobody falls out of the ISR.
        one.eligible_leader_replicas.emplace();
        one.last_known_elr.emplace();
    }

    connection& self_;
    const request_context& context_;
    metadata_image_ptr image_;
    std::int32_t room_;
};

} // namespace

result<void> handle_describe_topic_partitions(connection& self, request_context context,
                                              kafka::wire_reader& body) {
    auto request = decode_body<describe_topic_partitions_request>(body, context);
    if (!request)
        return request.failure();
    const auto& cursor = request->cursor;
    // The answer has no error of its own: the connection ends, as in Kafka.
    if (cursor && cursor->partition_index < 0)
        return error{errc::malformed, "DescribeTopicPartitions begins at partition " +
                                          std::to_string(cursor->partition_index) + " of " +
                                          cursor->topic_name};
    const auto limit =
        std::min(self.config().max_request_partition_size_limit, request->response_partition_limit);
    topic_page filling(self, context, std::max(limit, 1));
    std::set<std::string> names;
    for (const auto& topic : request->topics)
        names.insert(topic.name);
    const bool named = !names.empty();
    if (!named)
        for (const auto& [name, topic] : filling.image().topics)
            names.insert(name);
    for (auto at = cursor ? names.lower_bound(cursor->topic_name) : names.begin(); at != names.end(); ++at) {
        const auto first = cursor && *at == cursor->topic_name ? cursor->partition_index : 0;
        if (!filling.add(*at, first, named))
            break;
    }
    answer_with(self, self.current(), context, filling.page);
    return {};
}

} // namespace barnabas
