#include "cmd/barnabas/run_again.hpp"

#include "cmd/barnabas/trace_file.hpp"

#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace barnabas {

namespace {

constexpr const char* hash_line = "trace hash ";

/// The kernel's name for the program that runs.
constexpr const char* own_program = "/proc/self/exe";

[[noreturn]] void become(const std::vector<std::string>& arguments, const run_surroundings& around,
                         int output) {
    if (!around.random_addresses)
        ::personality(ADDR_NO_RANDOMIZE);
    ::setenv("MALLOC_PERTURB_", std::to_string(around.fill).c_str(), 1);
    ::dup2(output, STDOUT_FILENO);
    std::vector<char*> words{const_cast<char*>("barnabas")};
    for (const auto& word : arguments)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(own_program, words.data());
    ::_exit(127);
}

std::string read_all(int from) {
    std::string text;
    char piece[4096];
    for (ssize_t got = 0; (got = ::read(from, piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<std::size_t>(got));
    return text;
}

} // namespace

result<std::uint64_t> hash_elsewhere(const std::vector<std::string>& arguments,
                                     const run_surroundings& around) {
    int ends[2];
    if (::pipe(ends) != 0)
        return error{errc::internal, std::string("no pipe: ") + std::strerror(errno)};
    std::fflush(stdout);
    const pid_t process = ::fork();
    if (process < 0)
        return error{errc::internal, std::string("no process: ") + std::strerror(errno)};
    if (process == 0)
        become(arguments, around, ends[1]);
    ::close(ends[1]);
    const auto output = read_all(ends[0]);
    ::close(ends[0]);
    ::waitpid(process, nullptr, 0);
    const auto at = output.rfind(hash_line);
    std::uint64_t hash = 0;
    if (at == std::string::npos ||
        std::sscanf(output.c_str() + at + std::strlen(hash_line), "%" SCNx64, &hash) != 1)
        return error{errc::internal, "the run in another process printed no hash"};
    return hash;
}

result<std::string> difference_elsewhere(const std::vector<std::string>& arguments, std::uint64_t expected,
                                         const std::string& folder) {
    const run_surroundings surroundings[] = {{true, 0x5a}, {false, 0xa7}};
    bool equal = true;
    for (const auto& around : surroundings) {
        const auto hash = hash_elsewhere(arguments, around);
        if (!hash)
            return hash.failure();
        equal = equal && *hash == expected;
    }
    if (equal)
        return std::string();
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    std::string paths[2];
    for (int i = 0; i < 2; ++i) {
        paths[i] = folder + "/trace-" + std::to_string(::getpid()) + "-" + std::to_string(i);
        auto traced = arguments;
        traced.insert(traced.end(), {"--trace", paths[i]});
        if (auto hash = hash_elsewhere(traced, surroundings[i]); !hash)
            return hash.failure();
    }
    auto difference = first_difference(paths[0], paths[1]);
    if (difference && difference->empty())
        return std::string("the hashes differed between processes, but two traces of it are equal");
    return difference;
}

} // namespace barnabas
