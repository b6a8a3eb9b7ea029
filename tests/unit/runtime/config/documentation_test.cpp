#include "runtime/config/broker_config.hpp"
#include "runtime/config/broker_keys.hpp"
#include "runtime/config/topic_keys.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace barnabas::documentation_test {

/// BARNABAS_UPDATE=1 in the environment writes the page instead of comparing it.
TEST(configuration_page, equals_the_tables) {
    const std::string path = BARNABAS_SOURCE_ROOT "/docs/configuration.md";
    if (std::getenv("BARNABAS_UPDATE") != nullptr)
        std::ofstream(path) << configuration_markdown();
    std::ostringstream page;
    page << std::ifstream(path).rdbuf();
    EXPECT_EQ(page.str() == configuration_markdown(), true)
        << "docs/configuration.md is old; run this test once with BARNABAS_UPDATE=1";
}

TEST(configuration_page, names_every_key) {
    const auto page = configuration_markdown();
    for (const auto table : {used_broker_keys(), accepted_broker_keys()})
        for (const auto& key : table)
            EXPECT_EQ(page.find("| `" + std::string(key.name) + "` |") == std::string::npos, key.hidden)
                << key.name;
    for (const auto& key : topic_keys())
        EXPECT_EQ(page.find("| `" + std::string(key.name) + "` |") == std::string::npos, key.hidden)
            << key.name;
}

} // namespace barnabas::documentation_test
