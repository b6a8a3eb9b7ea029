#include "actors/journal/journal_format.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace barnabas::journal {
namespace {

constexpr std::string_view magic = "BARNJRNL";
constexpr std::int32_t format_version = 1;
/// magic, version, number, salt; then the checksum of these
constexpr std::size_t header_bytes = 8 + 4 + 8 + 8;
/// length of what follows the checksum, checksum, number and salt of the file, index of the round, number of
/// entries
constexpr std::size_t round_head_bytes = 4 + 4 + 8 + 8 + 8 + 4;
/// What the checksum of a round does not cover.
constexpr std::size_t length_and_checksum = 8;
/// topic id, length of the name, segment, position, offsets, length; the name comes between
constexpr std::size_t entry_head_bytes = 16 + 2 + 8 + 8 + 8 + 8 + 4;

constexpr std::array<std::byte, journal_alignment> zeros{};

std::uint64_t padding_behind(std::uint64_t size) {
    return (journal_alignment - size % journal_alignment) % journal_alignment;
}

class writer {
public:
    explicit writer(std::size_t size) : bytes_(size) {}

    template <class Integer>
    void put(Integer value) {
        batch::store_big_endian(bytes_.data() + at_, value);
        at_ += sizeof value;
    }
    void put_bytes(const void* from, std::size_t size) {
        std::memcpy(bytes_.data() + at_, from, size);
        at_ += size;
    }
    std::vector<std::byte>& bytes() { return bytes_; }
    std::size_t written() const { return at_; }

private:
    std::vector<std::byte> bytes_;
    std::size_t at_ = 0;
};

/// Reads a round's head; once something did not fit, all that follows is zero and `good` is false.
class reader {
public:
    explicit reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <class Integer>
    Integer take() {
        const auto* from = advance(sizeof(Integer));
        return from == nullptr ? Integer{0} : batch::load_big_endian<Integer>(from);
    }
    const std::byte* advance(std::size_t size) {
        good_ = good_ && size <= bytes_.size() - at_;
        if (!good_)
            return nullptr;
        const auto* from = bytes_.data() + at_;
        at_ += size;
        return from;
    }
    std::size_t position() const { return at_; }
    bool good() const { return good_; }

private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
    bool good_ = true;
};

std::size_t head_size(std::span<const journal_part> parts) {
    std::size_t size = round_head_bytes;
    for (const auto& part : parts)
        size += part.entries.size() * (entry_head_bytes + part.log.directory_name.size());
    return size;
}

void put_entry(writer& out, const journal_log& log, const journal_entry& entry) {
    out.put_bytes(log.topic.bytes.data(), log.topic.bytes.size());
    out.put(static_cast<std::int16_t>(log.directory_name.size()));
    out.put_bytes(log.directory_name.data(), log.directory_name.size());
    out.put(entry.segment_base.get());
    out.put(static_cast<std::int64_t>(entry.position.get()));
    out.put(entry.base_offset.get());
    out.put(entry.next_offset.get());
    out.put(static_cast<std::int32_t>(entry.bytes()));
}

struct entry_head {
    journal_log log;
    journal_entry entry;
    std::size_t bytes = 0;
};

std::optional<entry_head> take_entry(reader& in) {
    entry_head head;
    const auto* id = in.advance(head.log.topic.bytes.size());
    const auto name_bytes = in.take<std::int16_t>();
    const auto* name = name_bytes < 0 ? nullptr : in.advance(static_cast<std::size_t>(name_bytes));
    head.entry.segment_base = log_offset(in.take<std::int64_t>());
    head.entry.position = file_position(static_cast<std::uint64_t>(in.take<std::int64_t>()));
    head.entry.base_offset = log_offset(in.take<std::int64_t>());
    head.entry.next_offset = log_offset(in.take<std::int64_t>());
    const auto bytes = in.take<std::int32_t>();
    if (!in.good() || name == nullptr || bytes < 0)
        return std::nullopt;
    std::memcpy(head.log.topic.bytes.data(), id, head.log.topic.bytes.size());
    head.log.directory_name.assign(reinterpret_cast<const char*>(name), static_cast<std::size_t>(name_bytes));
    head.bytes = static_cast<std::size_t>(bytes);
    return head;
}

struct file_header {
    std::int32_t version = 0;
    journal_life life;
};

std::optional<file_header> take_header(std::span<const std::byte> bytes) {
    reader in(bytes);
    const auto* start = in.advance(magic.size());
    file_header header;
    header.version = in.take<std::int32_t>();
    header.life.number = in.take<std::int64_t>();
    header.life.salt = in.take<std::uint64_t>();
    const auto checksum = in.take<std::uint32_t>();
    if (!in.good() || std::memcmp(start, magic.data(), magic.size()) != 0 ||
        batch::crc32c(bytes.first(header_bytes)) != checksum)
        return std::nullopt;
    return header;
}

/// What a round must show to belong to a file.
struct round_filter {
    /// Absent: any, since no header can be read.
    std::optional<journal_life> life;
    std::int64_t index_min = 0;
};

/// The round at `at`, if a whole one is there.
std::optional<journal_round> take_round(const round_filter& wanted, const slice& content, std::uint64_t at) {
    const auto bytes = content.bytes().subspan(at);
    reader in(bytes);
    const auto length = in.take<std::int32_t>();
    const auto checksum = in.take<std::uint32_t>();
    journal_round round;
    auto& life = round.life;
    life.number = in.take<std::int64_t>();
    life.salt = in.take<std::uint64_t>();
    round.index = in.take<std::int64_t>();
    const auto count = in.take<std::int32_t>();
    // Zeros are no round, though their checksum is right.
    if (!in.good() || length < 0 || count <= 0 || life != wanted.life.value_or(life) ||
        round.index < wanted.index_min)
        return std::nullopt;
    const auto covered = static_cast<std::size_t>(length);
    if (covered > bytes.size() - length_and_checksum ||
        batch::crc32c(bytes.subspan(length_and_checksum, covered)) != checksum)
        return std::nullopt;
    std::vector<entry_head> heads;
    for (std::int32_t i = 0; i < count; ++i) {
        auto head = take_entry(in);
        if (!head)
            return std::nullopt;
        heads.push_back(std::move(*head));
    }
    for (auto& head : heads) {
        const auto from = in.position();
        if (in.advance(head.bytes) == nullptr)
            return std::nullopt;
        head.entry.batches.push_back(content.sub(at + from, head.bytes));
        if (round.parts.empty() || round.parts.back().log != head.log)
            round.parts.push_back({std::move(head.log), {}});
        round.parts.back().entries.push_back(std::move(head.entry));
    }
    const auto size = length_and_checksum + covered;
    round.size = size + padding_behind(size);
    return round;
}

} // namespace

