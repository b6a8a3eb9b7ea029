#include "fuzz/decompress.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    barnabas::fuzz::decompress(barnabas::batch::codec::gzip, {data, size});
    return 0;
}
