#include "sim/checkers/foreign_disk_refused.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::foreign_disk_test {
namespace {

TEST(foreign_disk_refused, who_serves_with_it_or_changes_it_is_told_and_who_refuses_is_not) {
    foreign_disk disk;
    disk.place = "/data1";
    EXPECT_EQ(badly_treated(disk), "");
    disk.changed.insert("/data1/meta.properties");
    EXPECT_NE(badly_treated(disk).find("changed /data1/meta.properties"), std::string::npos);
    disk.changed.clear();
    disk.served = true;
    EXPECT_NE(badly_treated(disk).find("served clients though /data1"), std::string::npos);
    disk.disturbed = true;
    EXPECT_EQ(badly_treated(disk), "") << "it may have had to do without the directory";
}

} // namespace
} // namespace barnabas::sim::foreign_disk_test
