#pragma once

#include "actors/connection/connection.hpp"

#include <cstdint>
#include <string_view>

/// What a client may do with a resource, as it can ask to be told (KIP-430).
namespace barnabas {

/// A bit for each operation that resources of this type know and that is allowed; its place is the
/// operation's number on the wire.
std::int32_t authorized_operations(const connection& self, const request_context& who, resource_type type,
                                   std::string_view name);

/// Of the cluster: none for who may not even describe it.
std::int32_t authorized_cluster_operations(const connection& self, const request_context& who);

} // namespace barnabas
