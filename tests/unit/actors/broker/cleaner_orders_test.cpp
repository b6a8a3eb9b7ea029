#include "actors/broker/broker_events.hpp"
#include "actors/broker/cleaner_actor.hpp"
#include "runtime/config/altered_config.hpp"
#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

/// What each pass of compaction is told, as log.cleaner.* keys are altered between them.
namespace barnabas::cleaner_orders_test {
namespace {

using runtime::reports;
using texts = std::map<std::string, std::string>;

/// There is always something to compact, and it is done at once.
class played_partition final : public caf::event_based_actor {
public:
    played_partition(caf::actor_config& config, runtime::node_services&, topic_partition id,
                     reports<clean_partition>& orders)
        : event_based_actor(config), id_(id), orders_(orders) {}
    caf::behavior make_behavior() override {
        return {[this](check_cleaning) {
                    answer(cleaning_state{id_, true, false, 1});
                },
                [this](const clean_partition& order) {
                    orders_.push(order);
                    answer(partition_cleaned{id_, errc::ok, {}, false, {}});
                }};
    }

private:
    template <class Message>
    void answer(Message message) {
        send(caf::actor_cast<caf::actor>(current_sender()), std::move(message));
    }

    topic_partition id_;
    reports<clean_partition>& orders_;
};

/// As the broker's actor has its cleaner: what is altered is taken over behind each pass, until nothing is
/// left of `alterations`.
class played_broker final : public caf::event_based_actor {
public:
    played_broker(caf::actor_config& config, runtime::node_services& node, broker_config file,
                  std::vector<texts> alterations, cleaner_shell::partitions_by_id partitions)
        : event_based_actor(config), file_(std::move(file)), altered_(file_),
          alterations_(std::move(alterations)), partitions_(std::move(partitions)),
          cleaner_(node, altered_, partitions_, *this) {}
    caf::behavior make_behavior() override {
        for (const auto& one : partitions_)
            cleaner_.on_opened(one.first);
        cleaner_.on_started();
        return {[this](cleaning_due) { cleaner_.on_due(); },
                [this](const cleaning_state& state) { cleaner_.on_state(state); },
                [this](const partition_cleaned& pass) {
                    if (next_ == alterations_.size())
                        return quit();
                    take_altered(altered_, file_, {}, alterations_[next_++]);
                    cleaner_.on_cleaned(pass);
                }};
    }

private:
    broker_config file_;
    broker_config altered_;
    std::vector<texts> alterations_;
    std::size_t next_ = 0;
    cleaner_shell::partitions_by_id partitions_;
    cleaner_shell cleaner_;
};

TEST(cleaner_orders, the_next_pass_goes_by_what_was_altered) {
    reports<clean_partition> orders;
    const auto node = runtime::make_node(1);
    auto loaded = load("server.properties", "log.cleaner.threads=2\nlog.cleaner.backoff.ms=0\n");
    ASSERT_TRUE(loaded.has_value());
    topic_partition id;
    id.topic.bytes.fill(9);
    const std::vector<texts> alterations{{{"log.cleaner.dedupe.buffer.size", "4000000"},
                                          {"log.cleaner.io.buffer.load.factor", "0.5"},
                                          {"log.cleaner.io.buffer.size", "400000"},
                                          {"log.cleaner.io.max.bytes.per.second", "6000"}},
                                         {}};
    auto& services = node->services();
    const auto partition =
        runtime::spawn<caf::actor, played_partition>(services, {loop_index(0), "partition"}, id, orders);
    const auto broker = runtime::spawn<caf::actor, played_broker>(
        services, {loop_index(0), "broker"}, loaded->config, alterations,
        cleaner_shell::partitions_by_id{{id, partition}});
    std::vector<clean_partition> told;
    for (int i = 0; i < 3; ++i) {
        told.push_back(orders.take().value_or(clean_partition{}));
        EXPECT_EQ(told[i].settings.map_bytes, i == 1 ? 2'000'000u : 67'108'864u) << i;
        EXPECT_EQ(told[i].settings.map_load_factor, i == 1 ? 0.5 : 0.9) << i;
        EXPECT_EQ(told[i].settings.window_bytes, i == 1 ? 200'000u : 262'144u) << i;
    }
    EXPECT_EQ(told[1].bytes_per_second, 3'000);
    EXPECT_GT(told[0].bytes_per_second, 1e300);
    EXPECT_EQ(told[2].bytes_per_second, told[0].bytes_per_second) << "as in the file again";
}

} // namespace
} // namespace barnabas::cleaner_orders_test
