#include "cmd/barnabas/trace_file.hpp"

#include <cinttypes>
#include <fstream>

namespace barnabas {

namespace {

const char* name_of(sim::trace_kind kind) {
    switch (kind) {
    case sim::trace_kind::actor_step: return "step";
    case sim::trace_kind::timer: return "timer";
    case sim::trace_kind::bytes_sent: return "sent";
    case sim::trace_kind::bytes_read: return "read";
    case sim::trace_kind::connection: return "connection";
    case sim::trace_kind::file_written: return "written";
    case sim::trace_kind::file_changed: return "file";
    case sim::trace_kind::disk_job: return "disk";
    case sim::trace_kind::node_life: return "node";
    case sim::trace_kind::note: return "note";
    case sim::trace_kind::draws: return "draws";
    }
    return "?";
}

} // namespace

result<std::unique_ptr<trace_file>> trace_file::open(const std::string& path) {
    auto* file = std::fopen(path.c_str(), "w");
    if (file == nullptr)
        return error{errc::storage_error, path + ": cannot be written"};
    return std::unique_ptr<trace_file>(new trace_file(file));
}

trace_file::~trace_file() {
    std::fclose(file_);
}

void trace_file::on_event(const sim::trace_event& event) {
    std::fprintf(file_, "%" PRId64 " node %" PRIu32 " %s %" PRIu64 " %" PRIu64 " %" PRIx64 "%s\n",
                 event.at.get(), event.node, name_of(event.kind), event.object, event.a, event.b,
                 event.kind == sim::trace_kind::actor_step ? step_.c_str() : "");
}

void trace_file::on_step(const std::string& actor, const std::string& message) {
    step_ = "  " + actor + " takes " + message;
}

result<std::string> first_difference(const std::string& one, const std::string& other) {
    std::ifstream first(one);
    std::ifstream second(other);
    if (!first || !second)
        return error{errc::not_found, (first ? other : one) + ": cannot be read"};
    std::string last;
    std::uint64_t number = 0;
    for (;;) {
        std::string left;
        std::string right;
        const bool more = static_cast<bool>(std::getline(first, left));
        const bool too = static_cast<bool>(std::getline(second, right));
        if (!more && !too)
            return std::string();
        if (left != right)
            return "event " + std::to_string(number) + " differs; the last equal one: " + last +
                   "\n  one:   " + (more ? left : "(the run is over)") +
                   "\n  other: " + (too ? right : "(the run is over)");
        last = std::move(left);
        ++number;
    }
}

} // namespace barnabas
