#include "runtime/config/altered_config.hpp"

#include <gtest/gtest.h>

namespace barnabas::altered_config_test {

using texts = std::map<std::string, std::string>;

TEST(altered_config, compaction_follows_what_is_altered_and_goes_back_to_the_file) {
    const auto loaded = load("server.properties", "log.cleaner.io.max.bytes.per.second=5000\n");
    ASSERT_TRUE(loaded.has_value());
    const auto& file = loaded->config;
    broker_config altered = file;
    take_altered(
        altered, file,
        texts{{"log.cleaner.io.max.bytes.per.second", "1000"},
              {"log.cleaner.dedupe.buffer.size", "2000000"},
              {"log.cleaner.io.buffer.load.factor", "0.5"}},
        texts{{"log.cleaner.io.max.bytes.per.second", "2000"}, {"log.cleaner.io.buffer.size", "70000"}});
    EXPECT_EQ(altered.log_cleaner_io_max_bytes_per_second, 2000);
    EXPECT_EQ(altered.log_cleaner_dedupe_buffer_size, 2'000'000);
    EXPECT_EQ(altered.log_cleaner_io_buffer_load_factor, 0.5);
    EXPECT_EQ(altered.log_cleaner_io_buffer_size, 70'000);
    EXPECT_EQ(altered.set_values, file.set_values);
    for (const auto& row : describe_broker_configs(altered))
        if (row.name == "log.cleaner.io.max.bytes.per.second") {
            EXPECT_EQ(row.value, "2000");
            EXPECT_FALSE(row.read_only);
            EXPECT_EQ(row.synonyms.size(), 4u) << "here, for all, in the file, the default";
        }
    take_altered(altered, file, {}, {});
    EXPECT_EQ(altered.log_cleaner_io_max_bytes_per_second, 5000);
    EXPECT_EQ(altered.log_cleaner_dedupe_buffer_size, file.log_cleaner_dedupe_buffer_size);
    EXPECT_EQ(altered.log_cleaner_io_buffer_load_factor, 0.9);
    EXPECT_TRUE(altered.altered_here.empty() && altered.altered_for_all.empty());
}

TEST(altered_config, what_is_not_allowed_any_more_changes_nothing) {
    const broker_config file = load("server.properties", "")->config;
    broker_config altered = file;
    take_altered(altered, file, texts{{"log.cleaner.io.buffer.size", "-5"}}, {});
    EXPECT_EQ(altered.log_cleaner_io_buffer_size, file.log_cleaner_io_buffer_size);
    take_altered(altered, file, texts{{"log.cleaner.io.buffer.load.factor", "0"}}, {});
    EXPECT_EQ(altered.log_cleaner_io_buffer_load_factor, 0.9);
}

TEST(altered_config, numbers_that_compaction_cannot_work_with_are_refused) {
    const auto code = [](const char* key, const char* value) {
        return check_altered_broker_config(std::string("log.cleaner.") + key, value).code();
    };
    for (const auto* bad : {"0", "-1", "1.5", "nan"})
        EXPECT_EQ(code("io.buffer.load.factor", bad), errc::invalid_config) << bad;
    for (const auto* bad : {"0", "-5", "nan"})
        EXPECT_EQ(code("io.max.bytes.per.second", bad), errc::invalid_config) << bad;
    EXPECT_EQ(code("dedupe.buffer.size", "1000"), errc::invalid_config);
    EXPECT_EQ(code("io.buffer.size", "-1"), errc::invalid_config);
    EXPECT_EQ(code("io.buffer.load.factor", "1"), errc::ok);
    EXPECT_EQ(code("io.buffer.load.factor", "0.01"), errc::ok);
    EXPECT_EQ(code("io.max.bytes.per.second", "1"), errc::ok);
    EXPECT_EQ(code("dedupe.buffer.size", "1048576"), errc::ok);
}

TEST(altered_config, the_file_may_say_what_clients_may_not) {
    EXPECT_TRUE(load("server.properties", "log.cleaner.dedupe.buffer.size=1000\n").has_value());
    EXPECT_TRUE(load("server.properties", "log.cleaner.io.buffer.load.factor=0\n").has_value());
    EXPECT_NE(configuration_markdown().find("| a number; altered: a number from 0 to 1, but not 0 | yes |"),
              std::string::npos);
}

TEST(altered_config, each_key_of_a_broker_can_be_altered_or_says_why_not) {
    EXPECT_TRUE(check_altered_broker_config("num.network.threads", "6").has_value());
    EXPECT_TRUE(check_altered_broker_config("unclean.leader.election.enable", "true").has_value());
    EXPECT_EQ(check_altered_broker_config("num.network.threads", "none").code(), errc::invalid_config);
    for (const auto* key : {"max.connections", "listeners", "log.cleaner.threads",
                            "producer.id.expiration.ms", "num.recovery.threads.per.data.dir"})
        EXPECT_NE(check_altered_broker_config(key, "1").failure().detail.find("read when the broker starts"),
                  std::string::npos)
            << key;
    EXPECT_NE(check_altered_broker_config("metric.reporters", "x").failure().detail.find("Java class"),
              std::string::npos);
}

} // namespace barnabas::altered_config_test
