#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>

/// Which transactions are open or aborted, over restarts, crashes and failed writes.
namespace barnabas::replica::transactions_test {
namespace {

std::string index_path(std::int64_t base) {
    return segment_path(test_directory, log_offset(base), transaction_index_suffix);
}

std::vector<aborted_transaction> aborted_in(log_host& host, runtime::file_system& files, std::int64_t from,
                                            std::int64_t upto) {
    auto job = host.log->read(log_offset(from), 1 << 20, log_offset(upto), true, true);
    if (!job)
        return {};
    job->run(files);
    host.log->on_read(*job);
    EXPECT_TRUE(job->records) << to_string(job->records.failure());
    return job->aborted.value_or(std::vector<aborted_transaction>{});
}

class transactions : public ::testing::Test {
protected:
    transactions() : host(files) { EXPECT_TRUE(host.open()); }

    std::int64_t put(std::int64_t producer, std::int32_t sequence) {
        return host.append_unchecked(make_transaction_part({producer, sequence}))->base_offset.get();
    }
    std::int64_t end(std::int64_t producer, bool commit) {
        return host.append_unchecked(make_marker(producer, commit))->base_offset.get();
    }
    void sync() {
        ASSERT_TRUE(host.log->wants_sync());
        ASSERT_FALSE(host.sync());
    }
    std::int64_t unstable(std::int64_t high_watermark) const {
        return host.log->first_unstable_offset(log_offset(high_watermark)).get();
    }

