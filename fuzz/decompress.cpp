#include "fuzz/decompress.hpp"

#include <algorithm>
#include <vector>

namespace barnabas::fuzz {
namespace {

constexpr std::size_t bounds[] = {0, 1, 100, 4096, 65536, 1 << 20};

struct outcome {
    errc code = errc::ok;
    std::vector<std::byte> bytes;
};

outcome unpack(batch::codec which, std::span<const std::byte> packed, std::size_t bound, std::size_t piece) {
    outcome got;
    auto stream = batch::open_decompressor(which, packed, bound);
    if (!stream)
        return {stream.code(), {}};
    std::vector<std::byte> window(piece);
    for (;;) {
        const auto count = (*stream)->read(window);
        if (!count) {
            got.code = count.code();
            return got;
        }
        require(*count <= piece, "more was written than there was room for");
        got.bytes.insert(got.bytes.end(), window.begin(),
                         window.begin() + static_cast<std::ptrdiff_t>(*count));
        require(got.bytes.size() <= bound, "more came out than the bound allows");
        if (*count < piece)
            break;
    }
    const auto behind = (*stream)->read(window);
    require(behind && *behind == 0, "something stands behind the end");
    return got;
}

} // namespace

void decompress(batch::codec which, input given) {
    const auto bound = bounds[given.byte() % std::size(bounds)];
    const std::size_t piece = 1 + given.byte() * std::size_t{37};
    const auto packed = given.rest();
    const auto in_pieces = unpack(which, packed, bound, piece);
    require(in_pieces.code == errc::ok || in_pieces.code == errc::corrupt_message ||
                in_pieces.code == errc::message_too_large,
            "an error that nobody documented");
    const auto at_once = unpack(which, packed, bound, bound + 1);
    require((at_once.code == errc::ok) == (in_pieces.code == errc::ok), "the size of the reads decides");
    if (at_once.code != errc::ok)
        return;
    require(at_once.bytes == in_pieces.bytes, "the size of the reads changes the bytes");
    const auto again = batch::compress(which, at_once.bytes);
    require(again.has_value(), "it does not pack");
    const auto back = unpack(which, *again, at_once.bytes.size(), at_once.bytes.size() + 1);
    require(back.code == errc::ok && back.bytes == at_once.bytes, "it does not come back");
}

} // namespace barnabas::fuzz
