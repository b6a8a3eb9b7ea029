#include "actors/broker/broker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

namespace barnabas::broker_test {

namespace {

namespace effects = broker_effects;

opened_directories one_directory() {
    opened_directories opened;
    opened.cluster_id = "cluster";
    opened.directories.resize(1);
    opened.directories[0].path = "/data";
    opened.directories[0].was_stopped_cleanly = true;
    return opened;
}

metadata_committed empty_image() {
    return {std::make_shared<metadata_image>()};
}

template <class Effect>
bool has(const effects::effects& out) {
    for (const auto& one : out)
        if (std::holds_alternative<Effect>(one))
            return true;
    return false;
}

/// A machine and the effects of its last event.
struct fixture {
    broker machine{broker_options{node_id(1), 2, {}}};
    effects::effects out;

    template <class Event>
    effects::effects& on(const Event& event) {
        out.clear();
        event();
        return out;
    }
    void boot() {
        on([&] { machine.on_boot(out); });
        on([&] { machine.on_directories_opened(one_directory(), out); });
        on([&] { machine.on_image(empty_image(), out); });
    }
    void start() {
        boot();
        on([&] { machine.on_listeners_bound({}, out); });
    }
};

} // namespace

TEST(broker, boots_in_order) {
    fixture f;
    EXPECT_TRUE(has<effects::open_directories>(f.on([&] { f.machine.on_boot(f.out); })));
    f.on([&] { f.machine.on_directories_opened(one_directory(), f.out); });
    EXPECT_TRUE(has<effects::start_controller>(f.out));
    f.on([&] { f.machine.on_image(empty_image(), f.out); });
    EXPECT_TRUE(has<effects::confirm_applied>(f.out));
    EXPECT_TRUE(has<effects::bind_listeners>(f.out));
    EXPECT_FALSE(f.machine.status().is_ready());
    f.on([&] { f.machine.on_listeners_bound({}, f.out); });
    EXPECT_TRUE(has<effects::report_started>(f.out));
    EXPECT_TRUE(f.machine.status().is_ready());
}

TEST(broker, directory_that_is_refused_ends_it) {
    fixture f;
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_directories_opened(error{errc::locked, "taken"}, f.out); });
    ASSERT_EQ(f.out.size(), 1u);
    EXPECT_EQ(std::get<effects::report_failed>(f.out[0]).why, (error{errc::locked, "taken"}));
}

TEST(broker, stop_closes_in_reverse_order) {
    fixture f;
    f.start();
    EXPECT_TRUE(has<effects::close_listeners>(f.on([&] { f.machine.on_stop(f.out); })));
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    EXPECT_TRUE(has<effects::close_controller>(f.out));
    f.on([&] { f.machine.on_controller_closed(f.out); });
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    EXPECT_TRUE(std::get<effects::close_directories>(f.out.back()).clean);
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    ASSERT_TRUE(has<effects::report_stopped>(f.out));
    EXPECT_TRUE(std::get<effects::report_stopped>(f.out.back()).not_closed.empty());
    EXPECT_EQ(f.machine.status().state, broker_state::ended);
}

TEST(broker, second_stop_changes_nothing) {
    fixture f;
    f.start();
    f.on([&] { f.machine.on_stop(f.out); });
    EXPECT_TRUE(f.on([&] { f.machine.on_stop(f.out); }).empty());
}

TEST(broker, stop_before_the_directories_are_open_releases_them) {
    fixture f;
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    EXPECT_EQ(f.out.size(), 1u);
    EXPECT_TRUE(has<effects::arm_timer>(f.out));
    f.on([&] { f.machine.on_directories_opened(one_directory(), f.out); });
    EXPECT_TRUE(has<effects::close_directories>(f.out));
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    EXPECT_TRUE(has<effects::report_stopped>(f.out));
}

TEST(broker, stop_before_the_logs_are_open_does_not_call_them_closed) {
    fixture f;
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    f.on([&] { f.machine.on_directories_opened(one_directory(), f.out); });
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    for (const auto& one : f.out)
        if (const auto* closing = std::get_if<effects::close_directories>(&one)) {
            EXPECT_FALSE(closing->clean);
        }
}

