#include "actors/connection/operation.hpp"

#include "actors/connection/handlers.hpp"
#include "protocol/model/assert.hpp"

namespace barnabas {

void operation::on_append_response(std::uint32_t, const append_response&) {
    BARNABAS_UNREACHABLE("an append answered to an operation that appends nothing");
}

void operation::on_offset_query_response(std::uint32_t, const offset_query_response&) {
    BARNABAS_UNREACHABLE("an offset answered to an operation that asks for none");
}

void operation::on_epoch_query_response(std::uint32_t, const epoch_query_response&) {
    BARNABAS_UNREACHABLE("an epoch's end answered to an operation that asks for none");
}

void operation::on_delete_records_response(std::uint32_t, const delete_records_response&) {
    BARNABAS_UNREACHABLE("a deletion answered to an operation that deletes nothing");
}

void operation::on_topics_response(const topics_response&) {
    BARNABAS_UNREACHABLE("topics answered to an operation that changes none");
}

void operation::on_init_producer_id_response(const init_producer_id_response&) {
    BARNABAS_UNREACHABLE("a producer id answered to an operation that asks for none");
}

void operation::on_log_dirs_response(const log_dirs_response&) {
    BARNABAS_UNREACHABLE("log directories answered to an operation that asks for none");
}

void operation::on_alter_log_dirs_response(const alter_log_dirs_response&) {
    BARNABAS_UNREACHABLE("moves answered to an operation that asks for none");
}

void operation::on_producers_response(std::uint32_t, const producers_response&) {
    BARNABAS_UNREACHABLE("producers answered to an operation that asks for none");
}

void operation::on_coordinator_response(std::uint32_t, const group::coordinator_response&) {
    BARNABAS_UNREACHABLE("a coordinator answered an operation that asks none");
}

void operation::on_read_changed(std::uint32_t) {
    BARNABAS_UNREACHABLE("a read changed for an operation that reads nothing");
}

void operation::on_timer() {
    BARNABAS_UNREACHABLE("a timer fired for an operation that armed none");
}

errc why_not_here(connection& self, const topic_partition& partition) {
    const auto* topic = self.port().image()->find_topic(partition.topic);
    const auto index = static_cast<std::size_t>(partition.partition.get());
    if (topic == nullptr || index >= topic->partitions.size())
        return errc::unknown_topic_or_partition;
    return topic->partitions[index].leader == node_id(self.config().node_id) ? errc::storage_error
                                                                             : errc::not_leader_or_follower;
}

} // namespace barnabas
