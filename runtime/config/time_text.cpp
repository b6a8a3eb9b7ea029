#include "runtime/config/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

namespace barnabas {

namespace {

constexpr std::int64_t ms_per_second = 1000;
constexpr std::int64_t ms_per_minute = 60 * ms_per_second;
constexpr std::int64_t ms_per_hour = 60 * ms_per_minute;
constexpr std::int64_t ms_per_day = 24 * ms_per_hour;
/// Of all parts together; Java's longest time in ms has as many digits.
constexpr std::int64_t part_most = 100'000'000'000;

/// Takes fields off the front of a text.
class field_reader {
public:
    explicit field_reader(std::string_view text) : rest_(text) {}

    /// Exactly `digits` digits.
    std::optional<int> number(std::size_t digits) {
        int value = 0;
        if (rest_.size() < digits || !is_digits(rest_.substr(0, digits)))
            return std::nullopt;
        std::from_chars(rest_.data(), rest_.data() + digits, value);
        rest_.remove_prefix(digits);
        return value;
    }
    /// As many digits as there are.
    std::optional<std::int64_t> number() {
        std::int64_t value = 0;
        const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (rest_.empty() || rest_[0] == '-' || read.ec != std::errc() || value > part_most)
            return std::nullopt;
        rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
        return value;
    }
    bool take(char wanted) {
        if (rest_.empty() || rest_.front() != wanted)
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Digits of a fraction as thousandths, further ones dropped.
    int thousandths() {
        int value = 0;
        for (int place = 100; !rest_.empty() && is_digits(rest_.substr(0, 1)); place /= 10) {
            value += (rest_.front() - '0') * place;
            rest_.remove_prefix(1);
        }
        return value;
    }
    bool at_end() const { return rest_.empty(); }

private:
    static bool is_digits(std::string_view text) {
        return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    }

    std::string_view rest_;
};

/// "Z", "+02:00", "-0130" or nothing, in ms.
std::optional<std::int64_t> read_zone(field_reader& in) {
    if (in.at_end())
        return 0;
    if (in.take('Z'))
        return in.at_end() ? std::optional<std::int64_t>(0) : std::nullopt;
    const bool west = in.take('-');
    if (!west && !in.take('+'))
        return std::nullopt;
    const auto hours = in.number(2);
    in.take(':');
    const auto minutes = in.at_end() ? std::optional(0) : in.number(2);
    if (!hours || !minutes || *hours > 18 || *minutes > 59 || !in.at_end())
        return std::nullopt;
    const auto offset = *hours * ms_per_hour + *minutes * ms_per_minute;
    return west ? -offset : offset;
}

std::optional<std::int64_t> read_date(field_reader& in) {
    const auto year = in.number(4);
    const bool dash = in.take('-');
    const auto month = in.number(2);
    if (!year || !dash || !month || !in.take('-'))
        return std::nullopt;
    const auto day = in.number(2);
    if (!day)
        return std::nullopt;
    using namespace std::chrono;
    const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                              std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok())
        return std::nullopt;
    return sys_days(date).time_since_epoch().count() * ms_per_day;
}

std::optional<std::int64_t> read_time(field_reader& in) {
    const auto hours = in.number(2);
    if (!hours || !in.take(':'))
        return std::nullopt;
    const auto minutes = in.number(2);
    if (!minutes || !in.take(':'))
        return std::nullopt;
    const auto seconds = in.number(2);
    if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59)
        return std::nullopt;
    const int fraction = in.take('.') ? in.thousandths() : 0;
    return *hours * ms_per_hour + *minutes * ms_per_minute + *seconds * ms_per_second + fraction;
}

struct duration_unit {
    char letter;
    bool behind_t;
    std::int64_t ms;
};
constexpr std::array<duration_unit, 4> duration_units{{
    {'D', false, ms_per_day},
    {'H', true, ms_per_hour},
    {'M', true, ms_per_minute},
    {'S', true, ms_per_second},
}};

/// One part, "2H", of the units from `next` on.
std::optional<std::int64_t> read_part(field_reader& in, bool behind_t, std::size_t& next) {
    const bool minus = in.take('-');
    const auto whole = in.number();
    if (!whole)
        return std::nullopt;
    const bool has_fraction = in.take('.');
    const int fraction = has_fraction ? in.thousandths() : 0;
    while (next < duration_units.size()) {
        const auto& unit = duration_units[next++];
        if (unit.behind_t != behind_t || !in.take(unit.letter))
            continue;
        if (has_fraction && unit.letter != 'S')
            return std::nullopt;
        const auto ms = *whole * unit.ms + fraction;
        return minus ? -ms : ms;
    }
    return std::nullopt;
}

} // namespace

result<std::int64_t> parse_date_time(std::string_view text) {
    field_reader in(text);
    const auto date = read_date(in);
    const bool separated = date && in.take('T');
    const auto time = separated ? read_time(in) : std::nullopt;
    const auto zone = time ? read_zone(in) : std::nullopt;
    if (!zone)
        return error{errc::invalid_request, "'" + std::string(text) +
                                                "' is no time: give it as YYYY-MM-DDTHH:mm:SS.sss (UTC), or "
                                                "with a zone such as +02:00 behind"};
    return *date + *time - *zone;
}

result<std::int64_t> parse_duration(std::string_view text) {
    field_reader in(text);
    const bool minus = in.take('-');
    const error bad{errc::invalid_request,
                    "'" + std::string(text) +
                        "' is no duration: give it as PnDTnHnMnS, such as P7D or PT1H30M"};
    if (!in.take('P') || in.at_end())
        return bad;
    std::int64_t sum = 0;
    std::size_t next = 0;
    bool behind_t = false;
    while (!in.at_end()) {
        if (!behind_t && in.take('T'))
            behind_t = true;
        const auto part = read_part(in, behind_t, next);
        if (!part)
            return bad;
        sum += *part;
    }
    return minus ? -sum : sum;
}

} // namespace barnabas
