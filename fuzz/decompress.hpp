#pragma once

#include "fuzz/fuzz.hpp"
#include "protocol/batch/compression.hpp"

namespace barnabas::fuzz {

/// One codec with any packed bytes: the first two choose the bound (and the level for packing) and the size
/// of the reads. The bound holds, the outcome does not depend on how much is asked for at once, and what came
/// out packs and unpacks again.
void decompress(batch::codec which, input given);

} // namespace barnabas::fuzz
