#include "runtime/network/asio_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>

namespace barnabas::runtime {

asio_thread::asio_thread() {
    thread_ = std::thread([&io = *io_] {
        const auto guard = boost::asio::make_work_guard(io);
        io.run();
    });
}

void asio_thread::stop() {
    if (!thread_.joinable())
        return;
    io_->stop();
    thread_.join();
}

} // namespace barnabas::runtime
