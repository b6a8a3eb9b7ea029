#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace barnabas {

/// Memory that slices refer to. Filled by its one owner, then shared and never changed again.
/// A permit of a memory reserve may ride along; it returns when the last slice dies.
class chunk {
public:
    /// Uninitialised memory of exactly `capacity` bytes.
    static std::shared_ptr<chunk> allocate(std::size_t capacity);

    chunk(const chunk&) = delete;
    chunk& operator=(const chunk&) = delete;
    ~chunk();

    std::byte* data() noexcept { return data_; }
    const std::byte* data() const noexcept { return data_; }
    std::size_t capacity() const noexcept { return capacity_; }

    /// Keeps `permit` alive as long as this memory.
    void attach_permit(std::shared_ptr<void> permit) { permit_ = std::move(permit); }

private:
    chunk(std::byte* data, std::size_t capacity) noexcept : data_(data), capacity_(capacity) {}

    std::byte* data_;
    std::size_t capacity_;
    std::shared_ptr<void> permit_;
};

/// A counted view of immutable bytes. Copying costs a reference count, never the bytes.
class slice {
public:
    slice() = default;
    slice(std::shared_ptr<chunk> owner, std::size_t offset, std::size_t size);

    /// A slice of its own memory with these bytes copied in.
    static slice copy_of(std::span<const std::byte> bytes);
    static slice copy_of(std::string_view text);
    /// Bytes that live as long as the program (literals, tables).
    static slice of_static(std::span<const std::byte> bytes) noexcept;

    const std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
    std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }

    /// `offset + size` must lie within this slice.
    slice sub(std::size_t offset, std::size_t size) const;
    slice from(std::size_t offset) const { return sub(offset, size_ - offset); }

    /// The bytes for patching, before the slice is first shared (base offset, leader epoch, log-append
    /// time). The caller is the only one who has seen this slice; nobody checks it.
    std::span<std::byte> patch_before_sharing() const noexcept {
        return {const_cast<std::byte*>(data_), size_};
    }

    friend bool operator==(const slice& a, const slice& b) noexcept;

private:
    std::shared_ptr<chunk> owner_;
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Total length of a list of parts.
std::size_t total_size(std::span<const slice> parts) noexcept;

/// One slice with the bytes of all parts (copied unless there is exactly one part).
slice join(std::span<const slice> parts);

} // namespace barnabas
