#include "cmd/barnabas/stop_signals.hpp"

#include "protocol/model/assert.hpp"

#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

namespace barnabas {

namespace {

sigset_t signals_wanted() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    // What nohup had ignored would be delivered all the same, since a blocked signal is never ignored.
    struct sigaction before {};
    if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaddset(&wanted, SIGHUP);
    return wanted;
}

} // namespace

const char* name_of_stop_signal(int number) noexcept {
    switch (number) {
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP";
    default: return "SIGINT";
    }
}

stop_signals::stop_signals() {
    const auto wanted = signals_wanted();
    BARNABAS_ASSERT(pthread_sigmask(SIG_BLOCK, &wanted, nullptr) == 0);
    descriptor_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    BARNABAS_ASSERT(descriptor_ >= 0);
    // A client that hangs up is an error of a write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    // So is a file that grows beyond what the service may write (LimitFSIZE, ulimit -f).
    std::signal(SIGXFSZ, SIG_IGN);
}

stop_signals::~stop_signals() {
    while (take() != 0) {
    }
    ::close(descriptor_);
    const auto wanted = signals_wanted();
    pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
}

int stop_signals::take() noexcept {
    signalfd_siginfo info;
    return ::read(descriptor_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

} // namespace barnabas
