#include "actors/connection/fetch_session.hpp"

#include "actors/connection/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>

namespace barnabas {

namespace {

fetch_item_key key_of(const fetch_item& item) {
    return {item.topic_name, item.topic_id, item.partition};
}

} // namespace

void fetch_session::put(const fetch_item& item) {
    auto key = key_of(item);
    if (auto found = index.find(key); found != index.end()) {
        fetch_item& known = *found->second;
        known.fetch_offset = item.fetch_offset;
        known.max_bytes = item.max_bytes;
        known.current_leader_epoch = item.current_leader_epoch;
        return;
    }
    items.push_back(item);
    index.emplace(std::move(key), std::prev(items.end()));
}

void fetch_session::forget(const fetch_item_key& key) {
    auto found = index.find(key);
    if (found == index.end())
        return;
    items.erase(found->second);
    index.erase(found);
}

void fetch_session::rotate(const fetch_item_key& key) {
    if (auto found = index.find(key); found != index.end())
        items.splice(items.end(), items, found->second);
}

fetch_item* fetch_session::find(const fetch_item_key& key) {
    auto found = index.find(key);
    return found == index.end() ? nullptr : &*found->second;
}

fetch_session& fetch_sessions::open(bool uses_topic_ids) {
    if (BARNABAS_MARK_IF(sessions_.size() >= connection_limits::fetch_sessions_max, fetch_session_evicted))
        sessions_.pop_front();
    ++opened_;
    // Mixed from connection and count, so that a client which comes back elsewhere with an old id is found
    // out.
    std::uint64_t mixed = (connection_ + 1) * 0x9e3779b97f4a7c15ULL + opened_;
    mixed ^= mixed >> 29;
    fetch_session session;
    session.id = static_cast<std::int32_t>(mixed & 0x7fffffffU);
    if (session.id == 0)
        session.id = 1;
    session.uses_topic_ids = uses_topic_ids;
    sessions_.push_back(std::move(session));
    return sessions_.back();
}

result<fetch_session*> fetch_sessions::next(std::int32_t id, std::int32_t epoch, bool uses_topic_ids) {
    fetch_session* session = find(id);
    if (BARNABAS_MARK_IF(session == nullptr, fetch_session_unknown))
        return error{errc::fetch_session_id_not_found,
                     "no fetch session " + std::to_string(id) +
                         " on this connection; start a new one with epoch 0"};
    if (BARNABAS_MARK_IF(session->epoch != epoch, fetch_session_epoch_wrong))
        return error{errc::invalid_fetch_session_epoch,
                     "fetch session " + std::to_string(id) + " expects epoch " +
                         std::to_string(session->epoch) + ", not " + std::to_string(epoch)};
    if (BARNABAS_MARK_IF(session->uses_topic_ids != uses_topic_ids, fetch_session_topic_ids_mixed))
        return error{errc::fetch_session_topic_id_error,
                     "a fetch session names its topics either by name or by id, from its first request on"};
    // Epochs wrap to 1: 0 opens a session and -1 ends it.
    session->epoch = epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
    return session;
}

fetch_session* fetch_sessions::find(std::int32_t id) {
    auto found = std::find_if(sessions_.begin(), sessions_.end(),
                              [id](const fetch_session& session) { return session.id == id; });
    return found == sessions_.end() ? nullptr : &*found;
}

void fetch_sessions::close(std::int32_t id) {
    sessions_.remove_if([id](const fetch_session& session) { return session.id == id; });
}

} // namespace barnabas
