#pragma once

namespace barnabas {

/// Called once when an invariant is broken; must not return. Production prints and aborts; the
/// simulator's handler adds the seed. Set before any actor runs.
using assertion_handler = void (*)(const char* expression, const char* file, int line);
void set_assertion_handler(assertion_handler handler) noexcept;

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

} // namespace barnabas

/// On in every build: a broken invariant ends the node (style rule S17).
#define BARNABAS_ASSERT(condition)                                                                           \
    do {                                                                                                     \
        if (!(condition)) [[unlikely]]                                                                       \
            ::barnabas::assertion_failed(#condition, __FILE__, __LINE__);                                    \
    } while (false)

/// Marks a path that no input may reach.
#define BARNABAS_UNREACHABLE(why) ::barnabas::assertion_failed("unreachable: " why, __FILE__, __LINE__)
