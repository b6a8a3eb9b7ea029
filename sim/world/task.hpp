#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace barnabas::sim {

/// A function that runs once. Move-only, and small captures live inside it, because every event of a run is
/// one: `std::function` would allocate for anything beyond two words.
class task {
public:
    task() = default;
    template <class Function, class = std::enable_if_t<!std::is_same_v<std::decay_t<Function>, task>>>
    task(Function&& function) { // NOLINT: lambdas convert to tasks where they are scheduled.
        using stored = std::decay_t<Function>;
        if constexpr (fits<stored>()) {
            ::new (static_cast<void*>(inside_)) stored(std::forward<Function>(function));
            operations_ = &inline_operations<stored>;
        } else {
            ::new (static_cast<void*>(inside_)) stored*(new stored(std::forward<Function>(function)));
            operations_ = &heap_operations<stored>;
        }
    }
    task(task&& other) noexcept : operations_(other.operations_) { take(other); }
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            clear();
            operations_ = other.operations_;
            take(other);
        }
        return *this;
    }
    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task() { clear(); }

    explicit operator bool() const noexcept { return operations_ != nullptr; }
    void operator()() { operations_->run(inside_); }

    void clear() noexcept {
        if (operations_ == nullptr)
            return;
        const auto* done = std::exchange(operations_, nullptr);
        if (done->destroy != nullptr)
            done->destroy(inside_);
    }

private:
    /// What moves and goes like plain bytes, as most captures do, has null for both.
    struct operations {
        void (*run)(void*);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };
    static constexpr std::size_t inline_bytes = 48;

    template <class Stored>
    static constexpr bool fits() {
        return sizeof(Stored) <= inline_bytes && alignof(Stored) <= alignof(std::max_align_t) &&
               std::is_nothrow_move_constructible_v<Stored>;
    }
    template <class Stored>
    static constexpr operations make_inline_operations() {
        const auto run = [](void* at) { (*static_cast<Stored*>(at))(); };
        if constexpr (std::is_trivially_copyable_v<Stored>)
            return {run, nullptr, nullptr};
        else
            return {run,
                    [](void* from, void* to) noexcept {
                        ::new (to) Stored(std::move(*static_cast<Stored*>(from)));
                        static_cast<Stored*>(from)->~Stored();
                    },
                    [](void* at) noexcept { static_cast<Stored*>(at)->~Stored(); }};
    }
    template <class Stored>
    static constexpr operations inline_operations = make_inline_operations<Stored>();
    template <class Stored>
    static constexpr operations heap_operations{[](void* at) { (**static_cast<Stored**>(at))(); }, nullptr,
                                                [](void* at) noexcept { delete *static_cast<Stored**>(at); }};

    void take(task& other) noexcept {
        if (operations_ == nullptr)
            return;
        if (operations_->move != nullptr)
            operations_->move(other.inside_, inside_);
        else
            std::memcpy(inside_, other.inside_, inline_bytes);
        other.operations_ = nullptr;
    }

    const operations* operations_ = nullptr;
    alignas(std::max_align_t) std::byte inside_[inline_bytes];
};

} // namespace barnabas::sim
