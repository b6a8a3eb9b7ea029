#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

/// Every job of the log, with each of its operations on files failing, being the last before the power goes
/// or the process dies, or reading a wrong bit; from several directories that it may find. What is promised
/// holds afterwards, which the model looks at with each opening.
namespace barnabas::replica::model::fail_nth_test {
namespace {

using operations = std::vector<operation>;

/// Sizes that roll after a few batches, and keep what they deleted for a while.
constexpr std::uint32_t small_segments = 16;
/// ... roll by time, delete by size and time.
constexpr std::uint32_t by_time = 0;

const operation batch{op::send, 90, 0};
const operation later_batch{op::send, 90, 400};

operations rolled() {
    operations made;
    for (int i = 0; i < 9; ++i)
        made.insert(made.end(), {batch, later_batch, {op::new_leader_epoch}, {op::write_all}});
    return made;
}

operations joined(operations first, const operations& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

const operations usual_jobs{
    {op::write},
    {op::write_all},
    {op::sync},
    {op::failing_sync},
    {op::close},
    {op::kill},
    {op::power_cut, 0},
    {op::power_cut, 4},
    {op::retain, 0},
    {op::retain, 1},
    {op::roll_expired},
    {op::read, 1, 300},
    {op::read_committed, 1, 300},
    {op::find, 130},
    {op::find_largest},
};

const operations jobs_beside_a_journal{
    {op::commit, 0, 3}, {op::commit, 2, 0}, // it has no room
    {op::commit, 1, 1},                     // it takes it, and the process dies
    {op::commit, 3, 2},                     // it fails
    {op::settle, 0},    {op::sync},         {op::close}, {op::kill}, {op::power_cut, 0}, {op::power_cut, 4},
};

const operations jobs_of_deletion{
    {op::delete_records, 3, 1},
    {op::delete_records, 3, 8}, // the process dies between the promise and the deletion
    {op::delete_records, 3, 4}, // ... of power
    {op::retain, 0},
    {op::close},
    {op::power_cut, 0},
};

const operations jobs_of_compaction{
    {op::compact, 1200, 0}, {op::compact, 1200, 1},     {op::retain, 0}, {op::kill},
    {op::power_cut, 0},     {op::delete_records, 3, 8},
};

struct prepared {
    const char* name;
    operations before;
    operations jobs = usual_jobs;
    std::vector<std::uint32_t> options{small_segments, by_time};
};

/// Some records are stable by the commit journal alone.
operations committed() {
    return {batch, batch, {op::write_all}, {op::sync}, batch, batch, {op::write_all}, {op::commit, 0, 3}};
}

std::vector<prepared> directories() {
    const operations few{batch, batch, {op::write_all}};
    const operations sync{{op::sync}};
    const std::vector<std::uint32_t> compacted{plain_options + small_segments};
    const operation part{op::send_in_transaction, 90, 0};
    const operations aborted{part, {op::end_transaction, 0, 1}, part, {op::write_all}};
    return {
        {"empty", {}},
        {"unsynced", few},
        {"aborted", joined(joined(aborted, sync), {{op::end_transaction, 0, 1}})},
        {"queued", {batch, batch, later_batch}},
        {"synced", joined(few, sync)},
        {"closed", joined(joined(rolled(), sync), {{op::close}})},
        {"rolled", rolled()},
        {"rolled_and_synced", joined(rolled(), sync)},
        {"half_deleted", joined(joined(rolled(), sync), {{op::retain, 1}})},
        {"torn", joined(joined(few, sync), joined(rolled(), {{op::power_cut, 1}}))},
        {"failed_write", joined(few, {batch, {op::fail_later, 0}})},
        {"committed", committed(), jobs_beside_a_journal},
        {"to_commit", joined(committed(), {batch, {op::write_all}}), jobs_beside_a_journal},
        {"settled", joined(committed(), {{op::settle, 1}, batch, {op::write_all}}), jobs_beside_a_journal},
        {"deleted_from", joined(joined(rolled(), sync), {{op::delete_records, 5, 1}}), jobs_of_deletion},
        {"keyed", joined(rolled(), sync), jobs_of_compaction, compacted},
        {"cleaned", joined(joined(rolled(), sync), joined({{op::compact, 1200, 1}}, rolled())),
         jobs_of_compaction, compacted},
    };
}

bool opens_the_log(const operation& job) {
    return job.what == op::kill || job.what == op::power_cut ||
           (job.what == op::delete_records && job.b % 4 == 0) || (job.what == op::commit && job.b % 8 == 1);
}

/// Arms one misfortune at the n-th operation.
using misfortune = std::function<void(log_model&, std::uint64_t n)>;

void expect_sound_at_every_operation(const prepared& directory, const operation& job, std::uint32_t options,
                                     const misfortune& arm) {
    const bool opens = opens_the_log(job);
    // One more than the job has: the last of them meets whatever comes next.
    std::uint64_t operations_of_job = 1;
    for (std::uint64_t n = 0; n <= operations_of_job; ++n) {
        log_model model(options, {});
        for (const auto& one : directory.before)
            model.run(one);
        const auto before = model.operations();
        if (n > 0 && opens)
            model.before_next_open([&] { arm(model, n); });
        else if (n > 0)
            arm(model, n);
        model.run(job);
        if (n == 0)
            operations_of_job = 1 + (opens ? model.operations_of_open() : model.operations() - before);
        model.run({op::send, 7, 1});
        model.run({op::write_all});
        model.finish();
        ASSERT_EQ(model.problem(), "") << directory.name << ", " << name_of(job.what) << " " << job.a
                                       << ", operation " << n << ", options " << options;
    }
}

void expect_sound(const misfortune& arm) {
    for (const auto& directory : directories())
        for (const auto& job : directory.jobs)
            for (const auto options : directory.options)
                expect_sound_at_every_operation(directory, job, options, arm);
}

std::uint64_t operations_of(const prepared& directory, const operation& job, std::uint32_t options) {
    log_model model(options, {});
    for (const auto& one : directory.before)
        model.run(one);
    const auto before = model.operations();
    model.run(job);
    return model.operations() - before;
}

/// Most operations on files that a job has in any of the directories.
std::uint64_t most_operations_of(op what) {
    std::uint64_t most = 0;
    for (const auto& directory : directories())
        for (const auto& job : directory.jobs)
            if (job.what == what)
                most = std::max(most, operations_of(directory, job, directory.options.front()));
    return most;
}

/// Else the others would show nothing.
TEST(log_fail_nth, jobs_have_operations) {
    EXPECT_GE(most_operations_of(op::settle), 1u);
    EXPECT_GE(most_operations_of(op::compact), 30u);
    EXPECT_GE(most_operations_of(op::commit), 5u) << "the start behind it";
    EXPECT_GE(most_operations_of(op::delete_records), 5u) << "the start behind it";
}

TEST(log_fail_nth, each_operation_fails_in_each_way) {
    for (const auto code : {errc::storage_error, errc::disk_full, errc::read_only, errc::access_denied,
                            errc::too_many_open_files})
        expect_sound([code](log_model& model, std::uint64_t n) { model.fail_at(n, code); });
}

TEST(log_fail_nth, the_process_dies_behind_each_operation) {
    expect_sound([](log_model& model, std::uint64_t n) { model.die_at(n, std::nullopt); });
}

TEST(log_fail_nth, the_power_goes_behind_each_operation) {
    for (const std::uint32_t losses : {0U, 1U, 5U})
        expect_sound([losses](log_model& model, std::uint64_t n) { model.die_at(n, losses); });
}

TEST(log_fail_nth, each_read_comes_wrong_once) {
    expect_sound([](log_model& model, std::uint64_t n) { model.rot_at(n); });
}

} // namespace
} // namespace barnabas::replica::model::fail_nth_test
