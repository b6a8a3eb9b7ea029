#include "cmd/cli/completion.hpp"
#include "cmd/cli/option_pages.hpp"

#include <gtest/gtest.h>

#include <array>

// What the tables of options become; real shells try the scripts in tests/clients.
namespace barnabas::cli::pages_test {
namespace {

constexpr std::array rows{option{"config", "FILE", "Configuration.", "", false, false, 'c'}};
constexpr std::array actions{action{"info", "Shows what is there."}, action{"random-uuid", "Prints an id."}};
constexpr std::array<kafka_script, 3> scripts{{{"server-start", "", "start", true},
                                               {"run-class", "kafka.A", "storage"},
                                               {"run-class", "kafka.B", "start"}}};

std::vector<command> commands() {
    return {{"start", "Starts a broker.", rows},
            {"storage", "Formats.", rows, {"ACTION"}, {}, true, actions}};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(option_pages, actions_stand_on_all_pages) {
    const auto page = reference_page("barnabas", commands());
    EXPECT_TRUE(has(page, "| action | what it does |\n|---|---|\n| `info` | Shows what is there. |\n"))
        << page;
    const auto manual = man_page("barnabas", "1", commands()[1]);
    EXPECT_TRUE(has(manual, ".SH ACTIONS\n.TP\n.B info\nShows what is there.\n")) << manual;
    EXPECT_FALSE(has(man_page("barnabas", "1", commands()[0]), ".SH ACTIONS"));
}

TEST(completion, actions_and_the_names_of_kafkas_scripts_are_in_both_scripts) {
    const auto bash = bash_completion("barnabas", commands(), scripts);
    EXPECT_TRUE(has(bash, "'storage') echo 'info random-uuid' ;;")) << bash;
    EXPECT_TRUE(has(bash, "'server-start '*) echo 'start' ;;")) << bash;
    EXPECT_TRUE(has(bash, "'run-class') echo 'kafka.A kafka.B' ;;")) << bash;
    const auto zsh = zsh_completion("barnabas", commands(), scripts);
    EXPECT_TRUE(has(zsh, "'1:word:(info random-uuid)'")) << zsh;
    EXPECT_TRUE(has(zsh, "'run-class kafka.B' 'start'")) << zsh;
    // Each name once, beside those that commands have.
    const std::string names =
        "barnabas kafka-storage.sh kafka-storage kafka-server-start.sh kafka-server-start "
        "kafka-run-class.sh kafka-run-class";
    EXPECT_TRUE(has(bash, "complete -F _barnabas " + names + "\n")) << bash;
    EXPECT_TRUE(zsh.starts_with("#compdef " + names + "\n")) << zsh;
}

} // namespace
} // namespace barnabas::cli::pages_test
