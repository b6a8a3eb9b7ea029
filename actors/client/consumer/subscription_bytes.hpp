#pragma once

#include "actors/client/consumer/client_assignors.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <set>
#include <string>

/// The bytes that members of a classic group of consumers send each other, in Kafka's formats. Those of other
/// clients may be of any version, or nonsense.
namespace barnabas::client {

/// What a member wants and has; for `sticky` what it had stands in the assignor's own data, as it has let go.
slice write_subscription(const std::string& assignor, const std::set<std::string>& topics,
                         const std::set<partition_name>& owned, std::int32_t generation);
/// Into topics, owned and generation. Codes: malformed.
result<void> read_subscription(const std::string& assignor, const slice& bytes, member_wish& into);

slice write_assignment(const std::set<partition_name>& given);
/// Codes: malformed. No bytes are no partitions.
result<std::set<partition_name>> read_assignment(const slice& bytes);

} // namespace barnabas::client