TEST(broker, port_in_use_closes_everything_and_reports_why) {
    fixture f;
    f.boot();
    f.on([&] { f.machine.on_listeners_bound(error{errc::address_in_use, "9092"}, f.out); });
    EXPECT_TRUE(has<effects::close_listeners>(f.out));
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    f.on([&] { f.machine.on_controller_closed(f.out); });
    EXPECT_TRUE(std::get<effects::close_directories>(f.out.back()).clean)
        << "whoever holds the port, logs are";
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    ASSERT_TRUE(has<effects::report_failed>(f.out));
    EXPECT_EQ(std::get<effects::report_failed>(f.out.back()).why.code, errc::address_in_use);
}

TEST(broker, a_failure_while_it_closes_for_a_port_in_use_is_not_called_clean) {
    fixture f;
    f.boot();
    f.on([&] { f.machine.on_listeners_bound(error{errc::address_in_use, "9092"}, f.out); });
    f.on([&] { f.machine.on_controller_failed({errc::storage_error, "disk"}, f.out); });
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    EXPECT_FALSE(std::get<effects::close_directories>(f.out.back()).clean);
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    EXPECT_EQ(std::get<effects::report_failed>(f.out.back()).why.code, errc::address_in_use);
}

TEST(broker, failed_controller_ends_it_without_waiting_for_the_controller) {
    fixture f;
    f.start();
    f.on([&] { f.machine.on_controller_failed({errc::storage_error, "disk"}, f.out); });
    EXPECT_TRUE(has<effects::close_listeners>(f.out));
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    EXPECT_FALSE(has<effects::close_controller>(f.out));
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    EXPECT_FALSE(std::get<effects::close_directories>(f.out.back()).clean);
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    EXPECT_TRUE(has<effects::report_failed>(f.out));
}

TEST(broker, step_that_takes_too_long_is_left_and_the_stop_is_not_clean) {
    fixture f;
    f.start();
    f.on([&] { f.machine.on_stop(f.out); });
    const auto token = std::get<effects::arm_timer>(f.out.front()).token;
    EXPECT_TRUE(f.on([&] { f.machine.on_timer(token - 1, f.out); }).empty());
    f.on([&] { f.machine.on_timer(token, f.out); });
    EXPECT_TRUE(has<effects::close_controller>(f.out));
    EXPECT_TRUE(f.on([&] { f.machine.on_listeners_closed(f.out); }).empty());
    f.on([&] { f.machine.on_controller_closed(f.out); });
    EXPECT_FALSE(std::get<effects::close_directories>(f.out.back()).clean);
}

TEST(broker, stop_is_not_clean_beside_a_partition_that_was_not_flushed) {
    for (const bool flushed : {true, false}) {
        fixture f;
        f.on([&] { f.machine.on_boot(f.out); });
        f.on([&] { f.machine.on_directories_opened(one_directory(), f.out); });
        auto image = std::make_shared<metadata_image>();
        topic_metadata topic;
        topic.name = "t";
        topic.partitions.push_back(
            {partition_index(0), node_id(1), leader_epoch(0), 0, {node_id(1)}, {node_id(1)}});
        image->topics["t"] = topic;
        f.on([&] { f.machine.on_image({image}, f.out); });
        const topic_partition id{topic.id, partition_index(0)};
        f.on([&] { f.machine.on_partition_opened({id, errc::ok, "", 0}, f.out); });
        f.on([&] { f.machine.on_created_recorded({}, f.out); });
        f.on([&] { f.machine.on_listeners_bound({}, f.out); });
        f.on([&] { f.machine.on_stop(f.out); });
        f.on([&] { f.machine.on_listeners_closed(f.out); });
        ASSERT_TRUE(has<effects::close_partition>(f.out));
        const auto how = flushed ? errc::ok : errc::storage_error;
        f.on([&] { f.machine.on_partition_closed({id, how, "a sync failed"}, f.out); });
        f.on([&] { f.machine.on_controller_closed(f.out); });
        ASSERT_TRUE(has<effects::close_directories>(f.out));
        EXPECT_EQ(std::get<effects::close_directories>(f.out.back()).clean, flushed);
    }
}

namespace {

opened_directories three_directories() {
    auto opened = one_directory();
    opened.metadata_directory = "/data";
    opened.directories.resize(3);
    opened.directories[1].path = "/b";
    opened.directories[2].path = "/c";
    return opened;
}

std::vector<std::string> notes(const effects::effects& out) {
    std::vector<std::string> events;
    for (const auto& one : out)
        if (const auto* note = std::get_if<effects::note>(&one))
            events.emplace_back(note->event);
    return events;
}

void start_with_three(fixture& f) {
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_directories_opened(three_directories(), f.out); });
    f.on([&] { f.machine.on_image(empty_image(), f.out); });
    f.on([&] { f.machine.on_listeners_bound({}, f.out); });
}

} // namespace

