#include "actors/broker/http_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/broker/kafka_facts_actor.hpp"
#include "actors/broker/lag/lag_actor.hpp"
#include "actors/broker/lag/lag_messages.hpp"
#include "actors/broker/limits.hpp"
#include "actors/broker/sizes/log_sizes_actor.hpp"
#include "actors/broker/sizes/log_sizes_messages.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/metrics/http.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace barnabas {

namespace {

/// What one connection serves.
struct served_pages {
    runtime::http_handler handler;
    /// Knows how far consumers are behind; null: that is not told.
    caf::actor lag{};
    /// Knows how large logs are; null: there is no page of numbers.
    caf::actor sizes{};
    /// Read by the handler.
    std::shared_ptr<std::string> lag_text{};
    std::shared_ptr<std::string> sizes_text{};
};

/// One request and its answer, on the stream's home loop.
class http_connection_actor final : public caf::event_based_actor {
public:
    http_connection_actor(caf::actor_config& config, runtime::node_services&, served_pages pages,
                          std::shared_ptr<runtime::byte_stream> stream, caf::actor listener)
        : event_based_actor(config), pages_(std::move(pages)),
          exchange_(pages_.handler,
                    [this](std::string_view path) { return pages_.sizes && path == runtime::metrics_page; }),
          stream_(std::move(stream)), listener_(std::move(listener)) {}

    /// The stream holds this actor; whoever ends lets go.
    void on_exit() override {
        if (stream_ != nullptr)
            stream_->abort();
        stream_ = nullptr;
        listener_ = nullptr;
        pages_.lag = nullptr;
        pages_.sizes = nullptr;
    }

    const char* name() const override { return "http connection"; }

    caf::behavior make_behavior() override {
        const auto self = caf::actor_cast<caf::actor>(this);
        stream_->attach(
            {[self](runtime::read_completion bytes) { caf::anon_send(self, http_read{std::move(bytes)}); },
             [self] { caf::anon_send(self, http_drained{}); }});
        delayed_send(this, broker_limits::http_connection_idle_max, http_timer{});
        read();
        return {
            [this](const http_read& message) { on_read(message.bytes); },
            [this](const http_drained&) {
                if (exchange_.answered())
                    end();
            },
            [this](const lag_told& message) { on_told(*pages_.lag_text, *message.text); },
            [this](const log_sizes_told& message) { on_told(*pages_.sizes_text, *message.text); },
            [this](const http_timer&) { end(); },
        };
    }

private:
    void read() { stream_->read(nullptr, 0, broker_limits::http_request_bytes_max); }

    void on_read(const runtime::read_completion& bytes) {
        if (bytes.count == 0)
            return end();
        auto response = exchange_.on_bytes({bytes.into->data() + bytes.at, bytes.count});
        if (response)
            stream_->write({std::move(*response)});
        else if (exchange_.gathers())
            gather();
        else
            read();
    }

    void gather() {
        awaited_ = pages_.lag ? 2 : 1;
        if (pages_.lag)
            send(pages_.lag, lag_wanted{});
        send(pages_.sizes, log_sizes_wanted{});
    }

    void on_told(std::string& part, const std::string& text) {
        part = text;
        if (--awaited_ == 0 && stream_ != nullptr && exchange_.gathers())
            stream_->write({exchange_.answer()});
    }

    void end() {
        if (stream_ == nullptr)
            return;
        stream_->close();
        stream_ = nullptr;
        send(listener_, http_connection_ended{});
        quit();
    }

    served_pages pages_;
    runtime::http_exchange exchange_;
    /// Parts of the page that are not there yet.
    int awaited_ = 0;
    std::shared_ptr<runtime::byte_stream> stream_;
    caf::actor listener_;
};

/// Owns the port. Accepting over the bound closes the newcomer: pages are asked for seldom.
class http_actor final : public caf::event_based_actor {
public:
    http_actor(caf::actor_config& config, runtime::node_services& node, http_sources sources)
        : event_based_actor(config), node_(node), status_(std::move(sources.status)), view_(sources.view) {
        if (sources.lag_partitions_max > 0)
            lag_ = spawn_consumer_lag(node, sources.lag_partitions_max, sources.view);
        sizes_ = spawn_log_sizes(node, std::move(sources.view));
    }

    const char* name() const override { return "http"; }
    void on_exit() override {
        socket_.reset();
        if (lag_)
            caf::anon_send(std::exchange(lag_, nullptr), close_consumer_lag{});
        caf::anon_send(std::exchange(sizes_, nullptr), close_log_sizes{});
    }

