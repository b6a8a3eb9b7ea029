#pragma once

#include <sys/resource.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

/// What both programs of the client benchmark are told and say: so that one table can hold them.
namespace barnabas::bench {

struct client_load {
    bool produce = false;
    std::string bootstrap;
    std::string topic;
    std::uint64_t records = 0;
    std::size_t value_bytes = 0;
    int partitions = 1;
};

inline client_load told(int count, char** words) {
    if (count != 7) {
        std::fprintf(stderr, "usage: %s produce|consume BOOTSTRAP TOPIC RECORDS VALUE_BYTES PARTITIONS\n",
                     words[0]);
        std::exit(2);
    }
    return {std::string(words[1]) == "produce",
            words[2],
            words[3],
            std::strtoull(words[4], nullptr, 10),
            static_cast<std::size_t>(std::strtoull(words[5], nullptr, 10)),
            std::atoi(words[6])};
}

inline double wall_seconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Of the whole process: what its start took is in neither program's figure.
inline double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Measures from its making to `say`, which prints processor seconds, wall seconds, and bytes of values.
class load_measure {
public:
    void say(std::uint64_t bytes) const {
        std::printf("%.6f %.6f %llu\n", processor_seconds() - processor_, wall_seconds() - wall_,
                    static_cast<unsigned long long>(bytes));
    }

private:
    double processor_ = processor_seconds();
    double wall_ = wall_seconds();
};

[[noreturn]] inline void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

/// The settings that both clients get; what is not named is each one's own.
inline constexpr const char* common_settings[][2] = {
    {"acks", "all"}, {"enable.idempotence", "true"}, {"linger.ms", "5"}, {"batch.size", "262144"}};

/// Whether consumers look at the checksum of each batch. Kafka's clients do; librdkafka does when it is told
/// to. `BARNABAS_BENCH_CRCS=false` is for neither.
inline std::string check_crcs() {
    const char* told = std::getenv("BARNABAS_BENCH_CRCS");
    return told == nullptr ? "true" : told;
}

} // namespace barnabas::bench
