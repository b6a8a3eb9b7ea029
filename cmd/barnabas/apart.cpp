#include "cmd/barnabas/apart.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace barnabas {

namespace {

using steady = std::chrono::steady_clock;

/// The last thing that a child tells which ends by itself.
constexpr char end_mark = '\x04';

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(to, text.data(), text.size());
        if (written <= 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

[[noreturn]] void work_in_child(const std::function<void(const teller&)>& work, int to) {
    end_with_parent();
    work([to](std::string_view text) { write_all(to, text); });
    write_all(to, {&end_mark, 1});
    // As a program ends: what looks at the end of a process, a leak check for example, shall see it.
    std::exit(0);
}

/// False when the time is over.
bool wait_for_bytes(int from, steady::time_point until, bool limited) {
    using std::chrono::milliseconds;
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - steady::now()).count();
        if (limited && left <= 0)
            return false;
        pollfd wait{from, POLLIN, 0};
        if (::poll(&wait, 1, limited ? static_cast<int>(left) + 1 : -1) > 0)
            return true;
    }
}

/// All that the child tells; false when it did not end in time.
bool read_told(int from, std::chrono::seconds limit, std::string& told) {
    const auto until = steady::now() + limit;
    char piece[65'536];
    while (true) {
        if (!wait_for_bytes(from, until, limit.count() > 0))
            return false;
        const auto got = ::read(from, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        told.append(piece, static_cast<std::size_t>(got));
    }
}

} // namespace

std::string death_of(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        const int number = WTERMSIG(wait_status);
        return "the process died of signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
    }
    if (WEXITSTATUS(wait_status) != 0)
        return "the process ended with status " + std::to_string(WEXITSTATUS(wait_status));
    return {};
}

void end_with_parent() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

apart_end run_apart(const std::function<void(const teller&)>& work, std::chrono::seconds limit) {
    int ends[2];
    if (::pipe(ends) != 0)
        return {std::string("there is no pipe: ") + std::strerror(errno), {}, false};
    std::fflush(stdout);
    const pid_t process = ::fork();
    if (process < 0)
        return {std::string("there is no process: ") + std::strerror(errno), {}, false};
    if (process == 0) {
        ::close(ends[0]);
        work_in_child(work, ends[1]);
    }
    ::close(ends[1]);
    apart_end made;
    made.took_too_long = !read_told(ends[0], limit, made.told);
    ::close(ends[0]);
    if (made.took_too_long)
        ::kill(process, SIGKILL);
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    made.died =
        made.took_too_long ? "it took longer than " + std::to_string(limit.count()) + " s" : death_of(status);
    if (made.told.ends_with(end_mark))
        made.told.pop_back();
    else if (made.died.empty())
        made.died = "the process ended before its work";
    return made;
}

} // namespace barnabas
