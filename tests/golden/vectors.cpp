#include "tests/golden/checks.hpp"

#include <filesystem>
#include <iostream>

/// `vectors DIR`: checks every file of golden vectors in a folder and prints the counts of each.
int main(int count, char** arguments) {
    using namespace barnabas::golden;
    if (count != 2 || !std::filesystem::is_directory(arguments[1])) {
        std::cerr << "usage: vectors DIR\n\n"
                     "Decodes every golden vector in the .jsonl and .jsonl.gz files of DIR, compares it with "
                     "what the line says\n"
                     "it means, and encodes it again. Prints for each file how many passed and failed; ends "
                     "with 1 if any failed.\n";
        return 2;
    }
    std::size_t passed = 0;
    std::size_t failed = 0;
    for (const auto& file : check_folder(arguments[1])) {
        std::cout << file.name << ": ";
        if (!file.not_checked.empty())
            std::cout << "not checked, for " << file.not_checked << '\n';
        else
            std::cout << file.passed << " passed, " << file.failed << " failed\n";
        for (const auto& failure : file.failures)
            std::cout << "  " << failure << '\n';
        passed += file.passed;
        failed += file.failed;
    }
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed == 0 && passed > 0 ? 0 : 1;
}
