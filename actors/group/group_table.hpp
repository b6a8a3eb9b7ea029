#pragma once

#include "protocol/model/fnv1a.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::group {

/// What a coordinator holds by group name: walked in the order of the names, found by their hash. Every
/// heartbeat asks for a group, and each step down a tree of thousands of them is a miss of the caches: the
/// largest single part of a heartbeat outside of the kernel, before this.
template <class Value>
class group_table {
    using by_name = std::map<std::string, Value, std::less<>>;

public:
    using iterator = typename by_name::iterator;
    using const_iterator = typename by_name::const_iterator;

    group_table() = default;
    /// The places point at the entries, which a copy would not follow.
    group_table(const group_table&) = delete;
    group_table& operator=(const group_table&) = delete;

    iterator begin() noexcept { return entries_.begin(); }
    iterator end() noexcept { return entries_.end(); }
    const_iterator begin() const noexcept { return entries_.begin(); }
    const_iterator end() const noexcept { return entries_.end(); }
    std::size_t size() const noexcept { return entries_.size(); }

    iterator find(std::string_view name) {
        const auto* found = place_of(name);
        return found == nullptr ? entries_.end() : found->entry;
    }
    const_iterator find(std::string_view name) const {
        const auto* found = place_of(name);
        return found == nullptr ? entries_.end() : const_iterator(found->entry);
    }
    bool contains(std::string_view name) const { return place_of(name) != nullptr; }

    /// The entry of that name, made when there is none.
    iterator place(const std::string& name) {
        if (const auto* found = place_of(name))
            return found->entry;
        const auto made = entries_.try_emplace(name).first;
        if (2 * entries_.size() > places_.size())
            spread(4 * entries_.size());
        else
            occupy({hash_of(name), true, made});
        return made;
    }
    Value& operator[](const std::string& name) { return place(name)->second; }

    void erase(iterator entry) {
        vacate(static_cast<std::size_t>(place_of(entry->first) - places_.data()));
        entries_.erase(entry);
    }

private:
    /// At least half of all places are free, so that a search ends soon; never walked for a decision.
    struct place_in_use {
        std::uint32_t hash = 0;
        bool taken = false;
        iterator entry;
    };

    static std::uint32_t hash_of(std::string_view name) {
        fnv1a hash;
        hash.add(name);
        return static_cast<std::uint32_t>(hash.value());
    }
    std::size_t mask() const noexcept { return places_.size() - 1; }

    const place_in_use* place_of(std::string_view name) const {
        if (places_.empty())
            return nullptr;
        const auto hash = hash_of(name);
        for (std::size_t at = hash & mask(); places_[at].taken; at = (at + 1) & mask())
            if (places_[at].hash == hash && places_[at].entry->first == name)
                return &places_[at];
        return nullptr;
    }

    void occupy(const place_in_use& one) {
        std::size_t at = one.hash & mask();
        while (places_[at].taken)
            at = (at + 1) & mask();
        places_[at] = one;
    }

    /// Moves up whoever would not be found any more behind the gap (Knuth, volume 3, 6.4, algorithm R).
    void vacate(std::size_t gap) {
        for (std::size_t at = (gap + 1) & mask(); places_[at].taken; at = (at + 1) & mask()) {
            const std::size_t home = places_[at].hash & mask();
            if (((at - home) & mask()) < ((at - gap) & mask()))
                continue;
            places_[gap] = places_[at];
            gap = at;
        }
        places_[gap] = {};
    }

    void spread(std::size_t room) {
        std::size_t count = 16;
        while (count < room)
            count *= 2;
        places_.assign(count, {});
        for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
            occupy({hash_of(entry->first), true, entry});
    }

    by_name entries_;
    std::vector<place_in_use> places_;
};

} // namespace barnabas::group
