#include "actors/connection/protocol_page.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace barnabas {
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

} // namespace
} // namespace barnabas
