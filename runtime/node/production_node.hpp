#pragma once

#include "protocol/model/error.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/node_services.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::runtime {

class file_system;

struct production_node_options {
    /// Event loops, each with a thread of its own.
    std::uint32_t loops = 1;
    /// Threads for disk jobs that wait; with several data directories each has its share (posix_disk.hpp).
    std::uint32_t disk_threads = 4;
    std::vector<std::string> data_directories;
    /// Descriptors of files, at most. 0: half of what the system lets the process open.
    std::size_t open_files_max = 0;
    std::size_t client_input_bytes = 256u << 20;
    std::size_t fetch_output_bytes = 256u << 20;
    std::size_t control_bytes = 64u << 20;
    std::size_t tail_bytes = 64u << 20;
    log_level lowest_log_level = log_level::info;
    log_format format_of_log = log_format::text;
    /// Null: lines on the standard error stream, from `lowest_log_level` up.
    std::unique_ptr<logger> log;
    /// Root of the node's random streams; drawn from the system when not given.
    std::optional<std::uint64_t> seed;
};

/// One process's node: the seams' production sides, put together. An actor that fails ends the process with
/// one line on the standard error stream.
class production_node {
public:
    /// The loops run when it returns. Codes: invalid_config, internal.
    static result<std::unique_ptr<production_node>> start(production_node_options options = {});

    /// Finishes disk jobs that were submitted, but for those that do not come back (which the log names),
    /// stops the loops, closes what is still open. Actors that have not ended get no further message: ask
    /// them to stop first, and wait for their answer. Not to be called from a loop.
    ~production_node();

    production_node(const production_node&) = delete;
    production_node& operator=(const production_node&) = delete;

    node_services& services() noexcept;
    /// The node's files, for work before actors run.
    file_system& files() noexcept;

private:
    struct parts;
    explicit production_node(std::unique_ptr<parts> made);

    std::unique_ptr<parts> parts_;
};

} // namespace barnabas::runtime
