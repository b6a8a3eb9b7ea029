#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// One partition of a fetch: what the client wants, and what it was last told.
struct fetch_item {
    std::string topic_name;
    barnabas::topic_id topic_id;
    partition_index partition{0};
    log_offset fetch_offset{0};
    std::uint32_t max_bytes = 0;
    leader_epoch current_leader_epoch{-1};

    /// Of the last response that named this partition; an incremental response leaves out what did not
    /// change.
    log_offset told_high_watermark{-1};
    log_offset told_log_start{-1};
};

/// Name or id, as the request's version has it, and the partition.
struct fetch_item_key {
    std::string topic_name;
    barnabas::topic_id topic_id;
    partition_index partition{0};

    friend auto operator<=>(const fetch_item_key&, const fetch_item_key&) = default;
};

/// An incremental fetch session (KIP-227): the partitions a client reads, so that a request names only
/// changes. The order of `items` rotates: whoever returned records goes to the end, so none starves.
struct fetch_session {
    std::int32_t id = 0;
    /// The epoch that the next request must carry.
    std::int32_t epoch = 1;
    bool uses_topic_ids = false;
    std::list<fetch_item> items;
    std::map<fetch_item_key, std::list<fetch_item>::iterator> index;

    void put(const fetch_item& item);
    void forget(const fetch_item_key& key);
    /// Moves the item to the end of the order.
    void rotate(const fetch_item_key& key);
    fetch_item* find(const fetch_item_key& key);
};

/// The sessions of one connection. A session ends with its connection: a client that comes back on another
/// one gets fetch_session_id_not_found and starts anew, as the protocol foresees.
class fetch_sessions {
public:
    explicit fetch_sessions(std::uint64_t connection_number) : connection_(connection_number) {}

    /// A new session, id not zero. The oldest one goes when there are too many.
    fetch_session& open(bool uses_topic_ids);
    /// Checks id and epoch of an incremental request, and moves the epoch on. Codes:
    /// fetch_session_id_not_found, invalid_fetch_session_epoch, fetch_session_topic_id_error.
    result<fetch_session*> next(std::int32_t id, std::int32_t epoch, bool uses_topic_ids);
    fetch_session* find(std::int32_t id);
    void close(std::int32_t id);
    std::size_t count() const noexcept { return sessions_.size(); }

private:
    std::uint64_t connection_;
    std::uint32_t opened_ = 0;
    std::list<fetch_session> sessions_;
};

} // namespace barnabas
