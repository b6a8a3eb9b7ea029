#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/data_directories.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/network/network.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

/// What the shells of this role tell themselves and each other; everything else is in broker_messages.hpp.
namespace barnabas {

struct stray_removal;

/// To the broker, from its disk jobs. The outcome is filled by the job before the message is sent.
struct directories_opened {
    std::shared_ptr<std::optional<result<opened_directories>>> outcome;
};
struct directories_set_aside {
    std::string directory;
    std::shared_ptr<result<void>> outcome;
};
struct strays_removed {
    std::shared_ptr<stray_removal> work;
};
struct created_recorded {
    std::shared_ptr<result<void>> outcome;
};
struct reopen_due {};
struct directory_failed {
    std::string path;
    error why;
};
struct room_seen {
    directory_room room;
};
struct directories_closed {
    std::string directory;
    std::shared_ptr<result<void>> outcome;
};
/// From the watch over calls that do not return.
struct directory_waits {
    directory_wait wait;
};
struct broker_timer {
    std::uint64_t token = 0;
};
struct retention_due {};
struct cleaning_due {};

/// To the checkpoints of one data directory, from their disk job and their timer.
struct checkpoints_written {
    std::shared_ptr<checkpoint_job> job;
};
struct checkpoints_due {};

/// To an inquiry about the data directories: the room of one (nothing if nobody knows), and its end.
struct log_dir_room {
    std::size_t directory = 0;
    std::shared_ptr<std::optional<runtime::disk_room>> room;
};
struct log_dirs_due {};

/// To the watch over free room.
struct room_due {};
struct close_room_watch {};

/// To the watch over calls that do not return.
struct hang_due {};
struct close_hang_watch {};

/// To the HTTP listener: the port that it owns, a client that connected, one that has gone, the end.
struct http_bound {
    std::shared_ptr<runtime::listening_socket> socket;
};
struct http_accepted {
    std::shared_ptr<runtime::byte_stream> stream;
};
struct http_connection_ended {};
struct close_http {};

/// To one HTTP connection.
struct http_read {
    runtime::read_completion bytes;
};
struct http_drained {};
struct http_timer {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directories_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directories_set_aside)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::strays_removed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::created_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::reopen_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directory_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::room_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directory_waits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::hang_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_hang_watch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_dir_room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_dirs_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::room_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_room_watch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directories_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::broker_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::retention_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::cleaning_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::checkpoints_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::checkpoints_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_bound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_connection_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_http)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::http_timer)
