#include "actors/client/producer/producer_actor.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster_actor.hpp"
#include "actors/client/cluster_messages.hpp"
#include "actors/client/producer/producer_messages.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace barnabas::client {

namespace {

/// So long a question of the producer's own may take: several fit into the time that a record has, so that
/// its report can say why.
std::int64_t question_ns(const producer_settings& settings) {
    const auto patience = std::min(settings.max_block_ns, settings.delivery_timeout_ns);
    return std::clamp<std::int64_t>(patience / 4, 1, settings.cluster.request_timeout_ns);
}

/// The shell of a producer: carries records from the intake to the cluster client, and reports back.
class producer_actor final : public caf::event_based_actor {
public:
    producer_actor(caf::actor_config& config, runtime::node_services& node, producer_actor_options options,
                   producer_actor_events events, std::shared_ptr<producer_intake> intake)
        : event_based_actor(config), node_(node), options_(std::move(options)), events_(std::move(events)),
          intake_(std::move(intake)), question_ns_(question_ns(options_.settings)),
          sender_(options_.settings,
                  runtime::random(node.seed).split("producer sender").split(options_.number)) {}

    const char* name() const override { return "record_producer"; }
    void on_exit() override {
        cluster_ = nullptr;
        flushes_.clear();
    }

    caf::behavior make_behavior() override {
        start_cluster();
        return {
            [this](const wake_producer&) { step([](sender_effects&) {}); },
            [this](const send_record& message) { on_send(message); },
            [this](const produced_heard& message) {
                step([&](sender_effects& out) {
                    sender_.on_produced(message.request, message.parts, now(), out);
                });
            },
            [this](const topics_heard& message) {
                step([&](sender_effects&) {
                    for (const auto& [topic, said] : message.said)
                        sender_.on_topic(topic, said, now());
                });
            },
            [this](const producer_id_heard& message) {
                step([&](sender_effects&) { sender_.on_producer_id(message.said, now()); });
            },
            [this](const producer_timer& message) {
                if (message.deadline == armed_.get())
                    armed_ = {};
                step([](sender_effects&) {});
            },
            [this](const flush_producer& message) {
                intake_->lock.alone([&] { flushes_.push_back({intake_->records.flush(), message.done}); });
                step([](sender_effects&) {});
            },
            [this](const close_producer& message) {
                closing_at_ = now() + message.timeout_ns;
                intake_->lock.alone([this] { intake_->records.close(); });
                intake_->lock.wake();
                step([](sender_effects&) {});
            },
            [this](const program_threw& message) { tell_thrown_by_program(message.sentence); },
            [this](const producer_cluster_closed&) {
                if (events_.on_closed)
                    events_.on_closed();
                quit();
            },
        };
    }

private:
    struct waiting_flush {
        std::uint64_t below = 0;
        std::function<void()> done;
    };

    monotonic_ns now() const { return node_.clock->monotonic_now(); }

    trouble_call on_thrown() {
        return [this](const std::string& sentence) { tell_thrown_by_program(sentence); };
    }

    void tell_thrown_by_program(const std::string& sentence) {
        node_.log->warn("producer_callback_failed", log_fields{}.message(sentence));
        if (events_.on_trouble)
            events_.on_trouble(sentence);
    }

    void start_cluster() {
        cluster_actor_options wanted;
        wanted.settings = options_.settings.cluster;
        wanted.home = options_.home;
        wanted.number = options_.number;
        cluster_actor_events heard;
        heard.on_trouble = events_.on_trouble;
        heard.on_closed = [self = caf::actor_cast<caf::actor>(this)] {
            caf::anon_send(self, producer_cluster_closed{});
        };
        cluster_ = spawn_cluster_client(node_, std::move(wanted), std::move(heard));
    }

    void on_send(const send_record& message) {
        const producer_record record{message.topic,     message.key,         message.value, {},
                                     message.partition, message.timestamp_ms};
        auto call = message.call;
        record_accumulator::appended done;
        intake_->lock.alone(
            [&] { done = intake_->records.append(record, call, now(), node_.clock->wall_now()); });
        if (done.what != record_accumulator::verdict::taken)
            tell_failure(message.topic, message.partition.value_or(-1), call, done.why, on_thrown());
        if (done.wake)
            step([](sender_effects&) {});
    }

