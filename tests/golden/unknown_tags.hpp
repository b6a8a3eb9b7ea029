#pragma once

#include "protocol/kafka/wire.hpp"
#include "tests/golden/description.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::golden {

/// The tagged fields of a message that its schema does not know, by the path of the struct that has them:
/// `topics[0].partitions[1]`, empty for the message itself.
using unknown_tags = std::map<std::string, std::vector<kafka::tagged_field>>;

/// Found by walking over the bytes with the schema as data, so without the generated codec. An error when the
/// bytes do not follow the schema; what lies behind the message is not looked at.
result<unknown_tags> find_unknown_tags(std::string_view message, std::int16_t version, const slice& bytes);

} // namespace barnabas::golden
