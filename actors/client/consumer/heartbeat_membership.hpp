#pragma once

#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/membership.hpp"
#include "actors/client/consumer/question.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace barnabas::client {

/// A member of a group of the consumer protocol (KIP-848): one request says what it wants and has, and is
/// answered with what it may have. It lets go of what was taken before it says so and before it takes
/// anything new, one such step at a time. A machine; part of `cluster_consumer`.
///
///     outside -> joining (epoch 0) -> in the group (epoch above 0) -> joining, when it was put out
class heartbeat_membership final : public membership {
public:
    heartbeat_membership(const consumer_settings& settings, const consumer_ports& ports,
                         const cluster_view& view, const runtime::random& draws);

    void subscribe(std::set<std::string> topics) override;
    result<void> subscribe_regex(std::string pattern) override;
    std::set<std::string> topics_wanted() const override { return topics_; }
    std::set<topic_id> ids_wanted() const override { return unnamed_; }
    void step(monotonic_ns now, bool in_poll) override;
    /// The next step looks whether an assignment can be read now.
    void on_view() override {}
    member_identity identity() const override {
        return epoch_ > 0 ? member_identity{member_id_, epoch_} : member_identity{};
    }
    std::optional<std::uint64_t> life() const override { return life_; }
    void leave(const std::string& reason, std::function<void(monotonic_ns)> done) override;
    void forget_all() override;

private:
    using request = kafka::consumer_group_heartbeat_request;
    using response = kafka::consumer_group_heartbeat_response;

    bool wants_something() const { return !topics_.empty() || !regex_.empty(); }
    /// It has followed its assignment as far as there is anything to do, and did not say so yet.
    bool has_followed() const { return owes_owned_ && !has_changes() && unnamed_.empty(); }
    void beat(monotonic_ns now);
    void ask(monotonic_ns now);
    request everything() const;
    /// Only what the coordinator does not know yet.
    request news() const;
    void say_wish(request& into) const;
    void say_owned(request& into) const;
    /// What it was, and had, when it asked.
    struct asked_as {
        sign_of_life sign;
        std::set<partition_name> owned;
    };
    void hear(result<response> said, const asked_as& asked);
    void react(kafka::error_code code, const std::optional<std::string>& why, monotonic_ns now);
    void follow_target();
    /// The part of the target whose topics have names; the ids of the rest are wanted.
    std::map<partition_name, topic_id> named_target();
    void watch_polls(monotonic_ns now);
    void begin_again();
    void give_up(error why);
    void pause(monotonic_ns now);

    const consumer_settings& settings_;
    const consumer_ports& ports_;
    const cluster_view& view_;
    runtime::random draws_;
    std::string member_id_;
    bool inside_ = false;
    /// 0 while it joins.
    std::int32_t epoch_ = 0;
    /// Answers to questions of an older life are void.
    std::uint64_t life_ = 0;
    /// The coordinator may know it.
    bool known_ = false;
    std::set<std::string> topics_;
    std::string regex_;
    /// What it wants was said since that changed.
    bool wish_told_ = false;
    bool tells_all_ = true;
    /// What it said last that it has.
    std::set<partition_name> told_owned_;
    /// It was assigned something since. The coordinator waits to hear what it has now, also where that is
    /// what it had: of what it was to get it may have to let go before it took it.
    bool owes_owned_ = false;
    std::map<std::string, topic_id> ids_;
    /// What it may have, as it was told last.
    std::optional<std::map<topic_id, std::set<std::int32_t>>> target_;
    std::set<topic_id> unnamed_;
    bool beating_ = false;
    std::uint32_t attempts_ = 0;
    monotonic_ns not_before_{};
    monotonic_ns beat_at_{};
    monotonic_ns polled_at_{};
};

} // namespace barnabas::client
