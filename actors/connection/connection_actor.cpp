#include "actors/connection/connection_actor.hpp"

#include "actors/connection/connection.hpp"
#include "actors/connection/connection_messages.hpp"
#include "actors/connection/connection_metrics.hpp"
#include "actors/connection/limits.hpp"
#include "actors/group/group_names.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/config/topic_config.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <optional>
#include <utility>

namespace barnabas {

namespace {

class connection_actor final : public caf::event_based_actor, private connection_port {
public:
    connection_actor(caf::actor_config& config, runtime::node_services& node, server_context context,
                     accepted_connection accepted)
        : event_based_actor(config), node_(node), context_(std::move(context)),
          stream_(std::move(accepted.stream)), listener_(std::move(accepted.listener)),
          number_(accepted.number), metrics_(std::in_place, node, accepted.listener_name, stream_->home()),
          machine_({context_.config.get(), context_.access.get(), &node.memory->client_input,
                    std::move(accepted.listener_name), number_, context_.tap, context_.planted,
                    &context_.workspaces->at(stream_->home().get()), "/" + stream_->peer().host},
                   *this) {}

private:
    /// What the machine takes as it comes.
    template <class Message>
    auto told(void (connection::*handle)(const Message&)) {
        return [this, handle](const Message& message) {
            pick_up_view();
            (machine_.*handle)(message);
        };
    }
    /// What says all by coming.
    template <class Message>
    auto told(void (connection::*handle)()) {
        return [this, handle](const Message&) {
            pick_up_view();
            (machine_.*handle)();
        };
    }

public:
    caf::behavior make_behavior() override {
        begin();
        // CAF tries one after the other: the frequent ones are first.
        return caf::message_handler{
            [this](const stream_read& message) {
                pick_up_view();
                machine_.on_read(message.bytes);
            },
            told(&connection::on_append_response),
            told(&connection::on_read_response),
            told(&connection::on_coordinator_response),
            told(&connection::on_partition_readable),
            told<stream_drained>(&connection::on_drained),
            told<memory_available>(&connection::on_room),
            told<connection_timer>(&connection::on_timer),
        }
            .or_else(rare_messages());
    }

    const char* name() const override { return "connection"; }

    /// Handles that point back here would keep this actor alive.
    void on_exit() override {
        if (stream_ != nullptr)
            stream_->abort();
        stream_ = nullptr;
        if (listener_)
            caf::anon_send(std::exchange(listener_, nullptr), connection_closed{number_});
        machine_.use_config(*context_.config);
        view_ = nullptr;
        context_.view = nullptr;
        context_.broker = nullptr;
        context_.controller = nullptr;
        // A timer may keep this object for a while; what it holds goes now.
        machine_.release();
        configs_.clear();
        metrics_.reset();
    }

private:
    caf::message_handler rare_messages() {
        return {
            told(&connection::on_offset_query_response),     told(&connection::on_epoch_query_response),
            told(&connection::on_delete_records_response),   told(&connection::on_topics_response),
            told(&connection::on_init_producer_id_response), told(&connection::on_log_dirs_response),
            told(&connection::on_alter_log_dirs_response),   told(&connection::on_producers_response),
            told<close_connection>(&connection::on_stop),
        };
    }

    void begin() {
        pick_up_view();
        attach_stream();
        machine_.start();
    }

    void attach_stream() {
        auto self = caf::actor_cast<caf::actor>(this);
        stream_->attach(
            {[self](runtime::read_completion bytes) { caf::anon_send(self, stream_read{std::move(bytes)}); },
             [self] { caf::anon_send(self, stream_drained{}); }, connection_limits::unsent_bytes_high});
    }

    /// Metadata moves between messages, never inside the handling of one.
    void pick_up_view() {
        const std::uint64_t newest = context_.view->version();
        if (newest == view_version_)
            return;
        view_version_ = newest;
        view_ = context_.view->current();
        configs_.clear();
        machine_.use_config(view_->config != nullptr ? *view_->config : *context_.config);
    }

    // connection_port
    void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) override {
        stream_->read(std::move(into), at, max);
    }
    void wait_for_room() override {
        auto self = caf::actor_cast<caf::actor>(this);
        node_.memory->client_input.notify_when_room([self] { caf::anon_send(self, memory_available{}); });
    }
    void write(std::vector<slice> parts) override { stream_->write(std::move(parts)); }
    std::size_t unsent_bytes() const override { return stream_->unsent_bytes(); }
    bool output_is_short() const override {
        const auto& reserve = node_.memory->fetch_output;
        return reserve.in_use() > reserve.capacity() / 2;
    }

    void close(const error& why) override {
        if (why.code != errc::closed) {
            metrics_->refused(why.code);
            node_.log->warn("connection_refused",
                            {{"peer", to_string(stream_->peer())}, {"reason", to_string(why)}});
        } else {
            node_.log->debug("connection_closed",
                             {{"peer", to_string(stream_->peer())}, {"reason", why.detail}});
        }
        if (why.code == errc::request_timed_out)
            stream_->abort();
        else
            stream_->close();
        stream_ = nullptr;
        send(std::exchange(listener_, nullptr), connection_closed{number_});
        quit();
    }

