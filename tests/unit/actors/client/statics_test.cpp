#include "actors/client/application/cluster_admin.hpp"
#include "actors/client/application/record_consumer.hpp"
#include "actors/client/application/record_producer.hpp"

#include <optional>
#include <utility>

// Clients that live as long as the program are closed with its other statics. A program of its own, since
// what counts is how it ends: one that breaks its heap on the way out is aborted, and fails under a
// sanitizer.
namespace {

namespace client = barnabas::client;

std::optional<client::record_producer> producer;
std::optional<client::record_consumer> consumer;
std::optional<client::cluster_admin> admin;

} // namespace

int main() {
    // Port 1 of this machine refuses.
    client::properties keys{{"bootstrap.servers", "127.0.0.1:1"}};
    auto made_admin = client::make_admin(keys);
    keys["group.id"] = "g";
    auto made_consumer = client::make_consumer(keys);
    keys.erase("group.id");
    keys["delivery.timeout.ms"] = "300";
    keys["request.timeout.ms"] = "100";
    keys["linger.ms"] = "0";
    auto made_producer = client::make_producer(keys);
    if (!made_admin || !made_consumer || !made_producer)
        return 1;
    admin.emplace(std::move(*made_admin));
    consumer.emplace(std::move(*made_consumer));
    producer.emplace(std::move(*made_producer));
    producer->send({"t", "k", "left to the end of the program"});
    return consumer->subscribe({"t"}).has_value() ? 0 : 1;
}
