#include "protocol/model/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace barnabas {

namespace {
assertion_handler current_handler = nullptr;
} // namespace

void set_assertion_handler(assertion_handler handler) noexcept {
    current_handler = handler;
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    if (current_handler != nullptr)
        current_handler(expression, file, line);
    std::fprintf(stderr, "barnabas: broken invariant: %s (%s:%d). The node ends now.\n", expression, file,
                 line);
    std::abort();
}

} // namespace barnabas
