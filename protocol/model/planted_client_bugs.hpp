#pragma once

namespace barnabas {

/// Bugs planted in the client library; see planted_bugs.hpp.
struct planted_client_bugs {
    // The producer.
    /// What was cut off is reported as certainly not written.
    bool cut_off_called_failed = false;
    /// A repetition goes under a new sequence.
    bool repetition_renumbered = false;
    /// What may be written is sent again under the next epoch.
    bool open_batch_under_next_epoch = false;
    /// Nobody is told of records whose time is over.
    bool late_report_forgotten = false;
    /// All records of a batch are told the offset of the first.
    bool reports_share_an_offset = false;
    /// What waits behind a batch that is given up is not looked at until something else comes.
    bool rest_of_refused_forgotten = false;

    // The consumer.
    /// What is committed leads what the application has been given.
    bool commit_leads_delivery = false;
    /// The answer of a fetch from before a seek is taken.
    bool fetch_before_seek_taken = false;
    /// Records of a partition that was given up are handed out still.
    bool revoked_still_delivered = false;
    /// A failed lookup of a committed offset is taken for none: the reset policy decides.
    bool failed_lookup_resets = false;
    /// A partition is given up before the commit of its offsets is answered.
    bool given_up_uncommitted = false;
    /// A member of the consumer protocol goes on under the epoch that it had when it was fenced.
    bool fenced_epoch_kept = false;
};

} // namespace barnabas
