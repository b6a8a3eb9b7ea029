#include "cmd/barnabas/tools/doctor.hpp"

#include "actors/broker/small_files.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/disk/posix_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

namespace barnabas::doctor {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
/// What Kafka's own guide asks for.
constexpr rlim_t files_wanted = 100'000;
constexpr rlim_t files_least = 4096;
/// A sync slower than this makes every acks=all slow.
constexpr std::int64_t slow_sync_ms = 200;

check good(std::string name, std::string detail) {
    return {std::move(name), finding::good, std::move(detail)};
}
check warning(std::string name, std::string detail) {
    return {std::move(name), finding::warning, std::move(detail)};
}
check bad(std::string name, std::string detail) {
    return {std::move(name), finding::bad, std::move(detail)};
}

std::string size_text(std::uint64_t bytes) {
    return bytes < 1024 * mib ? std::to_string(bytes / mib) + " MiB"
                              : std::to_string(bytes / (1024 * mib)) + " GiB";
}

/// Writes a few KiB into a file without a name, which leaves no trace, and syncs it; the time in ms.
result<std::int64_t> try_sync(const std::string& directory) {
    const runtime::system_clock clock;
    const int file = ::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0)
        return error{errno == EOPNOTSUPP || errno == EISDIR ? errc::unsupported_version : errc::access_denied,
                     std::strerror(errno)};
    const std::array<char, 4096> bytes{};
    const auto before = clock.monotonic_now();
    const bool written = ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
                         ::fdatasync(file) == 0;
    const auto why = errno;
    const auto after = clock.monotonic_now();
    ::close(file);
    if (!written)
        return error{errc::storage_error, std::strerror(why)};
    return (after.get() - before.get()) / ns_per_ms;
}

check sync_check(const std::string& directory) {
    const auto name = "sync of " + directory;
    const auto took = try_sync(directory);
    if (took.code() == errc::unsupported_version)
        return warning(name, "not tried: this file system has no unnamed files");
    if (!took)
        return bad(name, took.failure().detail +
                             ": nothing that is written there is safe; look after the disk, "
                             "or give this user the right to write there");
    const auto text = std::to_string(*took) + " ms for 4 KiB";
    if (*took > slow_sync_ms)
        return warning(name, text + ": acks=all waits so long; a disk of its own helps");
    return good(name, text);
}

check room_check(runtime::file_system& files, const std::string& directory, std::int64_t reserve) {
    const auto name = "room in " + directory;
    const auto room = files.room(directory);
    if (!room)
        return bad(name, room.failure().detail);
    const auto percent = room->total == 0 ? 0 : room->free * 100 / room->total;
    const auto text =
        size_text(room->free) + " of " + size_text(room->total) + " free (" + std::to_string(percent) + "%)";
    if (room->free <= static_cast<std::uint64_t>(std::max<std::int64_t>(reserve, 0)))
        return bad(name,
                   text + ", which is below log.dir.reserve.bytes=" + std::to_string(reserve) +
                       ": the broker takes no records; make room or lower retention.bytes and retention.ms");
    if (percent < 10)
        return warning(name, text + ": make room, or lower retention.bytes and retention.ms");
    return good(name, text);
}

/// What becomes of the broker whose directory cannot be used.
std::string without(const std::string& directory, const broker_config& config) {
    if (directory == config.metadata_log_dir)
        return ": the broker does not start, for the metadata log is there";
    if (config.log_dirs.size() == 1)
        return ": the broker does not start";
    return ": the broker serves without it, as long as another one of log.dirs can be used";
}

/// Of a directory that is not there: a start makes it, and what it lies in, unless the system refuses.
check missing_check(const std::string& directory, const broker_config& config) {
    const auto name = "disk of " + directory;
    auto nearest = std::filesystem::path(directory).parent_path();
    std::error_code failure;
    while (nearest.has_relative_path() && !std::filesystem::exists(nearest, failure))
        nearest = nearest.parent_path();
    const auto in = nearest.empty() ? std::string(".") : nearest.string();
    const auto advice = without(directory, config) + "; give log.dirs another directory";
    if (!std::filesystem::is_directory(in, failure))
        return bad(name, in + " is no directory, so nothing can be made in it" + advice);
    if (::access(in.c_str(), W_OK | X_OK) != 0)
        return bad(name, "it does not exist, and cannot be made in " + in + " (" + std::strerror(errno) +
                             ")" + advice + ", or this user the right to write there");
    return warning(name, "the directory does not exist yet: the broker's first start makes it");
}

void look_at_disk(runtime::file_system& files, const std::string& directory, const broker_config& config,
                  std::vector<check>& all) {
    std::error_code failure;
    const auto state = std::filesystem::status(directory, failure);
    if (state.type() == std::filesystem::file_type::not_found || failure == std::errc::not_a_directory)
        return all.push_back(missing_check(directory, config));
    if (state.type() == std::filesystem::file_type::none)
        return all.push_back(bad("disk of " + directory, failure.message()));
    if (state.type() != std::filesystem::file_type::directory)
        return all.push_back(bad("disk of " + directory, "it is no directory" + without(directory, config) +
                                                             "; give log.dirs another one"));
    all.push_back(room_check(files, directory, config.log_dir_reserve_bytes));
    all.push_back(sync_check(directory));
}

} // namespace