    template <class Message>
    bool send_partition(const topic_partition& to, Message message) {
        // While the actor ends, operations that are destroyed still take their subscriptions back; but its
        // last handle may be gone already, and then it must not send.
        if (view_ == nullptr)
            return false;
        auto partition = view_->find(to);
        if (!partition)
            return false;
        caf::event_based_actor::send(partition, std::move(message));
        return true;
    }
    bool send(const topic_partition& to, append_request message) override {
        return send_partition(to, std::move(message));
    }
    bool send(const topic_partition& to, const read_request& message) override {
        return send_partition(to, message);
    }
    bool send(const topic_partition& to, const offset_query& message) override {
        return send_partition(to, message);
    }
    bool send(const topic_partition& to, const epoch_query& message) override {
        return send_partition(to, message);
    }
    bool send(const topic_partition& to, const delete_records_request& message) override {
        return send_partition(to, message);
    }
    bool send(const topic_partition& to, const producers_query& message) override {
        return send_partition(to, message);
    }
    void send(const topic_partition& to, const forget_reader& message) override {
        send_partition(to, message);
    }
    errc ask_coordinator(group::coordinator_request&& message) override {
        const auto index =
            group::partition_led_here(message.group, view_->coordinators, node_id(context_.config->node_id));
        if (!index)
            return index.code();
        return send_coordinator(*index, std::move(message)) ? errc::ok : errc::coordinator_not_available;
    }
    bool send_coordinator(partition_index to, group::coordinator_request&& message) override {
        const auto index = static_cast<std::size_t>(to.get());
        if (index >= view_->coordinators.size() || !view_->coordinators[index].actor)
            return false;
        caf::event_based_actor::send(view_->coordinators[index].actor, std::move(message));
        return true;
    }
    void send_controller(create_topics_request message) override {
        caf::event_based_actor::send(context_.controller, std::move(message));
    }
    void send_controller(delete_topics_request message) override {
        caf::event_based_actor::send(context_.controller, std::move(message));
    }
    void send_controller(create_partitions_request message) override {
        caf::event_based_actor::send(context_.controller, std::move(message));
    }
    void send_controller(alter_configs_request message) override {
        caf::event_based_actor::send(context_.controller, std::move(message));
    }
    void send_broker(const init_producer_id_request& message) override {
        caf::event_based_actor::send(context_.broker, message);
    }
    void send_broker(describe_log_dirs_request message) override {
        caf::event_based_actor::send(context_.broker, std::move(message));
    }
    void send_broker(alter_log_dirs_request message) override {
        caf::event_based_actor::send(context_.broker, std::move(message));
    }
    template <class Message>
    void send(const caf::actor& to, Message message) {
        caf::event_based_actor::send(to, std::move(message));
    }

    void arm_timer(std::chrono::nanoseconds delay) override {
        delayed_send(caf::actor_cast<caf::actor>(this), delay, connection_timer{});
    }
    monotonic_ns now() const override { return node_.clock->monotonic_now(); }
    metadata_image_ptr image() const override { return view_->image; }
    bool is_offline(const topic_partition& id) const override { return view_->is_offline(id); }

    const topic_config& config_of(const topic_metadata& topic) override {
        auto found = configs_.find(topic.id);
        if (found == configs_.end())
            found = configs_.emplace(topic.id, effective(machine_.config(), topic.configs)).first;
        return found->second;
    }

    void finished(const finished_request& request) override { metrics_->finished(request); }
    void requests_wait(std::size_t count) override {
        if (metrics_)
            metrics_->requests_wait(count);
    }
    void converted(const request_context& request, std::uint64_t records) override {
        if (metrics_)
            metrics_->converted(request, records);
    }
    void batch_taken(std::uint64_t records, std::uint64_t bytes) override {
        if (metrics_)
            metrics_->batch_taken(records, bytes);
    }
    void records_given(std::uint64_t bytes) override {
        if (metrics_)
            metrics_->records_given(bytes);
    }
    void error_answered(kafka::api_key key, std::int16_t code) override {
        if (metrics_)
            metrics_->error_answered(key, code);
    }
    void batch_too_large(std::uint64_t bytes) override {
        if (metrics_)
            metrics_->batch_too_large(bytes);
    }
    void batch_faulty(batch::batch_fault fault) override {
        if (metrics_)
            metrics_->batch_faulty(fault);
    }
    void part_refused(kafka::api_key key) override {
        if (metrics_)
            metrics_->part_refused(key);
    }
    void report(std::string_view event, const std::string& message) override {
        node_.log->warn(event, {{"peer", to_string(stream_->peer())}, {"reason", message}});
    }

    runtime::node_services& node_;
    server_context context_;
    std::shared_ptr<runtime::byte_stream> stream_;
    caf::actor listener_;
    std::uint64_t number_;
    std::shared_ptr<const broker_view> view_;
    std::uint64_t view_version_ = 0;
    /// Effective topic configurations under `view_`, made when first needed.
    std::map<topic_id, topic_config> configs_;
    std::optional<connection_metrics> metrics_;
    connection machine_;
};

} // namespace

caf::actor spawn_connection(runtime::node_services& node, const server_context& context,
                            accepted_connection accepted) {
    const loop_index home = accepted.stream->home();
    return runtime::spawn<caf::actor, connection_actor>(node, {home, "connection", true}, context,
                                                        std::move(accepted));
}

} // namespace barnabas
