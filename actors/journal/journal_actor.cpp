#include "actors/journal/journal_actor.hpp"

#include "actors/journal/journal_messages.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/reply_table.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <utility>

namespace barnabas::journal {

namespace {

journal_options machine_options(const journal_actor_options& options, std::uint64_t seed) {
    journal_options made;
    made.directory = options.directory;
    made.file_bytes = options.file_bytes / journal_alignment * journal_alignment;
    made.seed = runtime::stable_hash(options.directory, seed);
    made.planted_no_sync = options.planted.journal_not_synced;
    made.planted_reuse_unsettled = options.planted.journal_reused_unsettled;
    return made;
}

class journal_actor final : public caf::event_based_actor, private journal_port {
public:
    journal_actor(caf::actor_config& config, runtime::node_services& node,
                  const journal_actor_options& options)
        : event_based_actor(config), node_(node), directory_(options.directory), gate_(options.gate),
          lane_(runtime::lane_in(options.directory, runtime::stable_hash(journal_prefix))),
          machine_(machine_options(options, node.seed), *options.found, static_cast<journal_port&>(*this)),
          rounds_(counter_of("commit_journal_rounds_total", "Rounds of the commit journal")),
          commits_(counter_of("commit_journal_commits_total",
                              "Syncs of partitions that the commit journal took over")),
          bytes_(counter_of("commit_journal_bytes_total", "Bytes of the commit journal")) {}

    const char* name() const override { return "journal"; }
    void on_exit() override {
        logs_.clear();
        closer_ = nullptr;
        replies_ = {};
    }

    caf::behavior make_behavior() override {
        return {
            [this](const commit_request& request) {
                logs_.insert_or_assign(request.part->log, caf::actor_cast<caf::actor>(current_sender()));
                machine_.on_commit(std::move(*request.part), request.upto,
                                   replies_.put({node_, current_sender(), request.token}));
            },
            [this](const round_done& done) {
                count([&] { machine_.on_round_done(*done.job); });
                end_if_closed();
            },
            [this](const prepare_done& done) {
                machine_.on_prepared(*done.job);
                end_if_closed();
            },
            [this](const log_settled& message) {
                if (message.upto == every_offset)
                    logs_.erase(message.log);
                machine_.on_settled(message.log, message.upto);
            },
            [this](const log_gone& message) {
                logs_.erase(message.log);
                machine_.on_gone(message.log);
            },
            [this](const close_journal&) {
                closer_ = caf::actor_cast<caf::actor>(current_sender());
                end_if_closed();
            },
            [this](const files_closed&) {
                send(closer_, journal_closed{});
                quit();
            },
        };
    }

private:
    runtime::counter& counter_of(const char* name, const char* help) const {
        return node_.metrics->counter_of(name, help, {{"directory", directory_}});
    }

    template <class Step>
    void count(const Step& step) {
        const auto rounds = machine_.rounds(), commits = machine_.commits(), bytes = machine_.bytes();
        step();
        rounds_.add(machine_.rounds() - rounds);
        commits_.add(machine_.commits() - commits);
        bytes_.add(machine_.bytes() - bytes);
    }

    /// Jobs that are out come back first.
    void end_if_closed() {
        if (closer_ && machine_.idle())
            run<files_closed>(machine_.close());
    }

    /// `Done` is a message that carries the job back.
    template <class Done, class Job>
    void run(Job job) {
        auto shared = std::make_shared<Job>(std::move(job));
        node_.disk->submit(
            lane_, Job::kind,
            [shared, gate = gate_](runtime::file_system& files) {
                runtime::gated_files gated(files, *gate);
                shared->run(gated);
            },
            [to = caf::actor_cast<caf::actor>(this), shared] { caf::anon_send(to, Done{shared}); });
    }

    // journal_port
    void submit(prepare_job job) override { run<prepare_done>(std::move(job)); }
    void submit(round_job job) override { run<round_done>(std::move(job)); }
    void answer(std::uint64_t reply, commit_end end, const std::string& why) override {
        replies_.deliver(this, reply, commit_response{0, end, why});
    }
    bool ask_to_settle(const journal_log& log, log_offset upto) override {
        const auto found = logs_.find(log);
        if (found != logs_.end())
            send(found->second, settle_log{upto});
        return found != logs_.end();
    }
    void report(std::string_view event, const std::string& message) override {
        node_.log->warn(event, log_fields{{"directory", directory_}, {"message", message}});
    }

    runtime::node_services& node_;
    std::string directory_;
    std::shared_ptr<runtime::directory_gate> gate_;
    runtime::disk_lane lane_;
    journal machine_;
    runtime::reply_table<commit_response> replies_;
    std::map<journal_log, caf::actor> logs_;
    caf::actor closer_;
    runtime::counter& rounds_;
    runtime::counter& commits_;
    runtime::counter& bytes_;
};

} // namespace

caf::actor spawn_journal(runtime::node_services& node, loop_index home, journal_actor_options options) {
    return runtime::spawn<caf::actor, journal_actor>(node, {home, "journal"}, options);
}

} // namespace barnabas::journal
