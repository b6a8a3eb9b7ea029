#pragma once

#include "actors/client/topic_admin.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/wire.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/lookup_session.hpp"
#include "sim/workloads/recreation_options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;

/// Deletes a topic (DeleteTopics by id), waits a little, and makes it again under its name, each
/// as often as it takes until the broker says so. One topic and one question at a time.
class topic_recreator {
public:
    struct parts {
        runtime::endpoint broker;
        const std::vector<client::new_topic>* topics = nullptr;
        /// From then on no topic is deleted; one that is away comes back.
        virtual_time until;
        /// Somebody asks for its deletion; it was deleted; there is one of that name and id.
        std::function<void(std::uint32_t topic)> on_goes;
        std::function<void(std::uint32_t topic)> on_gone;
        std::function<void(std::uint32_t topic, const topic_id& id)> on_there;
        /// An answer that no broker may give.
        std::function<void(const std::string&)> on_problem;
    };

    topic_recreator(world& time, network_fabric& network, observation& watched, recreation_options options,
                    parts with);
    ~topic_recreator();

    void begin();
    /// The connection ends, and no other is made.
    void rest();
    /// The newest topic of that name, as an answer told it; nothing before the first answer.
    const std::optional<topic_id>& newest(std::uint32_t topic) const { return ids_.at(topic); }
    /// Every topic is there, and nobody has asked for its deletion.
    bool is_settled() const noexcept { return step_ == step::resting; }
    /// Topics whose deletion was confirmed.
    const std::set<topic_id>& removed() const noexcept { return removed_; }
    /// Counts deletions.
    std::uint64_t deletions() const noexcept { return deletions_; }

private:
    /// Of the topic `current_`; all are looked for once in the beginning.
    enum class step : std::uint8_t { looking, resting, deleting, away, making };

    void ask_later();
    void ask();
    bool is_due();
    void begin_deletion();
    std::vector<slice> frame_of_step();
    void on_frame(const slice& frame);
    result<void> hear(kafka::wire_reader& in);
    result<void> hear_looked(kafka::wire_reader& in);
    result<void> hear_deleted(kafka::wire_reader& in);
    result<void> hear_made(kafka::wire_reader& in);
    void deleted();
    void there(const topic_id& id);
    /// The question is asked again, unless no broker may answer so.
    void repeat_after(kafka::error_code code, const char* what);
    std::int64_t around(std::int64_t mean_ns) { return draws_.between(mean_ns / 4, mean_ns * 7 / 4); }

    world& world_;
    recreation_options options_;
    parts with_;
    sim::host host_;
    runtime::random draws_;
    std::shared_ptr<lookup_session> session_;
    /// A question is without an answer.
    bool asked_ = false;
    std::int16_t version_ = 0;
    /// When it was asked, or the connection was.
    virtual_time waits_since_;
    std::int32_t correlation_ = 0;
    step step_ = step::looking;
    std::uint32_t current_ = 0;
    /// How often the question of this step was asked.
    std::uint32_t attempts_ = 0;
    /// The next step is not before.
    virtual_time next_at_{0};
    std::vector<std::optional<topic_id>> ids_;
    std::uint64_t deletions_ = 0;
    bool resting_ = false;
    std::set<topic_id> removed_;
};

} // namespace barnabas::sim
