#include "sim/disk/memory_file.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace barnabas::sim {

namespace {

template <class Pages>
auto position_of(Pages& pages, std::uint64_t number) {
    return std::lower_bound(pages.begin(), pages.end(), number,
                            [](const auto& entry, std::uint64_t wanted) { return entry.number < wanted; });
}

} // namespace

std::size_t memory_file::read(std::uint64_t position, std::span<std::byte> into) const {
    if (position >= size_)
        return 0;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - position));
    for (std::size_t done = 0; done < count;) {
        const auto number = (position + done) / page_size;
        const auto offset = static_cast<std::size_t>((position + done) % page_size);
        const auto piece = std::min(count - done, page_size - offset);
        if (number < pages_.size() && pages_[number] != nullptr)
            std::memcpy(into.data() + done, pages_[number]->data() + offset, piece);
        else
            std::memset(into.data() + done, 0, piece);
        done += piece;
    }
    if (!harm_.empty())
        harm_.show(position, into.first(count),
                   [this](std::uint64_t at) { return is_dirty_page(at / page_size); });
    return count;
}

bool memory_file::is_dirty_page(std::uint64_t number) const noexcept {
    const auto at = position_of(dirty_, number);
    return at != dirty_.end() && at->number == number;
}

void memory_file::rot(std::uint64_t position, unsigned bit) {
    BARNABAS_ASSERT(position < size_ && bit < 8);
    harm_.rot(position, bit);
}

std::vector<std::byte> memory_file::sectors(std::uint64_t position, std::size_t count) const {
    const auto begin = position / sector_size * sector_size;
    const auto end = (position + count + sector_size - 1) / sector_size * sector_size;
    std::vector<std::byte> bytes(end - begin);
    read(begin, bytes);
    return bytes;
}

void memory_file::show_instead(std::uint64_t position, std::span<const std::byte> sectors) {
    const auto begin = position / sector_size * sector_size;
    for (std::size_t at = 0; at + sector_size <= sectors.size() && begin + at < size_; at += sector_size) {
        sector_harm::sector shown;
        std::copy_n(sectors.begin() + static_cast<std::ptrdiff_t>(at), sector_size, shown.begin());
        harm_.show_instead(begin + at, shown);
    }
    harm_.cut(size_);
}

memory_file memory_file::copy() const {
    auto made = *this;
    // Clean pages are copied before they change; the others are changed where they are.
    for (const auto* changed : {&dirty_, &lost_})
        for (const auto& before : *changed)
            if (has_page(before.number))
                made.pages_[before.number] = std::make_shared<page>(*pages_[before.number]);
    return made;
}

void memory_file::write(std::uint64_t position, std::span<const std::byte> bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const auto offset = static_cast<std::size_t>((position + done) % page_size);
        const auto piece = std::min(bytes.size() - done, page_size - offset);
        std::memcpy(writable_page((position + done) / page_size).data() + offset, bytes.data() + done, piece);
        done += piece;
    }
    size_ = std::max(size_, position + bytes.size());
    harm_.written(position, bytes);
}

void memory_file::truncate(std::uint64_t size) {
    if (size < size_) {
        const auto first_gone = (size + page_size - 1) / page_size;
        for (auto number = first_gone; number < pages_.size(); ++number) {
            if (pages_[number] == nullptr)
                continue;
            remember_old(number);
            set_page(number, nullptr);
        }
        if (size < durable_size_)
            truncated_from_ = std::min(truncated_from_, first_gone);
        if (size % page_size != 0 && size / page_size < pages_.size() &&
            pages_[size / page_size] != nullptr) {
            auto& last = writable_page(size / page_size);
            std::fill(last.begin() + static_cast<std::ptrdiff_t>(size % page_size), last.end(), std::byte{0});
        }
        harm_.cut(size);
    }
    size_ = size;
}

memory_file::page& memory_file::writable_page(std::uint64_t number) {
    remember_old(number);
    if (pages_[number] == nullptr) {
        set_page(number, std::make_shared<page>());
        pages_[number]->fill(std::byte{0});
    }
    return *pages_[number];
}

/// Before a page changes: keeps what is on the platter, and gives the page memory of its own.
void memory_file::remember_old(std::uint64_t number) {
    if (number >= pages_.size())
        pages_.resize(number + 1);
    // The page that was written last is the one that is written next, nearly always.
    if (!dirty_.empty() && dirty_.back().number == number)
        return;
    const auto at = position_of(dirty_, number);
    if (at != dirty_.end() && at->number == number)
        return;
    const auto lost = position_of(lost_, number);
    if (lost != lost_.end() && lost->number == number) {
        // Written again, so the next sync covers it.
        dirty_.insert(at, std::move(*lost));
        lost_.erase(lost);
        return;
    }
    dirty_.insert(at, {number, pages_[number]});
    if (pages_[number] != nullptr)
        pages_[number] = std::make_shared<page>(*pages_[number]);
}

void memory_file::set_page(std::uint64_t number, page_ptr content) {
    if (number >= pages_.size())
        pages_.resize(number + 1);
    if (pages_[number] != nullptr)
        --present_;
    if (content != nullptr)
        ++present_;
    pages_[number] = std::move(content);
}

