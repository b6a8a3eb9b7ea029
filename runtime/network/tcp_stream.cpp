#include "runtime/network/tcp_stream.hpp"

namespace barnabas::runtime {

namespace {

template <class Call>
void on_home(const std::shared_ptr<tcp_connection>& connection, Call call) {
    if (connection->finished())
        return;
    if (event_loop::current() == &connection->loop())
        call(*connection);
    else
        connection->loop().post([connection, call] { call(*connection); });
}

} // namespace

tcp_stream::~tcp_stream() {
    if (!closed_)
        abort();
}

void tcp_stream::close() {
    closed_ = true;
    on_home(connection_, [](tcp_connection& one) { one.close(); });
}

void tcp_stream::abort() {
    closed_ = true;
    on_home(connection_, [](tcp_connection& one) { one.abort(); });
}

} // namespace barnabas::runtime
