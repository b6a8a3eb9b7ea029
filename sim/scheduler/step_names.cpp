#include "sim/scheduler/step_names.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/type_nr.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace barnabas::sim {

namespace {

std::string readable(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : type.name();
}

} // namespace

std::string actor_name(const caf::scheduled_actor& actor) {
    return readable(typeid(actor));
}

std::string next_message_name(caf::scheduled_actor& actor) {
    const auto* next = actor.mailbox().peek();
    if (next == nullptr)
        return "nothing";
    const auto& content = const_cast<caf::mailbox_element*>(next)->content();
    std::string text;
    for (std::size_t i = 0; i < content.size(); ++i) {
        const auto [number, type] = content.type(i);
        text += (i == 0 ? "" : ", ");
        // CAF numbers its own types and knows all others by their C++ type.
        text += type != nullptr ? readable(*type) : std::string(caf::numbered_type_names[number - 1]);
    }
    return text.empty() ? "an empty message" : text;
}

} // namespace barnabas::sim
