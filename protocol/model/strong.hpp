#pragma once

#include <compare>
#include <cstdint>

namespace barnabas {

/// An integer that is one thing and converts to nothing else (style rule S10). `Tag` makes the type.
template <class Tag, class Rep>
class strong {
public:
    using rep = Rep;
    constexpr strong() = default;
    constexpr explicit strong(Rep value) : value_(value) {}
    constexpr Rep get() const noexcept { return value_; }

    friend constexpr auto operator<=>(const strong&, const strong&) = default;

private:
    Rep value_{};
};

/// A point on a line: points subtract to a distance, and move by a distance.
template <class Tag, class Rep>
class strong_point : public strong<Tag, Rep> {
public:
    using strong<Tag, Rep>::strong;

    friend constexpr strong_point operator+(strong_point point, Rep distance) {
        return strong_point(static_cast<Rep>(point.get() + distance));
    }
    friend constexpr strong_point operator-(strong_point point, Rep distance) {
        return strong_point(static_cast<Rep>(point.get() - distance));
    }
    friend constexpr Rep operator-(strong_point a, strong_point b) {
        return static_cast<Rep>(a.get() - b.get());
    }
    friend constexpr auto operator<=>(const strong_point&, const strong_point&) = default;
};

} // namespace barnabas