TEST(broker, goes_on_without_a_failed_directory_and_says_so_once) {
    fixture f;
    start_with_three(f);
    const error why{errc::storage_error, "I/O error"};
    f.on([&] { f.machine.on_directory_failed("/b", why, f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_offline"});
    EXPECT_TRUE(f.machine.status().is_ready());
    EXPECT_EQ(f.machine.status().directories_offline, std::vector<std::string>{"/b"});
    EXPECT_TRUE(f.on([&] { f.machine.on_directory_failed("/b", why, f.out); }).empty());
    const auto described = f.machine.describe_log_dirs({});
    ASSERT_EQ(described.directories.size(), 3u);
    EXPECT_EQ(described.directories[0].code, errc::ok);
    EXPECT_EQ(described.directories[1].code, errc::storage_error);
}

TEST(broker, ends_with_the_directory_of_the_metadata_log_or_the_last_one) {
    fixture metadata;
    start_with_three(metadata);
    metadata.on([&] {
        metadata.machine.on_directory_failed("/data", {errc::storage_error, "I/O"}, metadata.out);
    });
    EXPECT_TRUE(has<effects::close_listeners>(metadata.out));
    EXPECT_FALSE(metadata.machine.status().is_ready());

    fixture last;
    last.on([&] { last.machine.on_boot(last.out); });
    auto separate = three_directories();
    separate.directories[0].holds_partitions = false;
    last.on([&] { last.machine.on_directories_opened(separate, last.out); });
    last.on([&] { last.machine.on_image(empty_image(), last.out); });
    last.on([&] { last.machine.on_listeners_bound({}, last.out); });
    last.on([&] { last.machine.on_directory_failed("/b", {errc::storage_error, "I/O"}, last.out); });
    EXPECT_FALSE(has<effects::close_listeners>(last.out));
    last.on([&] { last.machine.on_directory_failed("/c", {errc::read_only, "I/O"}, last.out); });
    EXPECT_TRUE(has<effects::close_listeners>(last.out));
    last.on([&] { last.machine.on_listeners_closed(last.out); });
    last.on([&] { last.machine.on_controller_closed(last.out); });
    ASSERT_TRUE(has<effects::close_directories>(last.out));
    EXPECT_FALSE(std::get<effects::close_directories>(last.out.back()).clean);
    last.on([&] { last.machine.on_directories_closed({}, last.out); });
    ASSERT_TRUE(has<effects::report_failed>(last.out));
    EXPECT_EQ(std::get<effects::report_failed>(last.out.back()).why.code, errc::no_usable_directory);
}

namespace {

directory_wait wait_of(const std::string& path, directory_wait::kind how) {
    return {path, how, "sync", std::chrono::milliseconds(5000)};
}

/// Three partitions of a topic, in the directories as they are emptiest.
std::map<std::string, topic_partition> start_with_partitions(fixture& f) {
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_directories_opened(three_directories(), f.out); });
    auto image = std::make_shared<metadata_image>();
    topic_metadata topic;
    topic.name = "t";
    for (int i = 0; i < 3; ++i)
        topic.partitions.push_back(
            {partition_index(i), node_id(1), leader_epoch(0), 0, {node_id(1)}, {node_id(1)}});
    image->topics["t"] = topic;
    image->topic_names[topic.id] = "t";
    f.on([&] { f.machine.on_image({image}, f.out); });
    std::map<std::string, topic_partition> found;
    for (const auto& one : f.out)
        if (const auto* opening = std::get_if<effects::open_partition>(&one))
            found[opening->data_directory] = opening->id;
    return found;
}

} // namespace

TEST(broker, directory_that_hangs_is_told_of_and_goes_offline_when_it_does_for_too_long) {
    fixture f;
    start_with_three(f);
    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::hangs), f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_hangs"});
    EXPECT_EQ(f.machine.status().directories_hanging, std::vector<std::string>{"/b"});
    EXPECT_TRUE(f.machine.status().is_ready());
    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::answers), f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_answers"});
    EXPECT_TRUE(f.machine.status().directories_hanging.empty());
    EXPECT_TRUE(f.machine.given_up().empty());

    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::hangs), f.out); });
    EXPECT_FALSE(has<effects::shut_directory>(f.out));
    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::too_long), f.out); });
    ASSERT_TRUE(has<effects::shut_directory>(f.out));
    const auto shut = std::get<effects::shut_directory>(f.out.back());
    EXPECT_EQ(shut.path, "/b");
    f.on([&] { f.machine.on_directory_failed("/b", shut.why, f.out); });
    EXPECT_TRUE(f.machine.given_up().contains("/b"));
    EXPECT_EQ(f.machine.status().directories_offline, std::vector<std::string>{"/b"});
}

