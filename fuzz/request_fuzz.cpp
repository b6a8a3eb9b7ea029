#include "fuzz/fuzz.hpp"
#include "fuzz/messages.hpp"

/// Every request of the generated table, any version.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas::fuzz;
    check_message(message_group::requests, data, size);
    return 0;
}
