#pragma once

#include "protocol/model/error.hpp"
#include "sim/world/trace.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace barnabas {

/// Every event of a run, one line each: virtual time, node, kind, numbers, and for a step of an actor its
/// type and the message.
class trace_file final : public sim::trace_sink {
public:
    static result<std::unique_ptr<trace_file>> open(const std::string& path);
    ~trace_file() override;
    trace_file(const trace_file&) = delete;
    trace_file& operator=(const trace_file&) = delete;

    void on_event(const sim::trace_event& event) override;
    void on_step(const std::string& actor, const std::string& message) override;

private:
    explicit trace_file(std::FILE* file) : file_(file) {}

    std::FILE* file_;
    std::string step_;
};

/// Compares two such files. Empty when they are equal; else what the last equal and the first different
/// events are, for people.
result<std::string> first_difference(const std::string& one, const std::string& other);

} // namespace barnabas