TEST(broker, start_does_not_wait_for_a_directory_that_hangs) {
    fixture f;
    const auto partitions = start_with_partitions(f);
    ASSERT_EQ(partitions.size(), 3u);
    for (const auto* path : {"/data", "/c"})
        f.on([&] { f.machine.on_partition_opened({partitions.at(path), errc::ok, "", 0}, f.out); });
    EXPECT_FALSE(has<effects::record_created>(f.out));
    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::hangs), f.out); });
    f.on([&] { f.machine.on_directory_failed("/b", {errc::storage_error, "hangs"}, f.out); });
    ASSERT_TRUE(has<effects::record_created>(f.out));
    f.on([&] { f.machine.on_created_recorded({}, f.out); });
    EXPECT_TRUE(has<effects::bind_listeners>(f.out));
    EXPECT_EQ(f.machine.status().partitions_failed, 1u);
    // It comes back after all: nobody wants it any more.
    f.on([&] { f.machine.on_partition_opened({partitions.at("/b"), errc::ok, "", 0}, f.out); });
    EXPECT_TRUE(has<effects::close_partition>(f.out));
    EXPECT_TRUE(f.on([&] {
                     f.machine.on_partition_closed({partitions.at("/b"), errc::ok, ""}, f.out);
                 }).empty());
}