    memory_files files;
    log_host host;
};

TEST_F(transactions, a_marker_above_the_high_watermark_decides_nothing_yet) {
    const auto first = put(7, 0);
    put(8, 0);
    EXPECT_EQ(unstable(2), first);
    const auto marker = end(7, false);
    EXPECT_EQ(unstable(marker), first) << "the marker may be lost";
    EXPECT_EQ(unstable(marker + 1), first + 1);
    host.log->forget_decided(log_offset(marker + 1));
    EXPECT_EQ(unstable(marker + 1), first + 1);
    end(8, true);
    EXPECT_EQ(unstable(marker + 2), marker + 2);
}

TEST_F(transactions, an_aborted_one_is_told_to_readers_of_its_records) {
    put(7, 0);
    put(8, 0);
    put(7, 1);
    const auto marker = end(7, false);
    const auto later = put(7, 2);
    end(8, true);
    const aborted_transaction expected{producer_id(7), log_offset(0), log_offset(marker), log_offset(1)};
    EXPECT_EQ(aborted_in(host, files, 0, later), std::vector{expected});
    EXPECT_EQ(aborted_in(host, files, marker, later), std::vector{expected});
    EXPECT_TRUE(aborted_in(host, files, later, later + 1).empty());
    EXPECT_EQ(files.content(index_path(0)).size(), transaction_entry_size);
    EXPECT_EQ(host.log->producers().find(producer_id(7))->coordinator_epoch, 4);
}

TEST_F(transactions, a_marker_without_records_before_it_is_no_aborted_transaction) {
    end(7, false);
    put(7, 0);
    end(7, true);
    EXPECT_FALSE(files.has(index_path(0)));
    EXPECT_TRUE(aborted_in(host, files, 0, 3).empty());
}

TEST_F(transactions, entries_lie_with_the_segment_of_the_marker) {
    put(7, 0);
    while (host.log->segments().size() < 3)
        put(8, 0);
    const auto marker = end(7, false);
    const auto base = host.log->active_segment().base_offset.get();
    EXPECT_FALSE(files.has(index_path(0)));
    EXPECT_EQ(files.content(index_path(base)).size(), transaction_entry_size);
    EXPECT_EQ(host.log->active_segment().transaction_index_size, transaction_entry_size);
    EXPECT_EQ(aborted_in(host, files, 0, 1).size(), 1u);
    EXPECT_EQ(aborted_in(host, files, 0, 1).front().last_offset, log_offset(marker));
}

TEST_F(transactions, a_marker_on_its_way_to_the_disk_is_not_looked_for) {
    put(7, 0);
    end(7, false);
    put(7, 1);
    const append_context context{leader_epoch(1), timestamp_ms(5000), host.monotonic, false};
    ASSERT_TRUE(host.queue_batch(make_marker(7, false), context));
    EXPECT_EQ(aborted_in(host, files, 0, 3).size(), 1u);
    host.write_all();
    EXPECT_EQ(aborted_in(host, files, 0, 4).size(), 2u);
}

TEST_F(transactions, a_failed_append_of_a_marker_leaves_the_transaction_open) {
    put(7, 0);
    end(7, false);
    put(7, 1);
    sync();
    // The marker's log bytes reach the file, its entry does not.
    files.fail_after(2, errc::disk_full);
    end(7, false);
    ASSERT_TRUE(host.log->wants_repair());
    EXPECT_EQ(unstable(3), 2);
    ASSERT_TRUE(host.repair());
    EXPECT_EQ(files.content(index_path(0)).size(), transaction_entry_size);
    EXPECT_EQ(end(7, true), 3);
    EXPECT_EQ(unstable(4), 4);
    EXPECT_EQ(files.content(index_path(0)).size(), transaction_entry_size);
}

TEST_F(transactions, a_lost_index_behind_the_recovery_point_is_made_anew) {
    put(7, 0);
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    const auto marker = end(7, false);
    sync();
    ASSERT_FALSE(files.remove(index_path(0)).code() == errc::not_found);
    files.kill();
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(aborted_in(host, files, 0, marker + 1).size(), 1u) << "it began before the recovery point";
}

TEST_F(transactions, a_senseless_index_below_the_recovery_point_is_made_anew) {
    for (int i = 0; host.log->segments().size() < 4; ++i) {
        put(7, i);
        if (i % 5 == 4)
            end(7, i % 2 == 0);
    }
    sync();
    ASSERT_TRUE(host.close());
    for (const auto& harm : {0, 10, 35}) {
        auto before = files.content(index_path(0));
        ASSERT_GE(before.size(), transaction_entry_size);
        auto bytes = before;
        if (harm == 0)
            bytes.pop_back();
        else
            bytes[static_cast<std::size_t>(harm) % bytes.size()] ^= std::byte{0xff};
        files.put(index_path(0), bytes);
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(files.content(index_path(0)), before) << "byte " << harm;
        ASSERT_TRUE(host.close());
    }
}

/// In a closed segment as in the last one.
TEST_F(transactions, an_emptied_index_below_the_recovery_point_is_made_anew) {
    const auto marks = mark_hits("transactions_missing");
    for (int i = 0; host.log->segments().size() < 4; ++i) {
        put(7, i);
        if (i % 5 == 4)
            end(7, i % 2 == 0);
    }
    end(7, false);
    sync();
    const auto last = host.log->active_segment().base_offset.get();
    ASSERT_TRUE(host.close());
    for (const auto base : {std::int64_t{0}, last}) {
        const auto before = files.content(index_path(base));
        ASSERT_FALSE(before.empty());
        files.put(index_path(base), {});
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(files.content(index_path(base)), before) << base;
        ASSERT_TRUE(host.close());
    }
    EXPECT_GT(mark_hits("transactions_missing"), marks);
}

/// Aborted transactions in closed segments and in the last one; the names of their indexes.
std::vector<std::string> make_aborted(log_host& host, memory_files& files) {
    EXPECT_TRUE(host.open());
    const auto put = [&](batch::batch_view batch) { EXPECT_TRUE(host.append_unchecked(std::move(batch))); };
    for (int i = 0; host.log->segments().size() < 4 || i % 4 != 2; ++i) {
        put(make_transaction_part({7, i}));
        if (i % 2 == 1)
            put(make_marker(7, i % 8 == 7));
    }
    put(make_marker(7, false));
    EXPECT_FALSE(host.sync());
    EXPECT_TRUE(host.close());
    std::vector<std::string> names;
    for (const auto& name : files.names())
        if (name.ends_with(transaction_index_suffix))
            names.push_back(name);
    EXPECT_GT(names.size(), 2u);
    return names;
}

/// How many indexes that lost whole entries, or are gone, stay so at a start.
int indexes_left_short(bool stopped_in_good_order, const planted_bugs& planted) {
    auto options = log_host::small_options();
    options.planted = planted;
    memory_files files;
    log_host host(files, options);
    int left = 0;
    int shortened = 0;
    for (const auto& name : make_aborted(host, files)) {
        const auto whole = files.content(name);
        for (auto size = whole.size(); size > 0; ++shortened) {
            size -= transaction_entry_size;
            if (size > 0)
                files.put(name, std::span(whole).first(size));
            else
                EXPECT_TRUE(files.remove(name));
            host.believes_close = stopped_in_good_order;
            EXPECT_TRUE(host.open(false));
            left += !files.has(name) || files.content(name) != whole ? 1 : 0;
            EXPECT_TRUE(host.close());
            files.put(name, whole);
        }
    }
    EXPECT_GT(shortened, 6);
    return left;
}

TEST(transaction_index, one_that_lost_whole_entries_is_made_anew) {
    for (const bool stopped : {false, true})
        EXPECT_EQ(indexes_left_short(stopped, {}), 0) << stopped;
}

TEST(transaction_index, is_found_transaction_index_believed) {
    planted_bugs planted;
    planted.transaction_index_believed = true;
    for (const bool stopped : {false, true})
        EXPECT_GT(indexes_left_short(stopped, planted), 0) << stopped;
}

TEST_F(transactions, an_empty_index_of_a_segment_without_aborted_ones_goes) {
    put(7, 0);
    end(7, true);
    sync();
    ASSERT_TRUE(host.close());
    files.put(index_path(0), {});
    ASSERT_TRUE(host.open(false));
    EXPECT_FALSE(files.has(index_path(0)));
    EXPECT_TRUE(aborted_in(host, files, 0, 2).empty());
}

TEST(transaction_index, zeros_of_a_torn_tail_are_no_entry) {
    std::vector<std::byte> bytes;
    put_transaction_entry(bytes, {producer_id(0), log_offset(0), log_offset(1), log_offset(2)});
    bytes.resize(2 * transaction_entry_size);
    EXPECT_EQ(decode_transaction_index(bytes).size(), 1u);
}

// ---- random sequences against a list of what was appended

struct ghost_batch {
    std::int64_t base = 0;
    std::int64_t next = 0;
    std::int64_t producer = -1;
    bool control = false;
    bool commit = false;
};

class transaction_model {
public:
    explicit transaction_model(std::uint64_t seed) : random_(seed), host_(files_, options_of(seed)) {
        RC_ASSERT(host_.open().has_value());
    }

