#pragma once

#include <string>

namespace barnabas {

/// The support table, docs/protocol.md, made from the dispatch table so that it cannot say anything else.
std::string protocol_page();

} // namespace barnabas
