#pragma once

#include "protocol/model/assert.hpp"

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace barnabas {

/// A queue in one piece of memory that has none while it is empty and unused (a std::deque takes 600 bytes at
/// its making; a partition has a dozen of queues, and most of many partitions are idle). Grows at the back,
/// shrinks at both ends, in constant time on average. What leaves is destroyed or moved out at once.
template <class Value>
class lean_deque {
public:
    using value_type = Value;
    using iterator = typename std::vector<Value>::iterator;
    using const_iterator = typename std::vector<Value>::const_iterator;

    lean_deque() = default;
    lean_deque(const lean_deque&) = default;
    lean_deque& operator=(const lean_deque&) = default;
    lean_deque(lean_deque&& other) noexcept
        : values_(std::exchange(other.values_, {})), first_(std::exchange(other.first_, 0)) {}
    lean_deque& operator=(lean_deque&& other) noexcept {
        values_ = std::exchange(other.values_, {});
        first_ = std::exchange(other.first_, 0);
        return *this;
    }
    ~lean_deque() = default;
    lean_deque(std::initializer_list<Value> values) : values_(values) {}
    template <class Iterator>
    lean_deque(Iterator first, Iterator last) : values_(first, last) {}

    bool empty() const noexcept { return first_ == values_.size(); }
    std::size_t size() const noexcept { return values_.size() - first_; }
    iterator begin() noexcept { return values_.begin() + offset(); }
    iterator end() noexcept { return values_.end(); }
    const_iterator begin() const noexcept { return values_.begin() + offset(); }
    const_iterator end() const noexcept { return values_.end(); }
    auto rbegin() noexcept { return std::reverse_iterator(end()); }
    auto rend() noexcept { return std::reverse_iterator(begin()); }
    auto rbegin() const noexcept { return std::reverse_iterator(end()); }
    auto rend() const noexcept { return std::reverse_iterator(begin()); }

    Value& front() { return (*this)[0]; }
    const Value& front() const { return (*this)[0]; }
    Value& back() { return (*this)[size() - 1]; }
    const Value& back() const { return (*this)[size() - 1]; }
    Value& operator[](std::size_t index) {
        BARNABAS_ASSERT(index < size());
        return values_[first_ + index];
    }
    const Value& operator[](std::size_t index) const {
        BARNABAS_ASSERT(index < size());
        return values_[first_ + index];
    }

    iterator insert(const_iterator before, Value value) { return values_.insert(before, std::move(value)); }
    void push_back(Value value) { values_.push_back(std::move(value)); }
    template <class... Arguments>
    Value& emplace_back(Arguments&&... arguments) {
        return values_.emplace_back(std::forward<Arguments>(arguments)...);
    }
    void pop_back() {
        BARNABAS_ASSERT(!empty());
        values_.pop_back();
        tidy();
    }
    void pop_front() {
        BARNABAS_ASSERT(!empty());
        { [[maybe_unused]] const Value gone = std::move(values_[first_]); }
        ++first_;
        tidy();
    }
    void clear() {
        values_.clear();
        first_ = 0;
        tidy();
    }
    iterator erase(const_iterator first, const_iterator last) {
        const auto at = first - begin();
        values_.erase(first, last);
        tidy();
        return begin() + at;
    }
    template <class Predicate>
    std::size_t erase_if(Predicate predicate) {
        std::vector<Value> kept;
        for (auto& value : *this)
            if (!predicate(std::as_const(value)))
                kept.push_back(std::move(value));
        const auto erased = size() - kept.size();
        values_ = std::move(kept);
        first_ = 0;
        return erased;
    }

    operator std::span<const Value>() const noexcept { return {values_.data() + first_, size()}; }

private:
    std::ptrdiff_t offset() const noexcept { return static_cast<std::ptrdiff_t>(first_); }
    /// Gives back what is not worth keeping, and moves to the front when half is gone.
    void tidy() {
        constexpr std::size_t kept_bytes = 1024;
        if (empty()) {
            first_ = 0;
            if (values_.capacity() * sizeof(Value) > kept_bytes)
                std::vector<Value>().swap(values_);
            else
                values_.clear();
        } else if (first_ * 2 >= values_.size() && first_ >= 16) {
            values_.erase(values_.begin(), begin());
            first_ = 0;
        }
    }

    std::vector<Value> values_;
    std::size_t first_ = 0;
};

template <class Value, class Predicate>
std::size_t erase_if(lean_deque<Value>& from, Predicate predicate) {
    return from.erase_if(std::move(predicate));
}

} // namespace barnabas
