#include "actors/connection/protocol_page.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace barnabas::protocol_page_test {
namespace {

TEST(protocol_page, the_page_in_docs_is_the_one_made_from_the_dispatch_table) {
    std::ifstream file(BARNABAS_SOURCE_ROOT "/docs/protocol.md");
    std::stringstream text;
    text << file.rdbuf();
    if (std::getenv("BARNABAS_WRITE_DOCS") != nullptr)
        std::ofstream(BARNABAS_SOURCE_ROOT "/docs/protocol.md") << protocol_page();
    EXPECT_EQ(text.str(), protocol_page())
        << "run this test with BARNABAS_WRITE_DOCS=1 to write the page anew, and commit it";
}

TEST(protocol_page, what_is_left_out_has_its_reason) {
    const auto page = protocol_page();
    const std::regex left_out("not [0-9][^|]* of Kafka [^|:]*(:?) ?([^|]*)");
    for (auto each = std::sregex_iterator(page.begin(), page.end(), left_out); each != std::sregex_iterator();
         ++each)
        EXPECT_GT(each->str(2).size(), 20u) << each->str() << ": why not?";
}

} // namespace
} // namespace barnabas::protocol_page_test
