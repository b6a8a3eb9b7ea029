#include "protocol/batch/refused_records.hpp"

#include "protocol/batch/batch_fault.hpp"

#include <utility>

namespace barnabas::batch {

std::vector<refused_record> find_refused(const batch_view& batch, const record_complaint& complaint,
                                         codec_workspace* workspace) {
    std::vector<refused_record> found;
    auto reader = record_reader::open(batch, workspace);
    if (!reader)
        return found;
    for (std::int32_t index = 0; found.size() < refused_records_max; ++index) {
        const auto record = reader->next();
        if (!record || *record == nullptr)
            break;
        if (auto why = complaint(**record); !why.empty())
            found.push_back({index, found.size() < refused_sentences_max ? std::move(why) : std::string{}});
    }
    return found;
}

std::string complaint_without_key(const record_view& record) {
    return record.key ? std::string{} : "it " + std::string(no_key_words);
}

} // namespace barnabas::batch
