#pragma once

#include "actors/connection/request_context.hpp"

#include <string_view>

namespace barnabas {

enum class resource_type { topic, group, cluster, transactional_id, delegation_token };
enum class acl_operation {
    none,
    read,
    write,
    create,
    remove,
    alter,
    describe,
    cluster_action,
    describe_configs,
    alter_configs,
    idempotent_write
};

/// Decides whether a request may touch a resource. Asked by every handler, once per resource.
class authorizer {
public:
    virtual ~authorizer() = default;
    virtual bool allowed(const request_context& who, acl_operation what, resource_type type,
                         std::string_view name) const = 0;
};

/// The authorizer of a cluster without ACLs (Kafka's behaviour with an empty `authorizer.class.name`).
class allow_all_authorizer final : public authorizer {
public:
    bool allowed(const request_context&, acl_operation, resource_type, std::string_view) const override {
        return true;
    }
};

} // namespace barnabas
