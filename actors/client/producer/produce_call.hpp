#pragma once

#include "actors/client/cluster/call.hpp"
#include "actors/client/producer/batch_sender.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// What a producer asks of the cluster, as calls of the cluster client.
namespace barnabas::client {

/// Carries an order to the broker that leads its partitions. Nothing is repeated here, and no other broker
/// is looked for: that is the sender's business, which knows the order of batches.
class produce_call final : public cluster_call {
public:
    using done_function = std::function<void(std::uint64_t request, std::vector<produced_part>)>;

    produce_call(produce_order order, done_function done);
    /// A call that nobody carried to its end is answered all the same.
    ~produce_call() override;

    std::string_view name() const override { return "Produce"; }
    std::size_t parts() const override { return order_.parts.size(); }
    call_target target(std::size_t part) const override;
    bool changes_something() const override { return true; }
    bool repeats(std::size_t, kafka::error_code) const override { return false; }
    bool is_answered() const override { return order_.acks != 0; }
    bool waits_for_connection() const override { return false; }

    result<std::uint64_t> send(client_connection& connection, std::span<const std::size_t> parts,
                               std::int32_t wait_ms, monotonic_ns now) override;
    result<call_answer> read(const answer& got, std::span<const std::size_t> parts) override;
    void on_failed(std::size_t part, const error& why) override;
    void on_finished() override;

private:
    produce_order order_;
    done_function done_;
    std::vector<produced_part> outcomes_;
    std::vector<bool> answered_;
};

using topics_said = std::map<std::string, result<topic_facts>>;
/// Asks any broker. With `creates` a topic that is missing is made by that, if the cluster is set so.
std::unique_ptr<cluster_call> make_topics_call(std::vector<std::string> names, bool creates,
                                               std::function<void(topics_said)> done);
std::unique_ptr<cluster_call>
make_producer_id_call(std::function<void(const result<producer_id_facts>&)> done);

} // namespace barnabas::client
