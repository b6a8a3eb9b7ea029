#include "actors/client/producer/accumulator.hpp"
#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

// A record that was taken is never given back for want of room, keeps its place in its partition, and what is
// charged stays within the budget.
namespace barnabas::client::accumulator_property_test {
namespace {

constexpr std::int64_t millisecond = 1'000'000;
using verdict = record_accumulator::verdict;

producer_settings drawn_settings(runtime::random& draws) {
    producer_settings settings;
    settings.batch_bytes = draws.log_between(100, 20'000);
    settings.linger_ns = draws.between(0, 50) * millisecond;
    settings.request_bytes_max = 1'000'000;
    settings.buffer_bytes = draws.log_between(500, 200'000);
    settings.max_block_ns = 60'000 * millisecond;
    settings.delivery_timeout_ns = 120'000 * millisecond;
    return settings;
}

/// A program that sends until the buffer is full, topics that become known late, and batches that end in any
/// order across partitions.
class accumulator_history {
public:
    explicit accumulator_history(std::uint64_t seed)
        : draws_(runtime::random(seed).split("history")), settings_(drawn_settings(draws_)),
          records_(settings_, runtime::random(seed)) {}

    void run() {
        for (int step = 0; step < 1500; ++step) {
            act();
            ASSERT_LE(records_.charged(), std::max(settings_.buffer_bytes, settings_.batch_bytes));
            ASSERT_EQ(records_.charged() == 0, records_.empty() && under_way_.empty());
        }
        for (int topic = 0; topic < topics; ++topic)
            become_known(topic);
        now_ = now_ + 1000 * millisecond;
        while (!records_.empty() || !under_way_.empty()) {
            take(4);
            ASSERT_FALSE(under_way_.empty()) << "nothing is ready, and nothing would free the buffer";
            finish_one();
        }
        EXPECT_EQ(records_.charged(), 0u);
        EXPECT_EQ(told_, taken_);
    }

private:
    static constexpr int topics = 3;

    void act() {
        now_ = now_ + draws_.between(0, 2) * millisecond;
        switch (draws_.below(8)) {
        case 0: take(draws_.below(4)); break;
        case 1: finish_one(); break;
        case 2:
            if (draws_.chance(1, 40))
                become_known(static_cast<int>(draws_.below(topics)));
            break;
        default: send();
        }
    }

    std::string name_of(int topic) const { return "t" + std::to_string(topic); }

    void send() {
        const auto topic = static_cast<int>(draws_.below(topics));
        const std::string name = name_of(topic);
        const std::string value(draws_.log_between(1, settings_.buffer_bytes / 2), 'x');
        producer_record record{name, {}, value};
        if (draws_.chance(1, 3))
            record.partition = static_cast<std::int32_t>(draws_.below(4));
        const std::string key = std::to_string(draws_.below(10));
        if (draws_.chance(1, 3))
            record.key = key;
        const auto number = next_;
        delivery_callback call = [this, number](const delivery_report& report) { hear(number, report); };
        const auto done = records_.append(record, call, now_, timestamp_ms(draws_.between(0, 1'000'000'000)));
        ASSERT_NE(done.what, verdict::refused) << done.why.detail;
        if (done.what == verdict::full)
            return;
        ++next_;
        ++taken_;
    }

    void hear(int number, const delivery_report& report) {
        auto& last = last_of_.try_emplace({report.topic, report.partition}, -1).first->second;
        EXPECT_LT(last, number) << report.topic << "-" << report.partition;
        last = number;
        ++told_;
    }

    void become_known(int topic) {
        std::vector<dropped_record> dropped;
        records_.on_topic(name_of(topic), std::vector<bool>(4, true), dropped);
        EXPECT_TRUE(dropped.empty());
    }

    void take(std::size_t most) {
        auto taken = records_.take([most](const std::string&, std::int32_t) { return most; }, now_);
        for (auto& batch : taken)
            under_way_[{batch->topic, batch->partition}].push_back(std::move(batch));
        std::vector<std::unique_ptr<producer_batch>> late;
        std::vector<dropped_record> dropped;
        records_.expire(
            now_, [](const std::string&) { return std::string(); }, late, dropped);
        EXPECT_TRUE(late.empty() && dropped.empty());
    }

    void finish_one() {
        if (under_way_.empty())
            return;
        const auto chosen = static_cast<std::ptrdiff_t>(draws_.below(under_way_.size()));
        auto& [where, line] = *std::next(under_way_.begin(), chosen);
        auto& batch = *line.front();
        EXPECT_GE(batch.charged, batch.content.capacity());
        EXPECT_EQ(batch.waiters.size(), static_cast<std::size_t>(batch.content.count()));
        batch.fate = batch_fate{delivery_fate::written, 0, -1, {errc::ok, {}}};
        tell_waiters(batch);
        records_.release(batch.charged);
        line.pop_front();
        if (line.empty())
            under_way_.erase(where);
    }

    using place = std::pair<std::string, std::int32_t>;
    runtime::random draws_;
    producer_settings settings_;
    record_accumulator records_;
    monotonic_ns now_{1};
    std::map<place, std::deque<std::unique_ptr<producer_batch>>> under_way_;
    std::map<place, int> last_of_;
    int next_ = 0;
    int taken_ = 0;
    int told_ = 0;
};

TEST(accumulator_property, what_was_taken_is_sent_in_order_within_the_budget) {
    const auto before = mark_hits("producer_batch_trimmed");
    for (std::uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        accumulator_history(seed).run();
    }
    EXPECT_GT(mark_hits("producer_batch_trimmed"), before);
}

} // namespace
} // namespace barnabas::client::accumulator_property_test