TEST(broker, stop_leaves_a_directory_that_hangs_and_marks_the_others) {
    fixture f;
    const auto partitions = start_with_partitions(f);
    for (const auto& [path, id] : partitions)
        f.on([&] { f.machine.on_partition_opened({id, errc::ok, "", 0}, f.out); });
    f.on([&] { f.machine.on_created_recorded({}, f.out); });
    f.on([&] { f.machine.on_listeners_bound({}, f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    for (const auto* path : {"/data", "/c"})
        f.on([&] { f.machine.on_partition_closed({partitions.at(path), errc::ok, ""}, f.out); });
    // Such a stop does not wait until it is too long.
    f.on([&] { f.machine.on_directory_waits(wait_of("/b", directory_wait::kind::hangs), f.out); });
    ASSERT_TRUE(has<effects::shut_directory>(f.out));
    f.on([&] { f.machine.on_directory_failed("/b", {errc::storage_error, "hangs"}, f.out); });
    EXPECT_TRUE(has<effects::close_controller>(f.out));
    f.on([&] { f.machine.on_controller_closed(f.out); });
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    EXPECT_TRUE(std::get<effects::close_directories>(f.out.back()).clean);
    EXPECT_FALSE(f.machine.directories()->directories[0].unflushed);
    EXPECT_TRUE(f.machine.directories()->directories[1].unflushed);
    EXPECT_FALSE(f.machine.directories()->directories[2].unflushed);
}

TEST(broker, stop_does_not_wait_for_what_was_known_to_hang_before) {
    fixture f;
    const auto partitions = start_with_partitions(f);
    for (const auto& [path, id] : partitions)
        f.on([&] { f.machine.on_partition_opened({id, errc::ok, "", 0}, f.out); });
    f.on([&] { f.machine.on_created_recorded({}, f.out); });
    f.on([&] { f.machine.on_listeners_bound({}, f.out); });
    for (const auto* path : {"/b", "/c"})
        f.on([&] { f.machine.on_directory_waits(wait_of(path, directory_wait::kind::hangs), f.out); });
    // One that came back is waited for as any other.
    f.on([&] { f.machine.on_directory_waits(wait_of("/c", directory_wait::kind::answers), f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    std::vector<std::string> shut;
    for (const auto& one : f.out)
        if (const auto* effect = std::get_if<effects::shut_directory>(&one))
            shut.push_back(effect->path);
    EXPECT_EQ(shut, std::vector<std::string>{"/b"});
    f.on([&] { f.machine.on_directory_failed("/b", {errc::storage_error, "hangs"}, f.out); });
    EXPECT_TRUE(f.machine.given_up().contains("/b"));
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    for (const auto* path : {"/data", "/c"})
        f.on([&] { f.machine.on_partition_closed({partitions.at(path), errc::ok, ""}, f.out); });
    EXPECT_TRUE(has<effects::close_controller>(f.out));
}

TEST(broker, partition_that_takes_too_long_to_close_costs_its_own_directory_the_marker) {
    fixture f;
    const auto partitions = start_with_partitions(f);
    for (const auto& [path, id] : partitions)
        f.on([&] { f.machine.on_partition_opened({id, errc::ok, "", 0}, f.out); });
    f.on([&] { f.machine.on_created_recorded({}, f.out); });
    f.on([&] { f.machine.on_listeners_bound({}, f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    const auto token = std::get<effects::arm_timer>(f.out.front()).token;
    for (const auto* path : {"/data", "/b"})
        f.on([&] { f.machine.on_partition_closed({partitions.at(path), errc::ok, ""}, f.out); });
    f.on([&] { f.machine.on_timer(token, f.out); });
    f.on([&] { f.machine.on_controller_closed(f.out); });
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    EXPECT_TRUE(std::get<effects::close_directories>(f.out.back()).clean);
    EXPECT_FALSE(f.machine.directories()->directories[1].unflushed);
    EXPECT_TRUE(f.machine.directories()->directories[2].unflushed);
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    ASSERT_TRUE(has<effects::report_stopped>(f.out));
    EXPECT_EQ(std::get<effects::report_stopped>(f.out.back()).not_closed, std::set<std::string>{"/c"});
}

TEST(broker, stop_ends_though_the_directories_do_not_open) {
    fixture f;
    f.on([&] { f.machine.on_boot(f.out); });
    f.on([&] { f.machine.on_directory_waits(wait_of("/data", directory_wait::kind::hangs), f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_hangs"});
    f.on([&] { f.machine.on_stop(f.out); });
    const auto token = std::get<effects::arm_timer>(f.out.front()).token;
    f.on([&] { f.machine.on_timer(token, f.out); });
    ASSERT_TRUE(has<effects::report_stopped>(f.out));
    EXPECT_EQ(std::get<effects::report_stopped>(f.out.back()).not_closed, std::set<std::string>{"/data"});
}

TEST(broker, stop_beside_a_failed_directory_marks_only_the_others) {
    fixture f;
    start_with_three(f);
    f.on([&] { f.machine.on_directory_failed("/b", {errc::storage_error, "I/O"}, f.out); });
    f.on([&] { f.machine.on_stop(f.out); });
    f.on([&] { f.machine.on_listeners_closed(f.out); });
    f.on([&] { f.machine.on_controller_closed(f.out); });
    ASSERT_TRUE(has<effects::close_directories>(f.out));
    EXPECT_TRUE(std::get<effects::close_directories>(f.out.back()).clean);
    EXPECT_TRUE(f.machine.directories()->directories[1].offline.has_value());
    EXPECT_FALSE(f.machine.directories()->directories[0].unflushed);
    f.on([&] { f.machine.on_directories_closed({}, f.out); });
    ASSERT_TRUE(has<effects::report_stopped>(f.out));
    EXPECT_EQ(std::get<effects::report_stopped>(f.out.back()).not_closed, std::set<std::string>{"/b"});
}

TEST(broker, lack_of_room_is_told_when_it_begins_and_when_it_ends) {
    fixture f;
    f.start();
    EXPECT_TRUE(f.on([&] { f.machine.on_room({"/data", 500, 100, false}, f.out); }).empty());
    f.on([&] { f.machine.on_room({"/data", 50, 100, true}, f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_short_of_room"});
    EXPECT_EQ(f.machine.status().directories_short_of_room, std::vector<std::string>{"/data"});
    EXPECT_TRUE(f.on([&] { f.machine.on_room({"/data", 40, 100, true}, f.out); }).empty());
    f.on([&] { f.machine.on_room({"/data", 200, 100, false}, f.out); });
    EXPECT_EQ(notes(f.out), std::vector<std::string>{"data_directory_has_room"});
    EXPECT_TRUE(f.machine.status().directories_short_of_room.empty());
}

} // namespace barnabas::broker_test
