#include "actors/client/application/record_producer.hpp"

#include "actors/client/cluster/key_table.hpp"
#include "actors/client/producer/producer_actor.hpp"
#include "actors/client/producer/producer_messages.hpp"
#include "actors/client/user_call.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/node/gate.hpp"
#include "runtime/node/light_node.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace barnabas::client {

namespace {

/// So that no sum of times overflows; nobody waits for a century.
std::chrono::milliseconds bounded(std::chrono::milliseconds most) {
    constexpr std::chrono::milliseconds century{3'155'760'000'000};
    return std::clamp(most, std::chrono::milliseconds(0), century);
}
} // namespace

struct record_producer::parts {
    producer_settings settings;
    std::unique_ptr<runtime::light_node> node;
    caf::actor actor;
    std::shared_ptr<producer_intake> intake;
    runtime::gate closed;
};

record_producer::record_producer(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

record_producer::record_producer(record_producer&&) noexcept = default;

record_producer& record_producer::operator=(record_producer&& other) noexcept {
    if (this != &other) {
        close();
        parts_ = std::move(other.parts_);
    }
    return *this;
}

record_producer::~record_producer() {
    close();
}

void record_producer::send(const producer_record& record, delivery_callback call) {
    offer(record, call, true);
}

pending<delivery_report> record_producer::send_later(const producer_record& record) {
    pending<delivery_report> later;
    send(record, [later](const delivery_report& report) { later.give(report); });
    return later;
}

bool record_producer::try_send(const producer_record& record, delivery_callback call) {
    return offer(record, call, false);
}

/// False: there was no room, and nobody was told.
bool record_producer::offer(const producer_record& record, delivery_callback& call, bool may_wait) {
    using verdict = record_accumulator::verdict;
    auto& intake = *parts_->intake;
    record_accumulator::appended done{verdict::refused, false, {errc::closed, "the producer is closed"}};
    bool wake = false;
    const auto attempt = [&] {
        const auto& clock = *parts_->node->services().clock;
        done = intake.records.append(record, call, clock.monotonic_now(), clock.wall_now());
    };
    if (parts_->actor != nullptr)
        intake.lock.alone([&] {
            attempt();
            wake = done.wake && !intake.woken;
            intake.woken = intake.woken || done.wake;
        });
    if (wake)
        caf::anon_send(parts_->actor, wake_producer{});
    if (done.what == verdict::full && may_wait) {
        const auto most = std::chrono::milliseconds(parts_->settings.max_block_ns / ns_per_ms);
        intake.lock.until(most, [&] {
            attempt();
            return done.what != verdict::full;
        });
        if (done.wake)
            caf::anon_send(parts_->actor, wake_producer{});
        if (done.what == verdict::full)
            done.why.detail = "the buffer (buffer.memory=" + std::to_string(parts_->settings.buffer_bytes) +
                              ") was full for " + std::to_string(most.count()) + " ms (max.block.ms)";
    }
    if (done.what == verdict::full && !may_wait)
        return false;
    if (done.what != verdict::taken)
        tell_failure(std::string(record.topic), record.partition.value_or(-1), call, done.why,
                     [this](const std::string& sentence) {
                         if (parts_->actor != nullptr)
                             caf::anon_send(parts_->actor, program_threw{sentence});
                     });
    return true;
}

void record_producer::flush() {
    if (parts_->actor == nullptr)
        return;
    runtime::gate done;
    caf::anon_send(parts_->actor, flush_producer{[done]() mutable { done.open(); }});
    done.wait();
}

bool record_producer::flush(std::chrono::milliseconds most) {
    if (parts_->actor == nullptr)
        return true;
    runtime::gate done;
    caf::anon_send(parts_->actor, flush_producer{[done]() mutable { done.open(); }});
    return done.wait_for(bounded(most));
}

producer_metrics record_producer::metrics() const {
    producer_metrics now;
    parts_->intake->lock.alone([&] { now = parts_->intake->metrics; });
    return now;
}

void record_producer::close() {
    if (parts_ != nullptr)
        close(std::chrono::milliseconds(parts_->settings.delivery_timeout_ns / ns_per_ms));
}

void record_producer::close(std::chrono::milliseconds most) {
    if (parts_ == nullptr || parts_->actor == nullptr)
        return;
    caf::anon_send(parts_->actor, close_producer{std::int64_t{bounded(most).count()} * ns_per_ms});
    parts_->closed.wait();
    // The actor belongs to the node's system.
    parts_->actor = nullptr;
    parts_->node.reset();
}

result<record_producer> make_producer(const properties& keys, application_options options) {
    auto settings = read_producer_settings(keys);
    if (!settings)
        return settings.failure();
    tell_unused_keys(keys, is_used_by_producers, options.on_unused_keys, options.on_trouble);
    auto node = runtime::light_node::start();
    if (!node)
        return node.failure();
    auto made = std::make_unique<record_producer::parts>();
    made->settings = *settings;
    made->node = std::move(*node);
    producer_actor_events events;
    events.on_trouble = guarded_trouble(std::move(options.on_trouble));
    events.on_closed = [closed = made->closed]() mutable { closed.open(); };
    producer_actor_options wanted;
    wanted.settings = std::move(*settings);
    auto spawned = spawn_record_producer(made->node->services(), std::move(wanted), std::move(events));
    made->actor = std::move(spawned.actor);
    made->intake = std::move(spawned.intake);
    return record_producer(std::move(made));
}

} // namespace barnabas::client
