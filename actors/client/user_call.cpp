#include "actors/client/user_call.hpp"

#include <cstdio>
#include <exception>

namespace barnabas::client {

void tell_thrown(const char* name, const trouble_call& tell) noexcept {
    if (!tell)
        return;
    try {
        const std::string sentence = std::string(name) + " of the program threw an exception: ";
        try {
            throw;
        } catch (const std::exception& failure) {
            tell(sentence + failure.what());
        } catch (...) {
            tell(sentence + "of a type that is no std::exception");
        }
    } catch (...) {
        return; // Nobody is left to be told.
    }
}

void tell_stderr(const std::string& sentence) {
    std::fprintf(stderr, "barnabas: %s\n", sentence.c_str());
}

trouble_call guarded_trouble(trouble_call on_trouble) {
    if (!on_trouble)
        return nullptr;
    return [told = std::move(on_trouble)](const std::string& sentence) {
        call_user("on_trouble", nullptr, told, sentence);
    };
}

} // namespace barnabas::client
