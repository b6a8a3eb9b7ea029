#pragma once

#include "actors/partition/partition_messages.hpp"
#include "runtime/node/reply_table.hpp"

namespace barnabas {

/// Questions to a partition that wait for their answers.
struct client_replies {
    runtime::reply_table<append_response> append;
    runtime::reply_table<read_response> read;
    runtime::reply_table<offset_query_response> offset;
    runtime::reply_table<delete_records_response> deletion;
    runtime::reply_table<epoch_query_response> epoch;
};

} // namespace barnabas