    void step(std::uint32_t drawn) {
        switch (drawn % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4: append(data_of(drawn)); break;
        case 5: append({-1, 0, plain_batch(drawn)}); break;
        case 6:
        case 7: append(marker_of_drawn(drawn)); break;
        case 8:
        case 9: sync(); break;
        case 10: reopen(false, drawn); break;
        case 11: reopen(true, drawn); break;
        case 12: files_.fail_after(drawn / 16 % 12, errc::disk_full); break;
        case 13: close(); break;
        default: check(drawn); return;
        }
        check(drawn * 7919);
    }

private:
    struct made_batch {
        std::int64_t producer = -1;
        int kind = 0; ///< 0: data, 1: abort, 2: commit
        batch::batch_view batch;
    };

    static log_options options_of(std::uint64_t seed) {
        auto options = log_host::small_options();
        options.segment_bytes = seed % 2 == 0 ? 700 : 3000;
        options.snapshot_interval_bytes = seed % 3 == 0 ? 300 : 1500;
        return options;
    }
    made_batch data_of(std::uint32_t drawn) {
        const std::int64_t producer = drawn / 16 % 3;
        return {producer, 0,
                make_transaction_part({producer, 0, static_cast<int>(1 + drawn / 64 % 3), drawn / 256 % 90})};
    }
    made_batch marker_of_drawn(std::uint32_t drawn) {
        const std::int64_t producer = drawn / 16 % 3;
        const bool commit = drawn / 64 % 3 == 0;
        return {producer, commit ? 2 : 1, make_marker(producer, commit)};
    }
    static batch::batch_view plain_batch(std::uint32_t drawn) { return make_batch({.records = 1}, drawn); }

    void append(made_batch made) {
        if (host_.log->failure())
            return;
        const auto appended = host_.append_unchecked(std::move(made.batch));
        if (!appended || host_.log->failure())
            return mend();
        batches_.push_back({appended->base_offset.get(), appended->next_offset.get(), made.producer,
                            made.kind != 0, made.kind == 2});
    }
    void mend() {
        files_.never_fail();
        if (host_.log->wants_repair()) {
            RC_ASSERT(host_.repair());
        } else {
            reopen(true, 0);
        }
    }
    void sync() {
        if (!host_.log->wants_sync())
            return;
        if (host_.sync())
            mend();
        files_.never_fail();
    }
    void close() {
        files_.never_fail();
        sync();
        RC_ASSERT(host_.close().has_value());
        reopen(false, 0);
    }
    /// Somebody removes or shortens an index of aborted transactions meanwhile.
    void harm_index(std::uint32_t drawn) {
        std::vector<std::string> names;
        for (const auto& name : files_.names())
            if (name.ends_with(transaction_index_suffix))
                names.push_back(name);
        if (drawn / 16 % 2 == 0 || names.empty())
            return;
        const auto& name = names[drawn / 32 % names.size()];
        const auto bytes = files_.content(name);
        const auto entries = bytes.size() / transaction_entry_size;
        const auto kept = entries == 0 ? 0 : drawn / 256 % entries;
        if (kept == 0)
            RC_ASSERT(files_.remove(name).has_value());
        else
            files_.put(name, std::span(bytes).first(kept * transaction_entry_size));
    }
    void reopen(bool power_cut, std::uint32_t drawn) {
        const auto promised = host_.log ? host_.log->stable_offset().get() : -1;
        host_.log.reset();
        host_.writes.clear();
        files_.never_fail();
        if (power_cut)
            files_.crash(random_);
        else
            files_.kill();
        harm_index(drawn);
        RC_ASSERT(host_.open(false).has_value());
        const auto end = host_.log->log_end_offset().get();
        RC_ASSERT(end >= promised);
        while (!batches_.empty() && batches_.back().base >= end)
            batches_.pop_back();
    }

