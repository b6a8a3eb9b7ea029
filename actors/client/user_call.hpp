#pragma once

#include <functional>
#include <string>
#include <utility>

namespace barnabas::client {

/// Takes a sentence for people.
using trouble_call = std::function<void(const std::string& sentence)>;

/// For a `catch (...)`: tells what was thrown by the program's callback of this name. What `tell` itself
/// throws is dropped.
void tell_thrown(const char* name, const trouble_call& tell) noexcept;

/// Calls what a program gave. An exception of the program's ends here, and is told.
template <class Call, class... Args>
void call_user(const char* name, const trouble_call& tell, const Call& call, Args&&... args) noexcept {
    try {
        call(std::forward<Args>(args)...);
    } catch (...) {
        tell_thrown(name, tell);
    }
}

/// To the standard error stream, where the client has nobody else to tell.
void tell_stderr(const std::string& sentence);

/// The program's `on_trouble` so that it never throws; empty if it is.
trouble_call guarded_trouble(trouble_call on_trouble);

} // namespace barnabas::client