check open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return warning("open files", "the limit cannot be read");
    // The broker raises its own limit as far as it may.
    if (limit.rlim_max == RLIM_INFINITY)
        return good("open files", "no limit");
    const auto text = "at most " + std::to_string(limit.rlim_max) + " for this user";
    const std::string what = ": raise LimitNOFILE of the service, or nofile in limits.conf, to 100000";
    if (limit.rlim_max < files_least)
        return bad("open files", text + ", and a broker has one per segment and connection" + what);
    if (limit.rlim_max < files_wanted)
        return warning("open files", text + what);
    return good("open files", text);
}

check file_size(const broker_config& config) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return warning("file size", "the limit cannot be read");
    // The broker raises its own limit as far as it may.
    if (limit.rlim_max == RLIM_INFINITY)
        return good("file size", "no limit");
    const auto segment = static_cast<std::uint64_t>(std::max(config.log_segment_bytes, 0));
    const auto text = "a file may have at most " + std::to_string(limit.rlim_max) + " bytes";
    if (limit.rlim_max >= segment)
        return good("file size", text);
    return bad("file size", text + ", and log.segment.bytes is " + std::to_string(segment) +
                                ": a partition takes no more records when its segment reaches the limit; "
                                "raise LimitFSIZE of the service (ulimit -f), or lower log.segment.bytes");
}

check clock() {
    timex now{};
    const int state = ::adjtimex(&now);
    if (state == -1)
        return warning("clock", "whether it is kept right cannot be read");
    if (state == TIME_ERROR || (now.status & STA_UNSYNC) != 0)
        return warning("clock",
                       "nobody keeps it right: run chrony or systemd-timesyncd, for retention.ms and "
                       "offsets by time go by it");
    return good("clock", "kept right, within " + std::to_string(now.maxerror / 1000) + " ms");
}

std::vector<check> disks(const broker_config& config) {
    runtime::posix_files files;
    std::vector<check> all;
    for (const auto& directory : data_directories_of(config))
        look_at_disk(files, directory, config, all);
    return all;
}

std::vector<check> listeners(const client::admin& calls) {
    const auto cluster = calls.describe_cluster().get();
    if (!cluster)
        return {bad("cluster", cluster.failure().detail +
                                   ": start the broker, or name another with --bootstrap-server")};
    std::vector<check> all{
        good("cluster", "id " + cluster->id + ", brokers: " + std::to_string(cluster->brokers.size()))};
    if (!cluster->controller)
        all.push_back(bad("controller", "there is none: no topic can be created or changed"));
    std::vector<std::int32_t> ids;
    for (const auto& one : cluster->brokers)
        ids.push_back(one.id);
    const auto answers = calls.describe_versions(ids).get();
    for (const auto& one : cluster->brokers) {
        const auto name =
            "broker " + std::to_string(one.id) + " at " + one.host + ":" + std::to_string(one.port);
        const auto& answer = answers.at(one.id);
        all.push_back(answer
                          ? good(name, "answers")
                          : bad(name, answer.failure().detail +
                                          ": clients go where advertised.listeners says; set an address that "
                                          "they can reach"));
    }
    return all;
}

namespace {

/// As many as there are brokers, up to the usual three.
check replicas_check(const client::topic_description& topic, std::size_t brokers) {
    std::size_t fewest = brokers, short_of = 0, leaderless = 0;
    for (const auto& one : topic.partitions) {
        fewest = std::min(fewest, one.replicas.size());
        short_of += one.isr.size() < one.replicas.size() ? 1 : 0;
        leaderless += one.leader ? 0 : 1;
    }
    const auto name = "topic " + topic.name;
    const auto text =
        std::to_string(topic.partitions.size()) + " partitions, replicas: " + std::to_string(fewest);
    if (leaderless > 0)
        return bad(name, text + ", without a leader: " + std::to_string(leaderless) +
                             "; groups of these cannot work");
    if (short_of > 0)
        return bad(name, text + ", not all in sync: " + std::to_string(short_of));
    constexpr std::size_t usual = 3;
    if (fewest < std::min(usual, brokers))
        return warning(name, text + " of " + std::to_string(std::min(usual, brokers)) +
                                 " that this cluster could have");
    return good(name, text);
}

} // namespace

std::vector<check> internal_topics(const client::admin& calls) {
    const auto cluster = calls.describe_cluster().get();
    const auto topics = calls.list_topics().get();
    // `listeners` has told why.
    if (!cluster || !topics)
        return {};
    std::vector<std::string> names;
    for (const auto& one : *topics)
        if (one.is_internal)
            names.push_back(one.name);
    if (names.empty())
        return {good("internal topics", "none yet: the first group makes __consumer_offsets")};
    std::vector<check> all;
    for (const auto& [name, topic] : calls.describe_topics(names).get())
        all.push_back(topic ? replicas_check(*topic, cluster->brokers.size())
                            : bad("topic " + name, topic.failure().detail));
    return all;
}

} // namespace barnabas::doctor
