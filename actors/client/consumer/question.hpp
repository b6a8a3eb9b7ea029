#pragma once

#include "actors/client/cluster/keyed_call.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace barnabas::client {

struct question_rules {
    call_target target;
    /// The versions that can carry what is asked.
    std::int16_t lowest_version = 0;
    std::int16_t highest_version = std::numeric_limits<std::int16_t>::max();
    /// How long the broker may hold the answer on purpose.
    std::int64_t extra_wait_ns = 0;
    bool changes_something = false;
};

/// A call of one request whose whole answer is handed over, with whatever codes it has; only errors that
/// pass at another coordinator or later are asked again before. `done` is called once.
template <class Request, class Response>
class question final : public cluster_call {
public:
    using make_request = std::function<Request(std::int16_t version)>;
    using on_done = std::function<void(result<Response>)>;

    question(question_rules rules, make_request make, on_done done)
        : rules_(std::move(rules)), make_(std::move(make)), done_(std::move(done)) {}
    ~question() override {
        if (done_)
            on_finished();
    }

    std::string_view name() const override { return kafka::name_of(kafka::api_key{Request::api_key}); }
    std::size_t parts() const override { return 1; }
    call_target target(std::size_t) const override { return rules_.target; }
    bool changes_something() const override { return rules_.changes_something; }
    bool repeats(std::size_t, kafka::error_code code) const override {
        return passes(rules_.target.kind, code);
    }

    result<std::uint64_t> send(client_connection& connection, std::span<const std::size_t>, std::int32_t,
                               monotonic_ns now) override {
        const auto version = connection.version_for<Request>(rules_.highest_version);
        if (!version || *version < rules_.lowest_version)
            return error{errc::unsupported_version,
                         "the broker is too old for " + std::string(name()) + " as this needs it"};
        return connection.send(make_(*version), *version, now, rules_.extra_wait_ns);
    }

    result<call_answer> read(const answer& got, std::span<const std::size_t>) override {
        auto response = got.decode<Response>();
        if (!response)
            return response.failure();
        call_answer heard;
        if constexpr (requires { response->throttle_time_ms; })
            heard.throttle_ms = response->throttle_time_ms;
        auto code = worst_code(*response);
        if (!repeats(0, code)) {
            outcome_.emplace(std::move(*response));
            code = kafka::error_code::none;
        }
        heard.parts.push_back({0, code, {}});
        return heard;
    }

    void on_failed(std::size_t, const error& why) override { outcome_.emplace(why); }
    void on_finished() override {
        if (!outcome_)
            outcome_.emplace(error{errc::closed, "the client was closed"});
        std::exchange(done_, nullptr)(std::move(*outcome_));
    }

private:
    /// The code that decides whether the coordinator is another one.
    static kafka::error_code worst_code(const Response& said) {
        std::int16_t code = 0;
        if constexpr (requires { said.error_code; })
            code = said.error_code;
        if constexpr (requires { said.groups; })
            for (const auto& group : said.groups)
                code = group.error_code != 0 ? group.error_code : code;
        if constexpr (requires { said.topics.front().partitions.front().error_code; })
            for (const auto& topic : said.topics)
                for (const auto& one : topic.partitions)
                    code = is_of_coordinator(one.error_code) ? one.error_code : code;
        return kafka::error_code{code};
    }
    static bool is_of_coordinator(std::int16_t code) {
        return passes(call_target::who::coordinator, kafka::error_code{code});
    }

    question_rules rules_;
    make_request make_;
    on_done done_;
    std::optional<result<Response>> outcome_;
};

/// How a consumer's parts reach the cluster, and hear of what came of it.
struct consumer_ports {
    /// Fetches wait at brokers on purpose, so what else is asked goes another way.
    enum class lane { fetches, questions };

    std::function<void(lane, std::unique_ptr<cluster_call>, std::optional<std::int64_t> timeout_ns)> submit;
    /// Calls `then` soon, as an event of the consumer.
    std::function<void(std::function<void(monotonic_ns now)> then)> later;
    /// The time of day, by which records are found.
    std::function<timestamp_ms()> wall_now;

    template <class Request, class Response>
    void ask(lane by, question_rules rules, std::optional<std::int64_t> timeout_ns,
             std::function<Request(std::int16_t)> make,
             std::function<void(result<Response>, monotonic_ns)> done) const {
        auto told = [later = later, done = std::move(done)](result<Response> said) {
            auto kept = std::make_shared<result<Response>>(std::move(said));
            later([kept, done](monotonic_ns now) { done(std::move(*kept), now); });
        };
        submit(
            by,
            std::make_unique<question<Request, Response>>(std::move(rules), std::move(make), std::move(told)),
            timeout_ns);
    }
};

} // namespace barnabas::client
