#pragma once

#include "actors/broker/broker_messages.hpp"
#include "actors/broker/log_dirs_messages.hpp"
#include "actors/connection/request_context.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/group/group_messages.hpp"
#include "actors/partition/partition_messages.hpp"

#include <cstdint>

namespace barnabas {

class connection;

/// A request that waits for other actors. It is told what comes back for it and answers once, through
/// `connection::answer`; after that it is destroyed and must not be touched.
class operation {
public:
    operation(connection& owner, std::uint64_t number, request_context context)
        : owner_(owner), number_(number), context_(std::move(context)) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;
    virtual ~operation() = default;

    // Each kind of operation overrides what it asks for; anything else is a broken invariant of the sender.
    virtual void on_append_response(std::uint32_t index, const append_response& answer);
    virtual void on_offset_query_response(std::uint32_t index, const offset_query_response& answer);
    virtual void on_epoch_query_response(std::uint32_t index, const epoch_query_response& answer);
    virtual void on_delete_records_response(std::uint32_t index, const delete_records_response& answer);
    virtual void on_topics_response(const topics_response& answer);
    virtual void on_init_producer_id_response(const init_producer_id_response& answer);
    virtual void on_log_dirs_response(const log_dirs_response& answer);
    virtual void on_alter_log_dirs_response(const alter_log_dirs_response& answer);
    virtual void on_producers_response(std::uint32_t index, const producers_response& answer);
    virtual void on_coordinator_response(std::uint32_t index, const group::coordinator_response& answer);
    /// A partition read by this connection changed (see fetch_reads).
    virtual void on_read_changed(std::uint32_t index);
    virtual void on_timer();

    /// Token of a question or timer: this operation and a number of its own.
    std::uint64_t token(std::uint32_t index = 0) const noexcept { return make_token(number_, index); }
    static std::uint64_t make_token(std::uint64_t number, std::uint32_t index) noexcept {
        return (number << index_bits) | index;
    }
    static std::uint64_t number_of(std::uint64_t token) noexcept { return token >> index_bits; }
    static std::uint32_t index_of(std::uint64_t token) noexcept {
        return static_cast<std::uint32_t>(token & ((std::uint64_t{1} << index_bits) - 1));
    }

    std::uint64_t number() const noexcept { return number_; }
    const request_context& context() const noexcept { return context_; }

protected:
    connection& owner() const noexcept { return owner_; }

private:
    /// 2^24 partitions in one request, 2^40 requests on one connection.
    static constexpr unsigned index_bits = 24;

    connection& owner_;
    std::uint64_t number_;
    request_context context_;
};

} // namespace barnabas
