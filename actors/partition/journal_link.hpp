#pragma once

#include "actors/journal/journal_messages.hpp"
#include "actors/replica/commit_jobs.hpp"
#include "runtime/disk/load_counter.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace barnabas {

/// What a partition needs of the commit journal of its data directory.
struct journal_use {
    /// Null: none.
    caf::actor actor;
    /// Syncs of logs of this data directory that are under way, in whatever way.
    std::shared_ptr<runtime::load_counter> syncs;
    /// From so many on the journal is the faster way; 0: never.
    std::uint32_t syncs_min = 0;
    /// What it held of this partition at start, and what it has lost.
    std::vector<journal::journal_part> held;
    std::optional<std::string> damage;
};

/// A log as the journal names it.
inline journal::journal_log journal_log_in(const std::string& directory, const topic_id& topic) {
    return {directory.substr(directory.rfind('/') + 1), topic};
}

/// The partition's end of the commit journal: when it pays, and the one commit under way.
class journal_link {
public:
    journal_link(const journal_use& use, journal::journal_log log)
        : actor_(use.actor), syncs_(use.syncs), syncs_min_(use.syncs_min), log_(std::move(log)) {}

    bool in_use() const { return actor_ != nullptr && syncs_min_ > 0; }
    /// The others' syncs and this one are so many that one after another would take longer.
    bool pays() const { return in_use() && syncs_->count() + 1 >= syncs_min_; }

    void sync_begins() {
        if (syncs_ != nullptr)
            syncs_->enter();
    }
    void sync_ends() {
        if (syncs_ != nullptr)
            syncs_->leave();
    }

    template <class Self>
    void commit(Self* self, replica::journal_commit job) {
        sync_begins();
        journal::commit_request request;
        request.part = std::make_shared<journal::journal_part>();
        request.part->log = log_;
        request.part->entries = std::move(job.entries);
        request.upto = job.target;
        under_way_ = std::move(job);
        self->send(actor_, std::move(request));
    }
    /// The commit as the log wants it back.
    replica::journal_commit ended(const journal::commit_response& response) {
        under_way_.taken = response.end != journal::commit_end::not_taken;
        // One that was not taken comes again, as a sync of the log's own files.
        if (under_way_.taken)
            sync_ends();
        else if (syncs_ != nullptr)
            syncs_->leave_undone();
        under_way_.outcome = response.end == journal::commit_end::stable
                                 ? result<void>()
                                 : result<void>(error{errc::storage_error, response.why});
        return std::move(under_way_);
    }
    template <class Self>
    void tell_settled(Self* self, log_offset upto) {
        if (actor_ != nullptr)
            self->send(actor_, journal::log_settled{log_, upto});
    }
    template <class Self>
    void tell_gone(Self* self) {
        if (actor_ != nullptr)
            self->send(actor_, journal::log_gone{log_});
    }
    void let_go() { actor_ = nullptr; }

private:
    caf::actor actor_;
    std::shared_ptr<runtime::load_counter> syncs_;
    std::uint32_t syncs_min_ = 0;
    journal::journal_log log_;
    replica::journal_commit under_way_;
};

} // namespace barnabas