void memory_file::sync() {
    dirty_.clear();
    durable_size_ = size_;
    durable_modified_ = modified_;
    truncated_from_ = UINT64_MAX;
}

void memory_file::fail_sync(bool forget) {
    if (forget) {
        for (auto& before : dirty_)
            set_page(before.number, std::move(before.content));
        zero_beyond_size();
    } else {
        for (auto& before : dirty_)
            lost_.insert(position_of(lost_, before.number), std::move(before));
    }
    dirty_.clear();
}

void memory_file::power_cut(runtime::random& draws, const power_cut_faults& faults) {
    const auto new_size = size_;
    const bool keep_length = draws.chance(faults.length_kept, per_million);
    const bool partly = draws.chance(1, 2);
    const auto low = static_cast<std::int64_t>(std::min(new_size, durable_size_));
    const auto high = static_cast<std::int64_t>(std::max(new_size, durable_size_));
    const auto between = static_cast<std::uint64_t>(draws.between(low, high));
    const bool truncated = truncated_from_ != UINT64_MAX;
    if (truncated)
        power_cut_truncation(!keep_length);
    for (const auto& before : dirty_)
        power_cut_page(before, draws, faults);
    for (auto& before : lost_)
        set_page(before.number, std::move(before.content));
    if (keep_length)
        size_ = new_size;
    else if (truncated || faults.length_kept == 0)
        size_ = durable_size_;
    else
        size_ = partly ? between : durable_size_;
    zero_beyond_size();
    lost_.clear();
    modified_ = durable_modified_;
    sync();
}

/// A truncation is one entry of the journal of a file system: with it, the pages cut off are gone for good
/// (and may have been written anew since); without it, they are what they were.
void memory_file::power_cut_truncation(bool lost) {
    const auto first = position_of(dirty_, truncated_from_);
    for (auto at = first; at != dirty_.end(); ++at) {
        if (lost)
            set_page(at->number, at->content);
        else
            at->content = nullptr;
    }
    if (lost)
        dirty_.erase(first, dirty_.end());
}

void memory_file::power_cut_page(const old_page& before, runtime::random& draws,
                                 const power_cut_faults& faults) {
    if (draws.chance(faults.page_kept, per_million))
        return;
    if (!draws.chance(faults.page_torn, per_million)) {
        set_page(before.number, before.content);
        return;
    }
    if (pages_[before.number] == nullptr)
        set_page(before.number, std::make_shared<page>());
    auto& torn = *pages_[before.number];
    for (std::size_t at = 0; at < page_size; at += sector_size) {
        if (draws.chance(1, 2))
            continue;
        const auto begin = before.number * page_size + at;
        const auto synced =
            begin < durable_size_ ? std::min<std::uint64_t>(durable_size_ - begin, sector_size) : 0;
        const auto old_byte = [&](std::size_t byte) {
            return before.content != nullptr ? (*before.content)[byte] : std::byte{0};
        };
        // Synced bytes that nobody wrote over survive: a file that grows within a sector, or whose torn end
        // is written again, keeps what it had there.
        const auto survives = [&](std::size_t byte) {
            return byte < at + synced && before.content != nullptr && old_byte(byte) == torn[byte];
        };
        const bool all_survive = synced > 0 && before.content != nullptr &&
                                 std::memcmp(before.content->data() + at, torn.data() + at, synced) == 0;
        const bool garbage = draws.chance(faults.sector_garbage, per_million) && !all_survive;
        for (std::size_t byte = at; byte < at + sector_size; ++byte) {
            const auto drawn = garbage ? static_cast<std::byte>(draws.next() & 0xff) : old_byte(byte);
            if (!garbage || !survives(byte))
                torn[byte] = drawn;
        }
    }
}

/// What lies beyond the end must read as zeros if the file grows again.
void memory_file::zero_beyond_size() {
    const auto first_gone = (size_ + page_size - 1) / page_size;
    for (auto number = first_gone; number < pages_.size(); ++number)
        set_page(number, nullptr);
    if (pages_.size() > first_gone)
        pages_.resize(first_gone);
    harm_.cut(size_);
    const auto last = size_ / page_size;
    if (size_ % page_size == 0 || last >= pages_.size() || pages_[last] == nullptr)
        return;
    auto kept = std::make_shared<page>(*pages_[last]);
    std::fill(kept->begin() + static_cast<std::ptrdiff_t>(size_ % page_size), kept->end(), std::byte{0});
    pages_[last] = std::move(kept);
}

void memory_file::flip_bit(std::uint64_t position, unsigned bit) {
    BARNABAS_ASSERT(position < size_ && bit < 8);
    const auto number = position / page_size;
    if (number >= pages_.size() || pages_[number] == nullptr)
        return;
    auto flipped = std::make_shared<page>(*pages_[number]);
    (*flipped)[position % page_size] ^= static_cast<std::byte>(1U << bit);
    pages_[number] = std::move(flipped);
}

} // namespace barnabas::sim
