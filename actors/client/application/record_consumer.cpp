#include "actors/client/application/record_consumer.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster/key_table.hpp"
#include "actors/client/consumer_actor.hpp"
#include "actors/client/consumer_messages.hpp"
#include "actors/client/pending.hpp"
#include "actors/client/user_call.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/gate.hpp"
#include "runtime/node/light_node.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace barnabas::client {

namespace {

/// So that no sum of times overflows; nobody waits for a century.
constexpr std::int64_t wait_ms_most = 3'155'760'000'000;

error gone() {
    return {errc::closed, "the consumer is closed"};
}

} // namespace

struct record_consumer::parts {
    std::unique_ptr<runtime::light_node> node;
    caf::actor actor;
    runtime::gate closed;
    std::function<void(const rebalance_event&)> on_rebalance;
    /// Of what callbacks throw; on the consumer's thread, while it is open.
    trouble_call tell;

    void tell_later(const std::string& sentence) const {
        run([told = tell, sentence](cluster_consumer&, monotonic_ns) { told(sentence); });
    }
    void run(std::function<void(cluster_consumer&, monotonic_ns)> task) const {
        caf::anon_send(actor, consumer_task{std::move(task)});
    }
    /// Asks on the consumer's loop and waits for what it says.
    template <class Value>
    Value ask(std::function<void(cluster_consumer&, monotonic_ns, const pending<Value>&)> question) const {
        pending<Value> later;
        run([later, question = std::move(question)](cluster_consumer& consumer, monotonic_ns now) {
            question(consumer, now, later);
        });
        return std::move(later).get();
    }
    template <class Call>
    result<void> ask_at_once(Call call) const {
        if (actor == nullptr)
            return gone();
        return ask<result<void>>([call = std::move(call)](cluster_consumer& consumer, monotonic_ns,
                                                          const auto& later) { later.give(call(consumer)); });
    }
};

