#include "cmd/barnabas/console_reading.hpp"

#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/end_watch.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/stop_signals.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>

namespace barnabas {

namespace {

using clock = std::chrono::steady_clock;
/// How long a signal may wait to be seen.
constexpr std::chrono::milliseconds look_up{200};

/// Reads and shows; says on standard error why it ended, if it was not asked to.
class console_reader {
public:
    console_reader(const console_wishes& wishes, const record_formatter& formatter)
        : wishes_(wishes), formatter_(formatter), watch_(wishes, clock::now()) {}

    result<void> run(client::record_consumer& consumer, stop_signals& signals) {
        auto last = clock::now();
        while (signals.take() == 0 && !enough() && !is_at_end(consumer)) {
            const auto records = consumer.poll(look_up);
            if (auto gave_up = wishes_.pattern ? wishes_.pattern->trouble() : std::nullopt)
                return std::move(*gave_up);
            if (!records) {
                if (!wishes_.skip_errors)
                    return records.failure();
                say_trouble(records.failure().detail);
                if (is_silent(last))
                    return {};
                continue;
            }
            if (!records->empty())
                last = clock::now();
            else if (is_silent(last))
                return {};
            if (const auto can_end = look_at_end(consumer, last); !can_end)
                return can_end;
            const auto formatted = format(*records);
            if (!write_lines()) {
                std::fprintf(stderr, "Unable to write to standard out, closing consumer.\n");
                return {};
            }
            if (!formatted)
                return formatted;
        }
        return {};
    }
    std::int64_t shown() const noexcept { return shown_; }
    /// What was polled and not shown is the next time's.
    void give_back(client::record_consumer& consumer) const {
        for (const auto& [name, offset] : left_)
            [[maybe_unused]] const auto moved = consumer.seek(name, offset);
    }

private:
    bool enough() const { return wishes_.messages_max && shown_ >= *wishes_.messages_max; }

    bool is_at_end(client::record_consumer& consumer) const {
        if (!wishes_.ends)
            return false;
        const auto mine = consumer.assignment();
        return !mine.empty() && std::all_of(mine.begin(), mine.end(), [&](const auto& name) {
            const auto end = watch_.ends().find(name);
            return end == watch_.ends().end() || end->second == 0 ||
                   consumer.position(name).value_or(-1) >= end->second;
        });
    }

    result<void> look_at_end(client::record_consumer& consumer, clock::time_point last) {
        return wishes_.ends ? watch_.look(!consumer.assignment().empty(), last) : result<void>();
    }

    bool is_silent(clock::time_point last) const {
        if (!wishes_.silence_ms || clock::now() - last < std::chrono::milliseconds(*wishes_.silence_ms))
            return false;
        std::fprintf(stderr,
                     "ERROR Error processing message, terminating consumer process: no message came for "
                     "%lld ms (TimeoutException)\n",
                     static_cast<long long>(*wishes_.silence_ms));
        return true;
    }

    /// Lines of all records, or of those before one that cannot be shown.
    result<void> format(const client::record_set& set) {
        lines_.clear();
        result<void> done;
        for (const auto& record : set) {
            if (enough() || !done) {
                left_.try_emplace(*record.where, record.offset);
                continue;
            }
            done = append(set, record);
            if (!done && wishes_.skip_errors) {
                std::fprintf(stderr, "ERROR Error processing message, skipping this message: %s\n",
                             done.failure().detail.c_str());
                done = {};
            }
            ++shown_;
        }
        return done;
    }
    bool write_lines() const {
        return std::fwrite(lines_.data(), 1, lines_.size(), stdout) == lines_.size() &&
               std::fflush(stdout) == 0;
    }

    result<void> append(const client::record_set& set, const client::consumed_record& record) {
        if (!wishes_.json || formatter_.writes_json())
            return formatter_.append(set, record, lines_);
        append_json(set, record);
        return {};
    }
    void append_json(const client::record_set& set, const client::consumed_record& record) {
        // A list, since a key may be there several times.
        std::vector<json_object> headers;
        for (const auto& one : set.headers_of(record))
            headers.push_back(json_object().add("key", one.key).add("value", text_or_null(one.value)));
        lines_ += json_object()
                      .add("topic", record.where->topic)
                      .add("partition", record.where->partition)
                      .add("offset", record.offset)
                      .add("timestamp", record.timestamp)
                      .add("key", text_or_null(record.key))
                      .add("value", text_or_null(record.value))
                      .add("headers", headers)
                      .text();
        lines_ += '\n';
    }
    static std::optional<std::string> text_or_null(const std::optional<std::span<const std::byte>>& bytes) {
        return bytes ? std::optional(std::string(client::text_of(bytes))) : std::nullopt;
    }

    const console_wishes& wishes_;
    const record_formatter& formatter_;
    std::string lines_;
    std::int64_t shown_ = 0;
    end_watch watch_;
    /// By partition, the first record that was not shown.
    std::map<client::partition_name, std::int64_t> left_;
};

result<void> begin(client::record_consumer& consumer, const console_wishes& wishes) {
    if (wishes.pattern)
        return consumer.subscribe_matching(
            [pattern = *wishes.pattern](const std::string& topic) { return pattern.matches(topic); });
    if (wishes.partitions.empty())
        return consumer.subscribe(wishes.topics);
    if (auto assigned = consumer.assign(wishes.partitions); !assigned)
        return assigned;
    for (const auto& name : wishes.partitions) {
        result<void> moved;
        if (wishes.offset)
            moved = consumer.seek(name, *wishes.offset);
        else if (wishes.time)
            moved = consumer.seek_to_time(name, *wishes.time);
        if (!moved)
            return moved;
    }
    return {};
}

} // namespace

client::call_options ends_of_reader(const client::properties& keys) {
    client::call_options asked;
    const auto isolation = keys.find("isolation.level");
    asked.read_committed = isolation != keys.end() && isolation->second == "read_committed";
    return asked;
}

int read_to_console(const console_wishes& wishes, const record_formatter& formatter) {
    // A reader that goes away is an error of writing, not the end of this process.
    std::signal(SIGPIPE, SIG_IGN);
    auto signals = std::make_unique<stop_signals>();
    client::record_consumer_options options;
    options.on_trouble = say_trouble;
    options.on_unused_keys = say_unused_keys;
    auto consumer = client::make_consumer(wishes.keys, std::move(options));
    if (!consumer && wishes.json)
        return tools::print({tools::error_json(consumer.failure()), {}, 1});
    if (!consumer) {
        const std::string command(wishes.command);
        std::fprintf(stderr, "%s %s: %s\n", program_name, command.c_str(), consumer.failure().detail.c_str());
        return 1;
    }
    console_reader reader(wishes, formatter);
    auto done = begin(*consumer, wishes);
    if (done)
        done = reader.run(*consumer, *signals);
    if (!done && wishes.json)
        tools::print({tools::error_json(done.failure()), {}, 1});
    else if (!done)
        std::fprintf(stderr, "ERROR Unknown error when running consumer: %s\n",
                     done.failure().detail.c_str());
    reader.give_back(*consumer);
    // From here on a second signal ends the process at once.
    signals.reset();
    consumer->close();
    std::fprintf(stderr, "Processed a total of %lld messages\n", static_cast<long long>(reader.shown()));
    if (wishes.systest_events)
        std::printf("shutdown_complete\n");
    return done ? 0 : 1;
}

} // namespace barnabas
