#pragma once

#include "protocol/model/ids.hpp"
#include "runtime/random/random.hpp"
#include "sim/disk/sector_harm.hpp"
#include "sim/faults/disk_faults.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace barnabas::sim {

/// The content of one file: pages as they are, and for each page that changed since the last sync the page as
/// it is on the platter. Pages are copied only when a clean one is written.
class memory_file {
public:
    static constexpr std::size_t page_size = 4'096;
    static constexpr std::size_t sector_size = sector_harm::sector_size;

    std::uint64_t size() const noexcept { return size_; }
    /// Pages that hold memory; absent pages read as zeros.
    std::uint64_t page_count() const noexcept { return present_; }

    bool has_page(std::uint64_t number) const noexcept {
        return number < pages_.size() && pages_[number] != nullptr;
    }

    std::size_t read(std::uint64_t position, std::span<std::byte> into) const;
    void write(std::uint64_t position, std::span<const std::byte> bytes);
    void truncate(std::uint64_t size);

    /// All of it is on the platter now, except pages lost by a failed sync and not written since.
    void sync();
    /// A sync that failed: the dirty pages are lost, visibly (`forget`) or only after the next power cut.
    void fail_sync(bool forget);
    /// When it was last changed; a power cut brings back what it was at the last sync.
    timestamp_ms modified() const noexcept { return modified_; }
    void note_modified(timestamp_ms now) noexcept { modified_ = now; }
    bool is_dirty() const noexcept { return !dirty_.empty() || !lost_.empty() || size_ != durable_size_; }

    void power_cut(runtime::random& draws, const power_cut_faults& faults);
    /// Changes what is stored, for good.
    void flip_bit(std::uint64_t position, unsigned bit);
    /// From now on reads of this byte show a wrong bit, but for pages that wait for a sync, which are in
    /// memory. What is stored stays as it was: a write of the whole sector or `lift_harm` ends it.
    void rot(std::uint64_t position, unsigned bit);
    /// All sectors that so many bytes touch, as they are read now; behind the end there are zeros.
    std::vector<std::byte> sectors(std::uint64_t position, std::size_t count) const;
    /// Reads show these sectors, up to the end of the file, instead of what is stored; else as `rot`.
    void show_instead(std::uint64_t position, std::span<const std::byte> sectors);
    void lift_harm() noexcept { harm_.lift(); }
    /// One that shares nothing with this which either may change.
    memory_file copy() const;
    /// The page changed since the last sync.
    bool is_dirty_page(std::uint64_t number) const noexcept;

private:
    using page = std::array<std::byte, page_size>;
    using page_ptr = std::shared_ptr<page>;
    /// A page as it is on the platter (null: not there), while `pages_` holds a newer one.
    struct old_page {
        std::uint64_t number;
        page_ptr content;
    };
    using old_pages = std::vector<old_page>;

    page& writable_page(std::uint64_t number);
    void remember_old(std::uint64_t number);
    void set_page(std::uint64_t number, page_ptr content);
    void power_cut_truncation(bool lost);
    void power_cut_page(const old_page& before, runtime::random& draws, const power_cut_faults& faults);
    void zero_beyond_size();

    std::vector<page_ptr> pages_;
    std::uint64_t present_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t durable_size_ = 0;
    timestamp_ms modified_ = no_timestamp;
    timestamp_ms durable_modified_ = no_timestamp;
    /// Both sorted by page number; a page is in at most one of them.
    old_pages dirty_;
    old_pages lost_;
    /// Pages from here on were cut off since the last sync: one truncation, which survives or not as a whole.
    std::uint64_t truncated_from_ = UINT64_MAX;
    sector_harm harm_;
};

} // namespace barnabas::sim
