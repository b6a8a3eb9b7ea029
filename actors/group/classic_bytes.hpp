#pragma once

#include "actors/controller/metadata_image.hpp"
#include "actors/group/consumer_messages.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <optional>
#include <string>
#include <vector>

/// What consumers of the classic protocol and their leader write into the bytes that a coordinator hands on
/// unread. It reads them only where such consumers meet those of the consumer protocol.
namespace barnabas::group {

struct classic_subscription {
    /// Sorted, each once.
    std::vector<std::string> topics;
    /// Of topics that there are.
    partitions_by_topic owned;
    std::optional<std::string> rack;
};

/// The topics of a subscription alone, as it names them; malformed for bytes that are none.
result<std::vector<std::string>> decode_topics(const slice& bytes);
/// malformed for bytes that are no subscription.
result<classic_subscription> decode_subscription(const slice& bytes, const metadata_image& topics);

/// Topics that are not there are left out; no bytes are no partitions, for a member that was never assigned.
/// malformed for bytes that are no assignment, unsupported_version for one that says more than partitions:
/// what an assignor of its own adds would be lost.
result<partitions_by_topic> decode_assignment(const slice& bytes, const metadata_image& topics);
/// For a member whose subscription is `subscription`, in the version of that.
slice encode_assignment(const partitions_by_topic& assigned, const slice& subscription,
                        const metadata_image& topics);

} // namespace barnabas::group
