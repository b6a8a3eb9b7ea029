#pragma once

#include "actors/client/cluster/call.hpp"

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace barnabas::client {

/// Errors that pass by themselves or at another broker, depending on who was asked: of a topic that the
/// controller does not know nobody else knows either, while a broker may not have heard of it yet.
bool passes(call_target::who kind, kafka::error_code code) noexcept;

/// What a plan's `read` says of keys.
template <class Key, class Value>
class key_answers {
public:
    struct bad_answer {
        std::int16_t code = 0;
        std::string message;
    };

    void good(const Key& key, Value value) { good_.insert_or_assign(key, std::move(value)); }
    void bad(const Key& key, std::int16_t code, const std::optional<std::string>& message = {}) {
        bad_.insert_or_assign(key, bad_answer{code, message.value_or("")});
    }
    /// By a code that may be 0, as answers have it.
    void tell(const Key& key, std::int16_t code, const std::optional<std::string>& message, Value value) {
        if (code == 0)
            good(key, std::move(value));
        else
            bad(key, code, message);
    }
    void all_bad(std::int16_t code, const std::optional<std::string>& message = {}) {
        whole_ = bad_answer{code, message.value_or("")};
    }

    std::map<Key, Value>& good() { return good_; }
    const bad_answer* find_bad(const Key& key) const {
        if (whole_)
            return &*whole_;
        const auto found = bad_.find(key);
        return found == bad_.end() ? nullptr : &found->second;
    }

private:
    std::map<Key, Value> good_;
    std::map<Key, bad_answer> bad_;
    std::optional<bad_answer> whole_;
};

/// What plans have unless they say otherwise.
struct plan_defaults {
    static constexpr bool changes_something = false;
    std::size_t keys_per_request() const { return std::numeric_limits<std::size_t>::max(); }
    /// The first version that can carry what is asked.
    std::int16_t lowest_version() const { return 0; }
    /// The last that says what is needed, if the newest does not.
    std::int16_t highest_version() const { return std::numeric_limits<std::int16_t>::max(); }
};

/// A call whose parts are keys (topics, partitions, groups, brokers), each with a result of its own. All
/// that is particular of an API stands in its `Plan`:
///
///     using request, response, key, value;
///     call_target target(const key&) const;
///     request ask(std::span<const key> keys, std::int32_t wait_ms, std::int16_t version) const;
///     void read(const response&, std::span<const key> keys, key_answers<key, value>& out) const;
template <class Plan>
class keyed_call final : public cluster_call {
public:
    using key = typename Plan::key;
    using value = typename Plan::value;
    using outcomes = std::map<key, result<value>>;

    keyed_call(Plan plan, std::vector<key> keys, std::function<void(outcomes)> done)
        : plan_(std::move(plan)), keys_(std::move(keys)), done_(std::move(done)) {}
    /// A call that nobody carried to its end has outcomes all the same.
    ~keyed_call() override {
        if (done_)
            on_finished();
    }

    std::string_view name() const override { return kafka::name_of(kafka::api_key{Plan::request::api_key}); }
    std::size_t parts() const override { return keys_.size(); }
    call_target target(std::size_t part) const override { return plan_.target(keys_[part]); }
    std::size_t parts_per_request() const override { return plan_.keys_per_request(); }
    bool changes_something() const override { return Plan::changes_something; }
    bool repeats(std::size_t part, kafka::error_code code) const override {
        return passes(target(part).kind, code);
    }

    result<std::uint64_t> send(client_connection& connection, std::span<const std::size_t> parts,
                               std::int32_t wait_ms, monotonic_ns now) override {
        const auto version = connection.version_for<typename Plan::request>(plan_.highest_version());
        if (!version || *version < plan_.lowest_version())
            return error{errc::unsupported_version,
                         "the broker " + (version
                                              ? "serves it up to version " + std::to_string(*version) +
                                                    ", this needs " + std::to_string(plan_.lowest_version())
                                              : std::string("has no version of ") + std::string(name()) +
                                                    " that this client knows")};
        return connection.send(plan_.ask(keys_of(parts), wait_ms, *version), *version, now);
    }

    result<call_answer> read(const answer& got, std::span<const std::size_t> parts) override {
        const auto response = got.decode<typename Plan::response>();
        if (!response)
            return response.failure();
        key_answers<key, value> told;
        plan_.read(*response, keys_of(parts), told);
        call_answer heard;
        if constexpr (requires { response->throttle_time_ms; })
            heard.throttle_ms = response->throttle_time_ms;
        for (const auto part : parts)
            hear(told, part, heard);
        return heard;
    }

    void on_failed(std::size_t part, const error& why) override {
        outcomes_.insert_or_assign(keys_[part], result<value>(why));
    }

    void on_finished() override {
        for (const auto& one : keys_)
            outcomes_.try_emplace(one, error{errc::closed, "the client was closed"});
        std::exchange(done_, nullptr)(std::move(outcomes_));
    }

private:
    std::vector<key> keys_of(std::span<const std::size_t> parts) const {
        std::vector<key> keys;
        keys.reserve(parts.size());
        for (const auto part : parts)
            keys.push_back(keys_[part]);
        return keys;
    }

    void hear(key_answers<key, value>& told, std::size_t part, call_answer& heard) {
        if (const auto* bad = told.find_bad(keys_[part])) {
            heard.parts.push_back({part, kafka::error_code{bad->code}, bad->message});
            return;
        }
        const auto found = told.good().find(keys_[part]);
        if (found == told.good().end())
            return;
        outcomes_.insert_or_assign(keys_[part], result<value>(std::move(found->second)));
        heard.parts.push_back({part, kafka::error_code::none, {}});
    }

    Plan plan_;
    std::vector<key> keys_;
    std::function<void(outcomes)> done_;
    outcomes outcomes_;
};

} // namespace barnabas::client
