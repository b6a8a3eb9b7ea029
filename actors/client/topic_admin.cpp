#include "actors/client/topic_admin.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/create_topics.hpp"

#include <algorithm>

namespace barnabas::client {

namespace {
constexpr std::int32_t create_timeout_ms = 5'000;
}

void topic_admin::on_ready(monotonic_ns now) {
    if (asked_ != 0 || wanted_.empty() || now < not_before_)
        return;
    const auto version = connection_.version_for<kafka::create_topics_request>();
    if (!version)
        return connection_.give_up(
            {errc::unsupported_version, "the broker has no version of CreateTopics that we know"});
    kafka::create_topics_request request;
    request.timeout_ms = create_timeout_ms;
    for (const auto& topic : wanted_) {
        auto& entry = request.topics.emplace_back();
        entry.name = topic.name;
        entry.num_partitions = topic.partitions;
        entry.replication_factor = 1;
        for (const auto& [name, value] : topic.configs) {
            auto& config = entry.configs.emplace_back();
            config.name = name;
            config.value = value;
        }
    }
    asked_ = connection_.send(request, *version, now, create_timeout_ms * limits::millisecond);
}

void topic_admin::on_lost(monotonic_ns) {
    asked_ = 0;
    not_before_ = {};
}

void topic_admin::on_timer(monotonic_ns now) {
    if (not_before_ <= now)
        not_before_ = {};
}

void topic_admin::on_answer(const answer& got, monotonic_ns now) {
    if (got.request != asked_)
        return;
    asked_ = 0;
    not_before_ = now + limits::retry_pause_ns;
    const auto response = got.decode<kafka::create_topics_response>();
    if (!response)
        return connection_.give_up(response.failure());
    for (const auto& made : response->topics) {
        const auto code = kafka::error_code{made.error_code};
        if (code == kafka::error_code::none || code == kafka::error_code::topic_already_exists)
            finish(made.name, {});
        else if (!may_pass(code))
            finish(made.name,
                   error{errc::invalid_request, std::string(kafka::name_of(code)) + ": " +
                                                    made.error_message.value_or("no reason given")});
    }
}

void topic_admin::finish(const std::string& topic, const result<void>& outcome) {
    const auto found =
        std::find_if(wanted_.begin(), wanted_.end(), [&](const auto& each) { return each.name == topic; });
    if (found == wanted_.end())
        return;
    wanted_.erase(found);
    events_.on_created(topic, outcome);
}

} // namespace barnabas::client
