#include "actors/replica/dump/dump.hpp"

#include "actors/replica/dump/findings.hpp"
#include "actors/replica/dump/index_dump.hpp"
#include "actors/replica/dump/log_dump.hpp"
#include "actors/replica/dump/small_dumps.hpp"
#include "actors/replica/log/segment.hpp"

namespace barnabas::replica::dump {
namespace {

void dump_file(dump_context& context, const std::string& path) {
    context.output.file(path);
    const auto name = path.substr(path.find_last_of('/') + 1);
    const auto point = name.find_last_of('.');
    const auto suffix = point == std::string::npos ? std::string() : name.substr(point);
    if (suffix == log_suffix)
        return dump_log(context, path);
    if (suffix == offset_index_suffix)
        return dump_offset_index(context, path);
    if (suffix == time_index_suffix)
        return dump_time_index(context, path);
    if (suffix == snapshot_suffix)
        return dump_producer_snapshot(context, path);
    if (suffix == transaction_index_suffix)
        return dump_transaction_index(context, path);
    context.output.complaint("Ignoring unknown file " + path);
}

} // namespace

std::uint64_t dump_files(runtime::file_system& files, std::span<const std::string> paths,
                         const dump_options& options, dump_output& output) {
    findings found;
    dump_context context{files, options, output, found};
    for (const auto& path : paths)
        dump_file(context, path);
    found.tell(output);
    return context.failures;
}

} // namespace barnabas::replica::dump