    caf::behavior make_behavior() override {
        return {
            [this](const http_bound& message) { socket_ = message.socket; },
            [this](const http_accepted& message) { on_accepted(message.stream); },
            [this](const http_connection_ended&) { --connections_; },
            [this](const close_http&) { quit(); },
        };
    }

private:
    void on_accepted(const std::shared_ptr<runtime::byte_stream>& stream) {
        const bool full = connections_ >= broker_limits::http_connections_max;
        auto pages = full ? served_pages{[](std::string_view) {
            return runtime::http_response{503, "text/plain; charset=utf-8", "too many connections\n"};
        }}
                          : all_pages();
        ++connections_;
        runtime::spawn<caf::actor, http_connection_actor>(node_, {stream->home(), "http connection", true},
                                                          std::move(pages), stream,
                                                          caf::actor_cast<caf::actor>(this));
    }

    served_pages all_pages() const {
        auto lag_text = std::make_shared<std::string>();
        auto sizes_text = std::make_shared<std::string>();
        auto handler = runtime::node_pages(
            *node_.metrics, [status = status_] { return readiness(*status->current()); },
            [lag_text, sizes_text, &metrics = *node_.metrics, status = status_, view = view_] {
                const auto seen = view->current();
                return runtime::kafka_text(metrics, kafka_facts_of(*seen, *status->current())) +
                       partition_facts_text(*seen, broker_limits::log_sizes_max) + *lag_text + *sizes_text;
            });
        return {std::move(handler), lag_, sizes_, std::move(lag_text), std::move(sizes_text)};
    }

    static runtime::readiness readiness(const broker_status& status) {
        std::string reason(status.is_ready() ? "" : name_of(status.state));
        if (status.state == broker_state::opening_partitions && status.checked) {
            const auto checked = status.checked->now();
            reason += ": " + std::to_string(status.partitions - status.partitions_opening) + " of " +
                      std::to_string(status.partitions) + " partitions are open, " +
                      std::to_string(checked.done) + " of " + std::to_string(checked.expected) +
                      " bytes are checked";
        }
        const auto add = [&reason](const std::string& more) {
            reason += (reason.empty() ? "" : "; ") + more;
        };
        if (status.partitions_failed != 0)
            add(std::to_string(status.partitions_failed) + " partitions are not served");
        for (const auto& path : status.directories_offline)
            add(path + " is offline");
        for (const auto& path : status.directories_hanging)
            add(path + " hangs");
        for (const auto& path : status.directories_short_of_room)
            add(path + " is short of room");
        return {status.is_ready(), std::move(reason)};
    }

    runtime::node_services& node_;
    std::shared_ptr<published_status> status_;
    std::shared_ptr<const published_view> view_;
    caf::actor lag_;
    caf::actor sizes_;
    std::shared_ptr<runtime::listening_socket> socket_;
    std::size_t connections_ = 0;
};

} // namespace

result<caf::actor> open_http(runtime::node_services& node, const runtime::endpoint& bind,
                             http_sources sources) {
    auto actor = runtime::spawn<caf::actor, http_actor>(node, {loop_index(0), "http"}, std::move(sources));
    auto socket = node.network->listen(bind, [actor](std::shared_ptr<runtime::byte_stream> stream) {
        caf::anon_send(actor, http_accepted{std::move(stream)});
    });
    if (!socket) {
        caf::anon_send(actor, close_http{});
        return socket.failure();
    }
    caf::anon_send(actor, http_bound{std::shared_ptr<runtime::listening_socket>(std::move(*socket))});
    return actor;
}

result<caf::actor> open_configured_http(runtime::node_services& node, const broker_config& config,
                                        std::shared_ptr<published_status> status,
                                        std::shared_ptr<const published_view> view) {
    const auto& listener = config.barnabas_http_listener;
    if (!listener)
        return caf::actor();
    const auto lag_partitions_max = static_cast<std::size_t>(config.barnabas_consumer_lag_partitions_max);
    auto http = open_http(node, {listener->host, listener->port},
                          {std::move(status), std::move(view), lag_partitions_max});
    if (http || config.set_values.contains("barnabas.http.listener"))
        return http;
    node.log->warn("http_not_served",
                   log_fields{}.message("the default address of /metrics, " + listener->host + ":" +
                                        std::to_string(listener->port) + ", is not available (" +
                                        http.failure().detail +
                                        "); set barnabas.http.listener to serve it elsewhere"));
    return caf::actor();
}

} // namespace barnabas