std::size_t journal_entry::bytes() const {
    std::size_t total = 0;
    for (const auto& one : batches)
        total += one.size();
    return total;
}

std::string journal_file_name(std::uint32_t slot) {
    return std::string(journal_prefix) + std::to_string(slot);
}

std::optional<std::uint32_t> slot_of_journal_file(std::string_view name) {
    if (!name.starts_with(journal_prefix))
        return std::nullopt;
    const auto digits = name.substr(journal_prefix.size());
    std::uint32_t slot = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
    const bool whole = failure == std::errc() && end == digits.data() + digits.size();
    return whole && journal_file_name(slot) == name ? std::optional(slot) : std::nullopt;
}

slice encode_header(const journal_life& life) {
    writer out(journal_alignment);
    out.put_bytes(magic.data(), magic.size());
    out.put(format_version);
    out.put(life.number);
    out.put(life.salt);
    out.put(batch::crc32c(std::span(out.bytes()).first(out.written())));
    return slice::copy_of(out.bytes());
}

std::uint64_t round_size(std::span<const journal_part> parts) {
    std::uint64_t size = head_size(parts);
    for (const auto& part : parts)
        for (const auto& entry : part.entries)
            size += entry.bytes();
    return size + padding_behind(size);
}

std::vector<slice> encode_round(const round_id& id, std::span<const journal_part> parts) {
    writer head(head_size(parts));
    std::vector<slice> out(1);
    std::uint64_t size = head.bytes().size();
    std::int32_t count = 0;
    for (const auto& part : parts)
        count += static_cast<std::int32_t>(part.entries.size());
    head.put(std::int32_t{0});
    head.put(std::uint32_t{0});
    head.put(id.life.number);
    head.put(id.life.salt);
    head.put(id.index);
    head.put(count);
    for (const auto& part : parts)
        for (const auto& entry : part.entries) {
            put_entry(head, part.log, entry);
            out.insert(out.end(), entry.batches.begin(), entry.batches.end());
            size += entry.bytes();
        }
    auto& bytes = head.bytes();
    auto checksum = batch::crc32c(std::span(bytes).subspan(length_and_checksum));
    for (std::size_t i = 1; i < out.size(); ++i)
        checksum = batch::crc32c_extend(checksum, out[i].bytes());
    batch::store_big_endian(bytes.data(), static_cast<std::int32_t>(size - length_and_checksum));
    batch::store_big_endian(bytes.data() + 4, checksum);
    out.front() = slice::copy_of(bytes);
    if (const auto padding = padding_behind(size); padding > 0)
        out.push_back(slice::copy_of(std::span(zeros).first(padding)));
    return out;
}

result<journal_content> decode_file(const slice& content) {
    journal_content found;
    for (std::uint32_t place = 0; place < 2; ++place) {
        const auto at = header_position(place).get();
        const auto header = at < content.size() ? take_header(content.bytes().subspan(at)) : std::nullopt;
        if (!header)
            continue;
        if (header->version != format_version)
            return error{errc::unsupported_version,
                         "the commit journal has version " + std::to_string(header->version) +
                             ", but only version 1 can be read: start the Barnabas that wrote it once more"};
        if (found.life && found.life->number > header->life.number)
            continue;
        found.life = header->life;
        found.header_place = place;
    }
    // No client's bytes ever lie there, so the round speaks for its life.
    const auto first = first_round_position.get() < content.size()
                           ? take_round({std::nullopt, 0}, content, first_round_position.get())
                           : std::nullopt;
    if (first && (!found.life || found.life->number < first->life.number)) {
        found.life = first->life;
        found.damaged = found.header_lost = true;
    }
    round_filter wanted{found.life, 0};
    auto at = first_round_position.get();
    while (found.life && at < content.size()) {
        auto round = take_round(wanted, content, at);
        if (!round || round->index != wanted.index_min)
            break;
        at += round->size;
        ++wanted.index_min;
        found.rounds.push_back(std::move(*round));
    }
    // A round that could not be written is written again in the same place, so a later one proves that it had
    // become stable.
    for (; at < content.size() && !found.damaged; at += journal_alignment)
        found.damaged = take_round(wanted, content, at).has_value();
    return found;
}

} // namespace barnabas::journal
