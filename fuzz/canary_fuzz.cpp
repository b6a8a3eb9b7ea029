#include "fuzz/fuzz.hpp"

#include <string_view>

/// The planted crash: the stage must find it within seconds, or its silence about the others means nothing.
/// The magic word is long enough that chance alone does not find it; coverage does.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view word = "bird";
    std::size_t sung = 0;
    while (sung < word.size() && sung < size && data[sung] == static_cast<std::uint8_t>(word[sung]))
        ++sung;
    barnabas::fuzz::require(sung < word.size(), "the canary sings");
    return 0;
}
