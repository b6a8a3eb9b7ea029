#pragma once

#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <set>

namespace barnabas {

/// To the broker, once, before the first `metadata_committed`: the metadata log is replayed, and these topics
/// were removed in it. What is left of them on disk may go from the first image on, since the records are on
/// stable storage by then.
struct metadata_replayed {
    std::shared_ptr<const std::set<topic_id>> removed_topics;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_replayed)
