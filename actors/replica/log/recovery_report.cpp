#include "actors/replica/jobs.hpp"

/// The line that people read of a recovery.
namespace barnabas::replica {

std::string to_string(const recovery_report& report) {
    if (report.created)
        return "created";
    std::string text =
        report.clean ? "clean" : "recovered from offset " + std::to_string(report.scanned_from.get());
    text += ", " + std::to_string(report.bytes_scanned) + " bytes checked";
    if (report.cut_at.get() >= 0)
        text += ", cut " + std::to_string(report.bytes_cut) + " bytes at offset " +
                std::to_string(report.cut_at.get()) + " in " + report.cut_file + " (" + report.cut_reason +
                ")";
    if (report.segments_removed > 0)
        text += ", removed " + std::to_string(report.segments_removed) + " segments behind it";
    if (report.bytes_replayed > 0)
        text += ", took " + std::to_string(report.bytes_replayed) + " bytes from the commit journal";
    if (report.segments_converted > 0)
        text += ", made batches of messages of magic 0 and 1 in " +
                std::to_string(report.segments_converted) + " segments, " +
                std::to_string(report.records_converted) + " records";
    if (report.indexes_rebuilt > 0)
        text += ", rebuilt indexes of " + std::to_string(report.indexes_rebuilt) + " segments";
    if (report.files_removed > 0)
        text += ", removed " + std::to_string(report.files_removed) + " left-over files";
    if (report.lost_upto > report.lost_from)
        text += ", LOST offsets " + std::to_string(report.lost_from.get()) + " to " +
                std::to_string(report.lost_upto.get() - 1) + ", which had been stable";
    for (const auto& damage : report.damage)
        text += ", damage in " + damage;
    for (const auto& remark : report.remarks)
        text += ", " + remark;
    return text;
}

} // namespace barnabas::replica
