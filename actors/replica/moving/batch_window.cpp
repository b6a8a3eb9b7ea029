#include "actors/replica/moving/batch_window.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <cstring>

namespace barnabas::replica {
namespace {

/// One look at the bytes from the place on.
class look {
public:
    look(runtime::file_system& files, const window_place& place) : files_(files), place_(place) {}

    result<batch_window> run() {
        if (place_.position >= place_.size)
            return batch_window{};
        wanted_ = std::min<std::uint64_t>(std::max(place_.bytes_max, batch::batch_header_size),
                                          place_.size - place_.position);
        if (auto filled = fill(); !filled)
            return filled.failure();
        const auto first = header_at(0);
        auto found = first && first->total_size() > wanted_ && first->last_offset() < place_.upto
                         ? large(*first)
                         : collect();
        // What stands behind all that is asked for may be written just now.
        if (found.code() == errc::corrupt_message && place_.from >= place_.upto)
            return batch_window{};
        return found;
    }

private:
    /// No CRC covers the length, and memory for as much as it says is asked for only when the CRC agrees.
    result<batch_window> large(const batch::batch_header& header) {
        auto sound = check_crc_in_parts(files_, place_.log, {header, file_position(place_.position)},
                                        std::span(again_->data(), wanted_));
        if (!sound)
            return is_damage(sound.code()) ? unsound(sound.failure().detail) : sound.failure();
        wanted_ = header.total_size();
        if (auto filled = fill(); !filled)
            return filled.failure();
        return collect();
    }

    result<void> fill() {
        memory_ = chunk::allocate(wanted_);
        again_ = chunk::allocate(wanted_);
        const file_position from(place_.position);
        auto first = files_.read(place_.log, from, std::span(memory_->data(), wanted_));
        if (!first)
            return first.failure();
        auto second = files_.read(place_.log, from, std::span(again_->data(), wanted_));
        if (!second)
            return second.failure();
        // The end of a file that is written may come and go.
        there_ = std::min(*first, *second);
        return {};
    }

    std::span<const std::byte> bytes_from(std::size_t at) const {
        return std::span<const std::byte>(memory_->data(), there_).subspan(at);
    }

    bool differs(std::size_t at, std::size_t size) const {
        return BARNABAS_MARK_IF(std::memcmp(memory_->data() + at, again_->data() + at, size) != 0,
                                copy_read_differed);
    }

    /// The batch that begins there; malformed ones, and those that reach beyond the file, are damage.
    result<batch::batch_header> header_at(std::size_t at) const {
        if (there_ - at < batch::batch_header_size)
            return unsound("the file ends inside of a batch");
        // No CRC covers where a batch stands.
        if (differs(at, batch::batch_header_size))
            return unsound("two reads do not give the same header");
        auto header = batch::parse_header(bytes_from(at));
        if (!header)
            return is_damage(header.code()) ? unsound(header.failure().detail) : header.failure();
        if (header->total_size() > place_.size - place_.position - at)
            return unsound("the batch is longer than the file");
        // Nor which offsets it has.
        const bool runs_over = place_.next_base && header->last_offset() >= *place_.next_base;
        if (header->last_offset_delta < 0 || header->base_offset < place_.from || runs_over)
            return unsound("offset " + std::to_string(header->base_offset.get()) + " cannot stand there");
        return header;
    }

    /// The header of a sound whole batch; none when it does not end below `upto`.
    result<std::optional<batch::batch_header>> sound_batch(std::size_t at) const {
        auto header = header_at(at);
        if (!header)
            return header.failure();
        if (header->last_offset() >= place_.upto)
            return std::optional<batch::batch_header>();
        const auto size = header->total_size();
        if (size > there_ - at)
            return unsound("the file ends inside of a batch");
        if (batch::crc32c(bytes_from(at).subspan(0, size).subspan(batch::at::attributes)) != header->crc)
            return unsound("the CRC does not match");
        if (differs(at, size))
            return unsound("two reads do not give the same bytes");
        return std::optional(*header);
    }

    result<batch_window> collect() const {
        batch_window found;
        std::size_t at = 0;
        while (at < wanted_) {
            auto header = sound_batch(at);
            if (!header && at == 0)
                return header.failure();
            // What is behind it, sound or not, the next look begins with.
            if (!header || !*header)
                break;
            at += (*header)->total_size();
            found.headers.push_back(**header);
        }
        found.bytes = slice(memory_, 0, at);
        return found;
    }

    error unsound(const std::string& why) const {
        return corrupt_batch(place_.name, file_position(place_.position), why);
    }

    runtime::file_system& files_;
    const window_place& place_;
    std::shared_ptr<chunk> memory_;
    std::shared_ptr<chunk> again_;
    std::size_t wanted_ = 0;
    /// Bytes that both reads brought.
    std::size_t there_ = 0;
};

} // namespace

result<batch_window> read_window(runtime::file_system& files, const window_place& place) {
    auto found = look(files, place).run();
    for (int looks = 1; looks < looks_max && found.code() == errc::corrupt_message; ++looks)
        found = look(files, place).run();
    return found;
}

} // namespace barnabas::replica
