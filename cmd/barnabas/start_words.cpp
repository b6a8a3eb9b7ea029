#include "cmd/barnabas/start_words.hpp"

#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/disk/parallel_sync.hpp"
#include "runtime/logging/logger.hpp"

#include <cstdio>
#include <unistd.h>

namespace barnabas {

namespace {

constexpr int exit_failed = 1;
/// The last data directory, or the metadata log's, failed or cannot be used: a restart does not help before
/// somebody has looked after the disk. (2 is for wrong usage.)
constexpr int exit_no_directory = 3;

std::vector<std::string> texts_of(const std::vector<runtime::endpoint>& addresses) {
    std::vector<std::string> texts;
    for (const auto& one : addresses)
        texts.push_back(to_string(one));
    return texts;
}

void say(const std::string& line) {
    std::fprintf(stdout, "%s\n", line.c_str());
    std::fflush(stdout);
}

/// Begins as a line of the log.
json_object event(const char* name, log_level level = log_level::info) {
    json_object made;
    made.add("time", format_time(runtime::system_clock().wall_now()))
        .add("level", name_of(level))
        .add("event", name);
    return made;
}

} // namespace

std::string addresses_of(const std::vector<runtime::endpoint>& addresses) {
    return tools::joined(texts_of(addresses), ", ");
}

void start_words::started(const broker_config& config,
                          const std::vector<runtime::endpoint>& addresses) const {
    const bool ring = runtime::parallel_sync::available();
    const int pid = static_cast<int>(getpid());
    if (json_)
        return say(event("started")
                       .add("version", BARNABAS_VERSION)
                       .add("pid", pid)
                       .add("addresses", texts_of(addresses))
                       .add("dataDirectories", config.log_dirs)
                       .add("syncs", ring ? "io_uring" : "threads")
                       .text());
    say(std::string(program_name) + " " + BARNABAS_VERSION + " listens on " + addresses_of(addresses) +
        ", keeps its data in " + tools::joined(config.log_dirs, ", ") +
        (ring ? " (synced by io_uring)" : " (synced by disk threads: the system refuses io_uring)") +
        "; stop it with Ctrl-C or kill " + std::to_string(pid));
}

void start_words::stopping(const char* signal) const {
    if (json_)
        return say(event("stopping").add("signal", signal).text());
    say(std::string(program_name) + ": " + signal + ", stopping");
}

void start_words::stopped(const std::vector<std::string>& not_closed) const {
    if (json_)
        return say(event("stopped").add("notClosed", not_closed).text());
    const std::string name(program_name);
    say(not_closed.empty() ? name + ": stopped, everything is on disk"
                           : name + ": stopped; everything is on disk but for what is in " +
                                 tools::joined(not_closed, ", ") +
                                 ", which is offline or was left before everything in it was closed");
}

int start_words::failed(const error& why) const {
    const auto sentence = why.detail.empty() ? to_string(why) : why.detail;
    if (json_)
        say(event("failed", log_level::error)
                .add("error", json_object().add("code", name_of(why.code)).add("message", sentence))
                .text());
    else
        std::fprintf(stderr, "%s: %s\n", program_name, sentence.c_str());
    return why.code == errc::no_usable_directory ? exit_no_directory : exit_failed;
}

} // namespace barnabas
