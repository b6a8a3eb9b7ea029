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

outcome unpack(batch::codec which, std::span<const std::byte> packed, std::size_t bound, std::size_t piece,
               batch::lz4_checksum checksum = batch::lz4_checksum::checked) {
    outcome got;
    auto stream = batch::open_decompressor(which, packed, bound, nullptr, checksum);
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
    const auto choice = given.byte();
    const auto bound = bounds[choice % std::size(bounds)];
    const std::size_t piece = 1 + given.byte() * std::size_t{37};
    const auto packed = given.rest();
    const auto in_pieces = unpack(which, packed, bound, piece);
    require(in_pieces.code == errc::ok || in_pieces.code == errc::corrupt_message ||
                in_pieces.code == errc::message_too_large,
            "an error that nobody documented");
    // Whatever the checksum of lz4's header is, looking away adds inputs and loses none.
    const auto lenient = unpack(which, packed, bound, bound + 1, batch::lz4_checksum::ignored);
    const auto at_once = unpack(which, packed, bound, bound + 1);
    require(at_once.code != errc::ok || (lenient.code == errc::ok && lenient.bytes == at_once.bytes),
            "the right checksum hurts who does not look at it");
    require((at_once.code == errc::ok) == (in_pieces.code == errc::ok), "the size of the reads decides");
    if (at_once.code != errc::ok)
        return;
    require(at_once.bytes == in_pieces.bytes, "the size of the reads changes the bytes");
    batch::packing_options packing;
    packing.old_lz4_checksum = choice % 2 != 0;
    if (const auto levels = batch::levels_of(which))
        packing.level = std::clamp(choice / 12 - 10, levels->least, levels->most);
    const auto again = batch::compress(which, at_once.bytes, packing);
    require(again.has_value(), "it does not pack");
    const auto back =
        unpack(which, *again, at_once.bytes.size(), at_once.bytes.size() + 1,
               packing.old_lz4_checksum ? batch::lz4_checksum::ignored : batch::lz4_checksum::checked);
    require(back.code == errc::ok && back.bytes == at_once.bytes, "it does not come back");
}

} // namespace barnabas::fuzz
