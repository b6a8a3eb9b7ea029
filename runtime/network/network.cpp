#include "runtime/network/network.hpp"

namespace barnabas::runtime {

std::string to_string(const endpoint& value) {
    const bool bare_ipv6 = value.host.find(':') != std::string::npos;
    const std::string host = bare_ipv6 ? "[" + value.host + "]" : value.host;
    return host + ":" + std::to_string(value.port);
}

} // namespace barnabas::runtime