    template <class Event>
    void step(const Event& event) {
        if (cluster_ == nullptr)
            return tell_flushes();
        sender_effects out;
        event(out);
        const auto locked = [this](const std::function<void()>& call) { intake_->lock.alone(call); };
        intake_->lock.alone([this] { intake_->woken = false; });
        settle(intake_->records, sender_, locked, now(), out);
        const bool ends = is_over();
        if (ends)
            end_all(out);
        bool has_room = false;
        intake_->lock.alone([this, &has_room] {
            intake_->metrics = sender_.metrics();
            intake_->metrics.buffered_bytes = intake_->records.charged();
            has_room = intake_->records.take_given_back();
        });
        if (has_room)
            intake_->lock.wake();
        carry_out(out);
        if (ends)
            caf::anon_send(std::exchange(cluster_, nullptr), close_client{});
        else
            arm();
    }

    bool is_over() {
        if (closing_at_ == monotonic_ns{})
            return false;
        bool done = closing_at_ <= now();
        intake_->lock.alone([&] { done = done || (intake_->records.empty() && sender_.empty()); });
        return done;
    }

    void end_all(sender_effects& out) {
        const error why{errc::closed, "the producer was closed before it was delivered"};
        intake_->lock.alone([&] { sender_.on_close(intake_->records, why, out); });
    }

    void carry_out(sender_effects& out) {
        auto self = caf::actor_cast<caf::actor>(this);
        const auto thrown = on_thrown();
        for (const auto& batch : out.finished)
            tell_waiters(*batch, thrown);
        for (const auto& one : out.dropped)
            tell_failure(one.topic, -1, one.call, one.why, thrown);
        if (out.producer_id_asked)
            submit(make_producer_id_call([self](const result<producer_id_facts>& said) {
                       caf::anon_send(self, producer_id_heard{said});
                   }),
                   question_ns_);
        if (!out.topics_asked.empty())
            submit(make_topics_call(
                       std::move(out.topics_asked), options_.settings.creates_topics,
                       [self](topics_said said) { caf::anon_send(self, topics_heard{std::move(said)}); }),
                   question_ns_);
        for (auto& order : out.requests) {
            const auto timeout = order.timeout_ns;
            submit(std::make_unique<produce_call>(
                       std::move(order),
                       [self](std::uint64_t request, std::vector<produced_part> parts) {
                           caf::anon_send(self, produced_heard{request, std::move(parts)});
                       }),
                   timeout);
        }
        for (const auto& lost : out.sequences_lost)
            if (events_.on_sequence_lost)
                events_.on_sequence_lost(lost.topic, lost.partition, lost.code);
        tell_flushes();
    }

    void submit(std::unique_ptr<cluster_call> call, std::int64_t timeout_ns) {
        caf::anon_send(cluster_, submit_call{std::make_shared<std::unique_ptr<cluster_call>>(std::move(call)),
                                             timeout_ns});
    }

    void tell_flushes() {
        std::vector<waiting_flush> ready;
        intake_->lock.alone([&] {
            std::erase_if(flushes_, [&](const waiting_flush& one) {
                const bool waits =
                    intake_->records.has_batches_below(one.below) || sender_.has_batches_below(one.below);
                if (!waits)
                    ready.push_back(one);
                return !waits;
            });
        });
        for (const auto& one : ready)
            one.done();
    }

    /// One timer is out at a time, unless an earlier one is needed.
    void arm() {
        auto due = earlier(sender_.deadline(now()), closing_at_);
        intake_->lock.alone([&] { due = earlier(due, intake_->records.deadline(now())); });
        if (due == monotonic_ns{} || (armed_ != monotonic_ns{} && armed_ <= due))
            return;
        armed_ = due;
        const auto delay = std::max<std::int64_t>(due - now(), 0);
        delayed_send(caf::actor_cast<caf::actor>(this), std::chrono::nanoseconds(delay),
                     producer_timer{due.get()});
    }

    runtime::node_services& node_;
    producer_actor_options options_;
    producer_actor_events events_;
    std::shared_ptr<producer_intake> intake_;
    std::int64_t question_ns_;
    batch_sender sender_;
    caf::actor cluster_;
    std::vector<waiting_flush> flushes_;
    monotonic_ns closing_at_{};
    monotonic_ns armed_{};
};

} // namespace

spawned_producer spawn_record_producer(runtime::node_services& node, producer_actor_options options,
                                       producer_actor_events events) {
    const auto home = options.home;
    const auto draws = runtime::random(node.seed).split("producer intake").split(options.number);
    auto intake = std::make_shared<producer_intake>(options.settings, draws);
    auto actor = runtime::spawn<caf::actor, producer_actor>(node, {home, "record_producer"},
                                                            std::move(options), std::move(events), intake);
    return {std::move(actor), std::move(intake)};
}

} // namespace barnabas::client
