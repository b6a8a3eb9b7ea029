#include "actors/connection/group_question.hpp"

#include "actors/group/group_names.hpp"

namespace barnabas {

group::group_client client_of(const connection& self, const request_context& context) {
    return {context.client_id, "/" + self.options().client_host};
}

result<partition_index> coordinator_of(connection& self, const std::string& group) {
    const auto* topic = self.port().image()->find_topic(group::offsets_topic);
    if (topic == nullptr || topic->partitions.empty())
        return error{errc::coordinator_not_available, "__consumer_offsets does not exist yet"};
    const auto index = group::partition_of_group(group, static_cast<std::int32_t>(topic->partitions.size()));
    if (topic->partitions[static_cast<std::size_t>(index.get())].leader != node_id(self.config().node_id))
        return error{errc::not_coordinator, "another broker coordinates the group"};
    return index;
}

result<void> ask_coordinator(connection& self, std::uint64_t token, std::string group,
                             group::request_body body) {
    const auto index = coordinator_of(self, group);
    if (!index)
        return index.failure();
    if (!self.port().send_coordinator(*index, {token, std::move(group), std::move(body)}))
        return error{errc::coordinator_not_available, "the partition of __consumer_offsets is not open"};
    return {};
}

void ask_one(connection& self, std::unique_ptr<group_question> waiting, acl_operation what,
             std::pair<std::string, group::request_body> question, std::chrono::milliseconds patience) {
    if (!self.allowed(waiting->context(), what, resource_type::group, question.first))
        return waiting->take(0, errc::group_authorization_failed, {});
    if (auto asked =
            ask_coordinator(self, waiting->token(), std::move(question.first), std::move(question.second));
        !asked)
        return waiting->take(0, asked.code(), {});
    self.park(std::move(waiting), patience);
}

} // namespace barnabas
