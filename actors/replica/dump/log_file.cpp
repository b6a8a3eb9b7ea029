#include "actors/replica/dump/log_file.hpp"

#include <algorithm>
#include <charconv>

namespace barnabas::replica::dump {
namespace {

std::size_t name_at(const std::string& path) {
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? 0 : slash + 1;
}

} // namespace

result<log_file> log_file::open(runtime::file_system& files, const std::string& path) {
    auto file = open_scoped(files, path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto size = files.size(file->id());
    if (!size)
        return size.failure();
    return log_file(files, std::move(*file), path, *size);
}

error log_file::shorter(std::uint64_t position) const {
    return {errc::storage_error,
            path_ + " at byte " + std::to_string(position) + ": the file became shorter while it was read"};
}

result<std::span<const std::byte>> log_file::at(std::uint64_t position, std::size_t count) {
    BARNABAS_ASSERT(count <= window_bytes && position <= size_ && count <= size_ - position);
    const bool inside = position >= window_at_ && position + count <= window_at_ + window_.size();
    if (!inside) {
        window_.resize(std::min<std::uint64_t>(window_bytes, size_ - position));
        window_at_ = position;
        auto got = files_->read(file_.id(), file_position(position), window_);
        if (!got)
            return got.failure();
        window_.resize(*got);
        if (*got < count)
            return shorter(position);
    }
    return std::span<const std::byte>(window_).subspan(position - window_at_, count);
}

result<slice> log_file::copy(std::uint64_t position, std::size_t count) {
    auto memory = chunk::allocate(count);
    auto got = files_->read(file_.id(), file_position(position), std::span(memory->data(), count));
    if (!got)
        return got.failure();
    if (*got < count)
        return shorter(position);
    return slice(std::move(memory), 0, count);
}

result<log_offset> base_offset_of(const std::string& path) {
    const auto* begin = path.data() + name_at(path);
    const auto* end = path.data() + std::min(path.find('.', name_at(path)), path.size());
    std::int64_t offset = 0;
    const auto [stopped, problem] = std::from_chars(begin, end, offset);
    if (begin == end || problem != std::errc{} || stopped != end || offset < 0)
        return error{errc::malformed,
                     path + ": its name does not begin with the offset of the segment's first record"};
    return log_offset(offset);
}

std::string beside(const std::string& path, std::string_view suffix) {
    return path.substr(0, path.find('.', name_at(path))) + std::string(suffix);
}

error at_byte(const std::string& path, std::uint64_t position, const error& why) {
    return {why.code, path + " at byte " + std::to_string(position) + ": " + why.detail};
}

} // namespace barnabas::replica::dump
