// A member of a group that reads a topic until it has so many records:  consumer HOST:PORT GROUP TOPIC COUNT
// What it prints is committed, and is not read again by the group.
#include <barnabas/client.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace client = barnabas::client;

namespace {

int complain(const barnabas::error& why) {
    std::cerr << to_string(why) << "\n";
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count != 5) {
        std::cerr << "usage: consumer HOST:PORT GROUP TOPIC COUNT\n";
        return 2;
    }
    client::record_consumer_options options;
    options.on_rebalance = [](const client::rebalance_event& event) {
        if (event.what == client::rebalance_event::kind::assigned)
            std::cerr << "has " << event.partitions.size() << " partitions more\n";
    };
    auto consumer = client::make_consumer(
        {
            {"bootstrap.servers", words[1]},
            {"group.id", words[2]},
            {"auto.offset.reset", "earliest"},
            {"enable.auto.commit", "false"},
            {"max.poll.records", "100"},
        },
        options);
    if (!consumer)
        return complain(consumer.failure());
    if (const auto done = consumer->subscribe({words[3]}); !done)
        return complain(done.failure());

    for (long left = std::atol(words[4]); left > 0;) {
        const auto records = consumer->poll(std::chrono::seconds(1));
        if (!records)
            return complain(records.failure());
        for (const auto& one : *records)
            std::cout << to_string(*one.where) << " " << one.offset << " "
                      << client::text_of(one.key, "no key") << ": " << client::text_of(one.value)
                      << std::endl;
        if (records->empty())
            continue;
        left -= static_cast<long>(records->size());
        if (const auto done = consumer->commit(); !done)
            return complain(done.failure());
    }
    consumer->close();
    return 0;
}
