#include "fuzz/fuzz.hpp"
#include "fuzz/messages.hpp"

/// What the generated table has beside requests and responses: headers, records of the internal topics, what
/// clients send each other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas::fuzz;
    check_message(message_group::others, data, size);
    return 0;
}
