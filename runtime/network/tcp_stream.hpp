#pragma once

// Private to runtime/network.

#include "runtime/network/tcp_connection.hpp"

#include <memory>
#include <utility>

namespace barnabas::runtime {

/// A byte stream over TCP: what the owner holds. Dropping it aborts the connection. `close`, `abort` and the
/// end of its life are safe on every thread, since an actor may die on any; the rest belongs to the home
/// loop.
class tcp_stream final : public byte_stream {
public:
    explicit tcp_stream(std::shared_ptr<tcp_connection> connection) : connection_(std::move(connection)) {}
    ~tcp_stream() override;

    void attach(stream_events events) override { connection_->attach(std::move(events)); }
    void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) override {
        connection_->read(std::move(into), at, max);
    }
    void write(std::vector<slice> parts) override { connection_->write(std::move(parts)); }
    std::size_t unsent_bytes() const override { return connection_->unsent_bytes(); }
    void close() override;
    void abort() override;
    endpoint peer() const override { return connection_->peer(); }
    loop_index home() const override { return connection_->loop().index(); }

private:
    std::shared_ptr<tcp_connection> connection_;
    bool closed_ = false;
};

} // namespace barnabas::runtime
