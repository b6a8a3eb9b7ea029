#pragma once

#include "actors/replica/dump/log_dump.hpp"

#include <string>

namespace barnabas::replica::dump {

/// `.snapshot`: what was known of producers.
void dump_producer_snapshot(dump_context& context, const std::string& path);

/// `.txnindex`: the transactions that were given up.
void dump_transaction_index(dump_context& context, const std::string& path);

} // namespace barnabas::replica::dump
