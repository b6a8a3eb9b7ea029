#include "tests/unit/actors/replica/old_log.hpp"
#include "tests/unit/sim/each_operation.hpp"

#include <gtest/gtest.h>

/// The opening of logs with messages of magic 0 and 1, with each of its operations on files failing, or being
/// the last before the process dies or the power goes; and with each of its reads coming wrong once. The next
/// opening finds every record.
namespace barnabas::replica::old_messages_fail_nth_test {
namespace {

struct old_case {
    const char* name;
    old_log (*make)();
    /// Below it a record was given up.
    std::int64_t readable_from = 0;
};

/// Barnabas wrote, then Kafka, which had no time for a snapshot.
old_log behind_batches() {
    memory_files files;
    log_host host(files);
    EXPECT_TRUE(host.open());
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(host.append({.records = 2, .timestamp = 900 + i}));
    old_log log;
    log.expected = *records_from(host, 0);
    EXPECT_TRUE(host.close());
    const auto inside = std::string(test_directory) + "/";
    for (const auto& name : files.names())
        if (name.starts_with(inside))
            log.files[name.substr(inside.size())] = files.content(name);
    log.add(kind(1), {record(6, 2000), record(7, 2001)});
    log.add(kind(1, batch::codec::gzip), {record(8, 2002), record(9, 2003)});
    return log;
}

old_log given_up(old_log log) {
    log.files[std::string(cut_allowed_name)];
    return log;
}

const old_case cases[] = {
    {"all_of_them_old", three_segments},
    {"one_segment", one_old_segment},
    {"met_late", behind_batches},
    {"given_up_at_the_end",
     [] {
         auto log = three_segments();
         add_nonsense(log, 50);
         return given_up(std::move(log));
     }},
    {"given_up_below_the_recovery_point", [] { return given_up(nonsense_below_recovery_point()); }, 10},
    {"swap", [] { return with_swap(false); }},
    {"swap_with_some_left", [] { return with_swap(true); }},
};

class old_messages_fail_nth : public ::testing::TestWithParam<old_case> {
protected:
    /// What a start finds.
    void expect_all(runtime::file_system& files, const std::string& where) {
        log_host host(files, log_host::small_options());
        const auto opened = host.open(false);
        ASSERT_TRUE(opened) << where << to_string(opened.failure());
        expect_all(host, where);
        const auto listed = files.list(test_directory);
        ASSERT_TRUE(listed) << where;
        for (const auto& entry : *listed)
            EXPECT_FALSE(entry.name.ends_with(".converted")) << where << entry.name;
    }
    void expect_all(log_host& host, const std::string& where) {
        const auto seen = records_from(host, GetParam().readable_from);
        ASSERT_TRUE(seen) << where << to_string(seen.failure());
        ASSERT_EQ(*seen, expected()) << where << to_string(host.report);
    }
    plain_records expected() const {
        auto some = log.expected;
        std::erase_if(some, [](const plain_record& one) { return one.offset < GetParam().readable_from; });
        return some;
    }

    const old_log log = GetParam().make();
};

TEST_P(old_messages_fail_nth, whatever_an_operation_meets_every_record_is_there) {
    std::uint64_t trials = 0;
    sim::at_every_operation([&](sim::doomed_operation& doomed) {
        if (HasFailure())
            return;
        ++trials;
        log.store(doomed.files());
        doomed.arm();
        {
            log_host host(doomed.files(), log_host::small_options());
            static_cast<void>(host.open(false));
        }
        doomed.end_process();
        expect_all(doomed.files(), doomed.text() + ": ");
    });
    EXPECT_GT(trials, 1000u);
}

TEST_P(old_messages_fail_nth, whichever_read_comes_wrong_once_every_record_is_there) {
    // No checksum would tell of a topic's id that was read wrong.
    auto options = log_host::small_options();
    options.topic_id = {};
    // In the middle, and where a segment's first message has its magic.
    for (const auto byte : {std::optional<std::size_t>(), std::optional(batch::message_at::magic)})
        for (std::uint64_t n = 0, reads = 1; n < reads && !HasFailure(); ++n) {
            memory_files files;
            log.store(files);
            files.rot_read_after(n, byte, std::byte{0x10});
            const auto where = "read " + std::to_string(n) + (byte ? ", the magic: " : ": ");
            log_host host(files, options);
            const auto opened = host.open(false);
            ASSERT_TRUE(opened) << where << to_string(opened.failure());
            reads = files.reads();
            expect_all(host, where);
        }
}

INSTANTIATE_TEST_SUITE_P(logs, old_messages_fail_nth, ::testing::ValuesIn(cases),
                         [](const auto& tested) { return tested.param.name; });

} // namespace
} // namespace barnabas::replica::old_messages_fail_nth_test
