// Sends each line of standard input as a record:  producer HOST:PORT TOPIC
// A line "key=value" is a record with that key.
#include <barnabas/client.hpp>

#include <atomic>
#include <iostream>
#include <string>

namespace client = barnabas::client;

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: producer HOST:PORT TOPIC\n";
        return 2;
    }
    auto producer = client::make_producer({
        {"bootstrap.servers", words[1]},
        {"compression.type", "lz4"},
        {"request.timeout.ms", "5000"},
        {"delivery.timeout.ms", "10000"},
    });
    if (!producer) {
        std::cerr << producer.failure().detail << "\n";
        return 1;
    }

    std::atomic<int> undelivered{0};
    const auto note = [&](const client::delivery_report& report) {
        if (report.ok())
            return;
        ++undelivered;
        std::cerr << report.topic << ": " << report.why.detail << "\n";
    };
    std::string line;
    while (std::getline(std::cin, line)) {
        client::producer_record record;
        record.topic = words[2];
        const auto equals = line.find('=');
        if (equals == std::string::npos) {
            record.value = line;
        } else {
            record.key = std::string_view(line).substr(0, equals);
            record.value = std::string_view(line).substr(equals + 1);
        }
        producer->send(record, note);
    }

    // One record more, waited for by itself.
    const auto last = producer->send_later({words[2], "last", "the end"}).get();
    if (last.ok())
        std::cout << "the last one is " << last.topic << "-" << last.partition << " at " << last.offset
                  << "\n";
    producer->flush();
    std::cout << producer->metrics().records_sent << " sent, " << undelivered + !last.ok() << " failed\n";
    return last.ok() && undelivered == 0 ? 0 : 1;
}
