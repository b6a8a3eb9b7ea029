#pragma once

#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/network/network.hpp"

#include <string>
#include <vector>

namespace barnabas {

/// What `start` says on standard output: sentences, or lines of JSON that begin as those of the log do.
class start_words {
public:
    explicit start_words(bool json) : json_(json) {}

    bool json() const noexcept { return json_; }
    /// Where it listens, where its data is, and how that gets onto the disk.
    void started(const broker_config& config, const std::vector<runtime::endpoint>& addresses) const;
    void stopping(const char* signal) const;
    void stopped(const std::vector<std::string>& not_closed) const;
    /// A sentence goes to standard error. The exit status.
    int failed(const error& why) const;

private:
    bool json_;
};

/// "a, b".
std::string addresses_of(const std::vector<runtime::endpoint>& addresses);

} // namespace barnabas
