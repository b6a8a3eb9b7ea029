#pragma once

#include "actors/client/client_connection.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace barnabas::client {

/// What Metadata said of the topics that a client uses. Part of producer and consumer.
class topic_directory {
public:
    struct topic {
        topic_id id;
        std::int32_t partitions = 0;
        /// When this was asked: what the broker has done since is not in it.
        monotonic_ns asked_at;
    };

    const topic* find(const std::string& name) const {
        const auto found = topics_.find(name);
        return found == topics_.end() ? nullptr : &found->second;
    }
    /// Also of a topic that was forgotten: answers to what was asked before still come.
    const std::string* name_of(const topic_id& id) const;
    void forget(const std::string& name) { topics_.erase(name); }

    bool is_asking() const noexcept { return asked_ != 0; }
    /// Asks for one topic; nothing is created by asking.
    void ask(client_connection& connection, const std::string& name, monotonic_ns now);
    /// True if this was the answer to `ask`; topics in good order are known then.
    bool on_answer(const answer& got, client_connection& connection);
    void on_lost() noexcept { asked_ = 0; }

private:
    std::map<std::string, topic> topics_;
    /// Every id that was ever told; a client has few topics.
    std::map<topic_id, std::string> names_;
    std::uint64_t asked_ = 0;
    monotonic_ns asked_at_{};
};

} // namespace barnabas::client
