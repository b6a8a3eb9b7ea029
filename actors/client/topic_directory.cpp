#include "actors/client/topic_directory.hpp"

#include "protocol/kafka/metadata.hpp"

namespace barnabas::client {

const std::string* topic_directory::name_of(const topic_id& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? nullptr : &found->second;
}

void topic_directory::ask(client_connection& connection, const std::string& name, monotonic_ns now) {
    const auto version = connection.version_for<kafka::metadata_request>();
    if (!version)
        return connection.give_up(
            {errc::unsupported_version, "the broker has no version of Metadata that we know"});
    kafka::metadata_request request;
    request.topics.emplace();
    request.topics->emplace_back().name = name;
    request.allow_auto_topic_creation = false;
    asked_ = connection.send(request, *version, now);
    asked_at_ = now;
}

bool topic_directory::on_answer(const answer& got, client_connection& connection) {
    if (got.request != asked_)
        return false;
    asked_ = 0;
    const auto response = got.decode<kafka::metadata_response>();
    if (!response) {
        connection.give_up(response.failure());
        return true;
    }
    for (const auto& described : response->topics) {
        if (described.error_code != 0 || !described.name || described.partitions.empty())
            continue;
        topics_[*described.name] = {described.topic_id,
                                    static_cast<std::int32_t>(described.partitions.size()), asked_at_};
        names_[described.topic_id] = *described.name;
    }
    return true;
}

} // namespace barnabas::client
