#pragma once

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

/// Checks of the small formats beside messages and batches. Nothing when the line holds, else what does not.
namespace barnabas::golden {

std::optional<std::string> check_varint(const boost::json::object& line);
std::optional<std::string> check_crc32c(const boost::json::object& line);
std::optional<std::string> check_murmur2(const boost::json::object& line);
/// Subscriptions and assignments of the classic consumer protocol, with their version in front.
std::optional<std::string> check_consumer_protocol(const boost::json::object& line);

} // namespace barnabas::golden
