#include "actors/connection/authorized_operations.hpp"

#include <array>
#include <span>

namespace barnabas {

namespace {

constexpr std::string_view cluster_name = "kafka-cluster";

using enum acl_operation;
constexpr std::array of_topics{read, write, create, remove, alter, describe, describe_configs, alter_configs};
constexpr std::array of_groups{read, remove, describe, describe_configs, alter_configs};
constexpr std::array of_the_cluster{create,           alter,         describe,        cluster_action,
                                    describe_configs, alter_configs, idempotent_write};
constexpr std::array of_transactional_ids{write, describe};
constexpr std::array of_delegation_tokens{describe};

std::span<const acl_operation> operations_of(resource_type type) {
    switch (type) {
    case resource_type::topic: return of_topics;
    case resource_type::group: return of_groups;
    case resource_type::cluster: return of_the_cluster;
    case resource_type::transactional_id: return of_transactional_ids;
    case resource_type::delegation_token: return of_delegation_tokens;
    }
    return {};
}

/// 0 to 2 mean no single operation.
constexpr int number_on_wire(acl_operation what) {
    return static_cast<int>(what) + 2;
}
static_assert(number_on_wire(acl_operation::read) == 3);
static_assert(number_on_wire(acl_operation::idempotent_write) == 12);

} // namespace

std::int32_t authorized_operations(const connection& self, const request_context& who, resource_type type,
                                   std::string_view name) {
    std::int32_t bits = 0;
    for (const auto what : operations_of(type))
        if (self.allowed(who, what, type, name))
            bits |= 1 << number_on_wire(what);
    return bits;
}

std::int32_t authorized_cluster_operations(const connection& self, const request_context& who) {
    if (!self.allowed(who, acl_operation::describe, resource_type::cluster, cluster_name))
        return 0;
    return authorized_operations(self, who, resource_type::cluster, cluster_name);
}

} // namespace barnabas