record_consumer::record_consumer(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

record_consumer::record_consumer(record_consumer&&) noexcept = default;

record_consumer& record_consumer::operator=(record_consumer&& other) noexcept {
    if (this != &other) {
        close();
        parts_ = std::move(other.parts_);
    }
    return *this;
}

record_consumer::~record_consumer() {
    close();
}

result<void> record_consumer::subscribe(std::set<std::string> topics) {
    return parts_->ask_at_once([topics = std::move(topics)](cluster_consumer& consumer) {
        return consumer.subscribe({topics, nullptr});
    });
}

result<void> record_consumer::subscribe_matching(std::function<bool(const std::string&)> pattern) {
    // It is asked for every topic of the cluster again and again, so what it throws is told once.
    const auto thrown = [tell = parts_->tell, told = std::make_shared<bool>(false)](const std::string& what) {
        if (!std::exchange(*told, true))
            tell(what);
    };
    std::function<bool(const std::string&)> guarded;
    if (pattern)
        guarded = [pattern = std::move(pattern), thrown](const std::string& topic) {
            bool matches = false;
            call_user("a pattern", thrown, [&] { matches = pattern(topic); });
            return matches;
        };
    return parts_->ask_at_once([guarded = std::move(guarded)](cluster_consumer& consumer) {
        return consumer.subscribe({{}, guarded});
    });
}

result<void> record_consumer::subscribe_regex(std::string pattern) {
    return parts_->ask_at_once([pattern = std::move(pattern)](cluster_consumer& consumer) {
        return consumer.subscribe({{}, nullptr, pattern});
    });
}

result<void> record_consumer::assign(std::set<partition_name> partitions) {
    return parts_->ask_at_once([partitions = std::move(partitions)](cluster_consumer& consumer) {
        return consumer.assign(partitions);
    });
}

void record_consumer::unsubscribe() {
    [[maybe_unused]] const auto done = parts_->ask_at_once([](cluster_consumer& consumer) {
        consumer.unsubscribe();
        return result<void>();
    });
}

result<record_set> record_consumer::poll(std::chrono::milliseconds most) {
    if (parts_->actor == nullptr)
        return gone();
    const auto wait_ms = std::clamp<std::int64_t>(most.count(), 0, wait_ms_most);
    // Shared by the rounds of this poll: changes of partitions take time of it.
    const auto until = std::make_shared<std::optional<monotonic_ns>>();
    while (true) {
        // A record_set is moved, so the answer comes in a box.
        using boxed = std::shared_ptr<result<poll_answer>>;
        const auto answer = parts_->ask<boxed>(
            [until, wait_ms](cluster_consumer& consumer, monotonic_ns now, const pending<boxed>& later) {
                if (!*until)
                    *until = now + wait_ms * ns_per_ms;
                consumer.poll(**until, now, [later](result<poll_answer> said) {
                    later.give(std::make_shared<result<poll_answer>>(std::move(said)));
                });
            });
        if (!*answer)
            return answer->failure();
        if (!(*answer)->change)
            return std::move((*answer)->records);
        if (parts_->on_rebalance)
            call_user(
                "on_rebalance", [this](const std::string& sentence) { parts_->tell_later(sentence); },
                parts_->on_rebalance, *(*answer)->change);
    }
}

void record_consumer::wake_up() {
    if (parts_->actor != nullptr)
        parts_->run([](cluster_consumer& consumer, monotonic_ns) { consumer.wake_up(); });
}

result<void> record_consumer::commit() {
    if (parts_->actor == nullptr)
        return gone();
    return parts_->ask<result<void>>([](cluster_consumer& consumer, monotonic_ns, const auto& later) {
        consumer.commit(std::nullopt, [later](const result<void>& said) { later.give(said); });
    });
}

result<void> record_consumer::commit(offsets some) {
    if (parts_->actor == nullptr)
        return gone();
    return parts_->ask<result<void>>(
        [some = std::move(some)](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            consumer.commit(some, [later](const result<void>& said) { later.give(said); });
        });
}

void record_consumer::commit_async(commit_callback done) {
    start_commit(std::nullopt, std::move(done));
}

void record_consumer::commit_async(offsets some, commit_callback done) {
    start_commit(std::move(some), std::move(done));
}

void record_consumer::start_commit(std::optional<offsets> some, commit_callback done) {
    constexpr const char* name = "a commit callback";
    if (!done)
        done = [](const result<void>&) {};
    if (parts_->actor == nullptr)
        return call_user(name, nullptr, done, gone());
    parts_->run([some = std::move(some), done = std::move(done),
                 tell = parts_->tell](cluster_consumer& consumer, monotonic_ns) {
        consumer.commit(some, [done, tell](const result<void>& said) { call_user(name, tell, done, said); });
    });
}

result<record_consumer::offsets> record_consumer::committed(std::set<partition_name> partitions) {
    if (parts_->actor == nullptr)
        return gone();
    return parts_->ask<result<offsets>>(
        [partitions = std::move(partitions)](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            consumer.committed(partitions, [later](result<offsets> said) { later.give(std::move(said)); });
        });
}

result<void> record_consumer::seek(const partition_name& name, std::int64_t offset) {
    return parts_->ask_at_once([=](cluster_consumer& consumer) { return consumer.seek(name, offset); });
}

result<void> record_consumer::seek_to_time(const partition_name& name, std::int64_t time) {
    return parts_->ask_at_once([=](cluster_consumer& consumer) { return consumer.seek_to_time(name, time); });
}

result<void> record_consumer::pause(const partition_name& name) {
    return parts_->ask_at_once([=](cluster_consumer& consumer) { return consumer.pause(name, true); });
}

result<void> record_consumer::resume(const partition_name& name) {
    return parts_->ask_at_once([=](cluster_consumer& consumer) { return consumer.pause(name, false); });
}

std::set<partition_name> record_consumer::assignment() {
    if (parts_->actor == nullptr)
        return {};
    return parts_->ask<std::set<partition_name>>(
        [](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            later.give(consumer.assignment());
        });
}

std::optional<std::int64_t> record_consumer::position(const partition_name& name) {
    if (parts_->actor == nullptr)
        return std::nullopt;
    return parts_->ask<std::optional<std::int64_t>>(
        [=](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            later.give(consumer.position(name));
        });
}

std::optional<std::int64_t> record_consumer::current_lag(const partition_name& name) {
    if (parts_->actor == nullptr)
        return std::nullopt;
    return parts_->ask<std::optional<std::int64_t>>(
        [=](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            later.give(consumer.current_lag(name));
        });
}

std::optional<std::int64_t> record_consumer::high_watermark(const partition_name& name) {
    if (parts_->actor == nullptr)
        return std::nullopt;
    return parts_->ask<std::optional<std::int64_t>>(
        [=](cluster_consumer& consumer, monotonic_ns, const auto& later) {
            later.give(consumer.high_watermark(name));
        });
}

void record_consumer::close() {
    if (parts_ == nullptr || parts_->actor == nullptr)
        return;
    caf::anon_send(parts_->actor, close_client{});
    parts_->closed.wait();
    // The actor belongs to the node's system.
    parts_->actor = nullptr;
    parts_->node.reset();
}

result<record_consumer> make_consumer(const properties& keys, record_consumer_options options) {
    auto settings = read_consumer_settings(keys);
    if (!settings)
        return settings.failure();
    tell_unused_keys(keys, is_used_by_consumers, options.on_unused_keys, options.on_trouble);
    auto node = runtime::light_node::start();
    if (!node)
        return node.failure();
    auto made = std::make_unique<record_consumer::parts>();
    made->node = std::move(*node);
    made->on_rebalance = std::move(options.on_rebalance);
    consumer_actor_events events;
    events.on_trouble = guarded_trouble(std::move(options.on_trouble));
    made->tell = [log = made->node->services().log, told = events.on_trouble](const std::string& sentence) {
        log->warn("consumer_callback_failed", log_fields{}.message(sentence));
        if (told)
            told(sentence);
    };
    events.on_closed = [closed = made->closed]() mutable { closed.open(); };
    consumer_actor_options wanted;
    wanted.settings = std::move(*settings);
    made->actor = spawn_cluster_consumer(made->node->services(), std::move(wanted), std::move(events));
    return record_consumer(std::move(made));
}

} // namespace barnabas::client