    void check(std::uint32_t drawn) {
        if (host_.log->failure())
            return;
        const auto end = host_.log->written_offset().get();
        const auto high_watermark = host_.log->stable_offset().get();
        RC_ASSERT(host_.log->first_unstable_offset(log_offset(high_watermark)).get() ==
                  first_undecided(high_watermark, end));
        const auto last_stable = std::min(high_watermark, first_undecided(high_watermark, end));
        if (last_stable == 0)
            return;
        auto job = host_.log->read(log_offset(drawn % last_stable), 1 + drawn % 900, log_offset(last_stable),
                                   true, true);
        RC_ASSERT(job.has_value());
        job->run(files_);
        host_.log->on_read(*job);
        if (files_.has_failed())
            return;
        RC_ASSERT(job->records.has_value());
        if (job->records->empty())
            return;
        RC_ASSERT(text_of(*job->aborted, *job) ==
                  text_of(aborted_between(job->from.get(), job->end.get()), *job));
    }

    static std::string text_of(const std::vector<aborted_transaction>& all, const read_job& job) {
        auto text = std::to_string(job.from.get()) + " to " + std::to_string(job.end.get()) + ":";
        for (const auto& one : all)
            text += " " + std::to_string(one.producer.get()) + "@" + std::to_string(one.first_offset.get()) +
                    "-" + std::to_string(one.last_offset.get()) + "/" +
                    std::to_string(one.last_stable_offset.get());
        return text;
    }
    std::int64_t first_undecided(std::int64_t high_watermark, std::int64_t end) const {
        std::map<std::int64_t, std::int64_t> open;
        for (const auto& one : batches_) {
            if (one.producer < 0)
                continue;
            if (!one.control)
                open.emplace(one.producer, one.base);
            else if (one.base < high_watermark)
                open.erase(one.producer);
        }
        // Behind a marker that may be lost lie later transactions, which do not matter: the older one does.
        auto first = end;
        for (const auto& [producer, base] : open)
            first = std::min(first, base);
        return first;
    }
    std::vector<aborted_transaction> aborted_between(std::int64_t from, std::int64_t upto) const {
        std::map<std::int64_t, std::int64_t> open;
        std::vector<aborted_transaction> found;
        for (const auto& one : batches_) {
            if (one.producer < 0)
                continue;
            if (!one.control) {
                open.emplace(one.producer, one.base);
                continue;
            }
            const auto begun = open.find(one.producer);
            if (begun == open.end())
                continue;
            const auto first = begun->second;
            open.erase(begun);
            auto stable = one.base + 1;
            for (const auto& [producer, base] : open)
                stable = std::min(stable, base);
            if (!one.commit && first < upto && one.base >= from)
                found.push_back(
                    {producer_id(one.producer), log_offset(first), log_offset(one.base), log_offset(stable)});
        }
        return found;
    }

    std::mt19937_64 random_;
    memory_files files_;
    log_host host_;
    std::vector<ghost_batch> batches_;
};

/// The entry of a transaction that began in an earlier segment, for which there is no snapshot, is torn off
/// together with one behind it.
TEST(transactions_property, an_index_with_a_torn_tail_keeps_what_was_stable) {
    const bool held = rc::check([] {
        transaction_model model(0);
        const std::vector<std::uint32_t> drawn{23051427, 80378834, 44348673, 65833891,
                                               47802257, 1115408,  15579926};
        for (const auto one : drawn)
            model.step(one * 2654435761u >> 4);
        for (const auto one : drawn)
            model.step((one + 1) * 2246822519u >> 3);
    });
    EXPECT_TRUE(held);
}

TEST(transactions_property, readers_learn_of_every_aborted_transaction_and_of_no_other) {
    const bool held = rc::check([](std::uint64_t seed, const std::vector<std::uint32_t>& drawn) {
        transaction_model model(seed);
        for (const auto one : drawn)
            model.step(one * 2654435761u >> 4);
        for (const auto one : drawn)
            model.step((one + 1) * 2246822519u >> 3);
    });
    EXPECT_TRUE(held);
}

} // namespace
} // namespace barnabas::replica::transactions_test
