#pragma once

#include <string>
#include <string_view>

namespace barnabas {

/// Tells systemd (a unit of `Type=notify`), or whoever listens behind NOTIFY_SOCKET, how the broker is: the
/// protocol of sd_notify(3), which is a datagram of lines. Says nothing where nobody listens.
class service_manager {
public:
    /// Reads NOTIFY_SOCKET.
    service_manager();
    ~service_manager();
    service_manager(const service_manager&) = delete;
    service_manager& operator=(const service_manager&) = delete;

    void ready(std::string_view status);
    /// Starting or stopping goes on, and may go on for as long as this is told again in time.
    void busy(std::string_view status);
    void stopping();

private:
    void tell(const std::string& lines);

    std::string address_;
    int socket_ = -1;
};

} // namespace barnabas
