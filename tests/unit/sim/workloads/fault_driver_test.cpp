#include "sim/workloads/fault_driver.hpp"

#include "sim/workloads/broker_config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

/// Faults with dates against a broker that nobody asks for anything.
namespace barnabas::sim::fault_driver_test {
namespace {

planned_fault fault(fault_kind kind, std::int64_t at_seconds, std::int64_t lasts_seconds = 0,
                    std::int64_t age_seconds = 0) {
    planned_fault made;
    made.at = virtual_time(at_seconds * second);
    made.kind = kind;
    made.lasts_ns = lasts_seconds * second;
    made.age_ns = age_seconds * second;
    return made;
}

class driven_broker {
public:
    explicit driven_broker(std::vector<planned_fault> faults)
        : network_(world_), broker_(world_, network_, watched_, settings()), plan_(plan(std::move(faults))),
          driver_(
              {&world_, &network_, &broker_, {}, [this](const std::string& line) { lines_.push_back(line); }},
              plan_) {
        broker_.start();
        driver_.begin();
        world_.run_for(30 * second);
        EXPECT_FALSE(world_.failed()) << world_.failure();
    }

    /// With `behind`: after that line.
    bool told(const std::string& line, const std::string& behind = "") const {
        auto from = lines_.begin();
        if (!behind.empty())
            from = std::find(lines_.begin(), lines_.end(), behind);
        return std::find(from, lines_.end(), line) != lines_.end();
    }

private:
    static broker_settings settings() {
        broker_settings made;
        made.config =
            std::make_shared<const broker_config>(broker_config_of("broker", {{"log.dirs", "/data,/data1"}}));
        made.may_give_up = [](const error&) { return true; };
        return made;
    }
    static fault_plan plan(std::vector<planned_fault> faults) {
        fault_plan made;
        made.any = made.lossy = true;
        made.healing = virtual_time(60 * second);
        made.faults = std::move(faults);
        return made;
    }

    world world_{1};
    network_fabric network_;
    observation watched_;
    simulated_broker broker_;
    fault_plan plan_;
    std::vector<std::string> lines_;
    fault_driver driver_;
};

TEST(fault_driver, a_disk_becomes_what_it_was_while_it_was_whole) {
    const driven_broker of(
        {fault(fault_kind::taken_directory, 2, 4), fault(fault_kind::old_image, 20, 1, 10)});
    EXPECT_TRUE(of.told("power cut", "old_image"));
}

TEST(fault_driver, no_disk_becomes_what_it_was_while_something_of_it_was_away) {
    for (const auto kind : {fault_kind::taken_directory, fault_kind::empty_directory}) {
        const driven_broker of({fault(kind, 8, 4), fault(fault_kind::old_image, 20, 1, 10)});
        EXPECT_TRUE(of.told(name_of(kind)));
        EXPECT_TRUE(of.told("old_image"));
        EXPECT_FALSE(of.told("power cut", "old_image"));
    }
}

} // namespace
} // namespace barnabas::sim::fault_driver_test
