#include "tests/golden/unknown_tags.hpp"

#include <algorithm>

namespace barnabas::golden {
namespace {

using kafka::wire_form;

class walker {
public:
    walker(const slice& bytes, const message_description& of, std::int16_t version)
        : in_(bytes), of_(of), version_(version) {}

    result<unknown_tags> run() {
        walk_struct(*of_.fields, "");
        if (!in_.ok())
            return in_.failure(of_.name, version_);
        return std::move(found_);
    }

private:
    bool is_flexible() const { return version_ >= of_.first_flexible_version; }

    void walk_struct(const struct_description& fields, const std::string& path) {
        for (const auto& field : fields.fields)
            if (field.tag < 0 && has(field))
                walk_field(field, path);
        if (is_flexible())
            walk_tags(fields, path);
    }

    bool has(const field_description& field) const {
        return version_ >= field.lowest_version && version_ <= field.highest_version;
    }

    void walk_tags(const struct_description& fields, const std::string& path) {
        std::int64_t previous = -1;
        for (auto left = in_.tagged_count(); left > 0 && in_.ok(); --left) {
            const auto open = in_.open_tagged(previous);
            previous = open.tag;
            const auto known = std::ranges::find_if(fields.fields, [&](const field_description& field) {
                return field.tag == static_cast<std::int64_t>(open.tag) && has(field);
            });
            if (known != fields.fields.end())
                walk_field(*known, path);
            else
                found_[path].push_back(in_.unknown_tagged(open));
            in_.close_tagged(open);
        }
    }

    void walk_field(const field_description& field, const std::string& path) {
        const auto here = path + (path.empty() ? "" : ".") + std::string(field.name);
        const bool may_be_null = version_ >= field.lowest_nullable && version_ <= field.highest_nullable;
        if (!field.is_array) {
            const auto marker = field.tag >= 0 ? kafka::null_marker::tagged : kafka::null_marker::plain;
            if (field.type == wire_type::structure && may_be_null && !in_.is_present("", marker))
                return;
            return walk_value(field, here);
        }
        const auto count = in_.nullable_array_count("", form(field), 1).value_or(0);
        for (std::size_t i = 0; i < count && in_.ok(); ++i)
            walk_value(field, here + "[" + std::to_string(i) + "]");
    }

    wire_form form(const field_description& field) const {
        return is_flexible() && !field.plain ? wire_form::compact : wire_form::plain;
    }

    void walk_value(const field_description& field, const std::string& path) {
        switch (field.type) {
        case wire_type::structure: return walk_struct(*field.fields, path);
        case wire_type::string_type: in_.nullable_string("", form(field)); return;
        case wire_type::bytes_type:
        case wire_type::records_type: in_.nullable_bytes("", form(field)); return;
        default: in_.raw("", size_of(field.type)); return;
        }
    }

    static std::size_t size_of(wire_type type) {
        switch (type) {
        case wire_type::bool_type:
        case wire_type::int8_type: return 1;
        case wire_type::int16_type:
        case wire_type::uint16_type: return 2;
        case wire_type::int32_type:
        case wire_type::uint32_type: return 4;
        case wire_type::uuid_type: return 16;
        default: return 8;
        }
    }

    kafka::wire_reader in_;
    const message_description& of_;
    std::int16_t version_;
    unknown_tags found_;
};

} // namespace

result<unknown_tags> find_unknown_tags(std::string_view message, std::int16_t version, const slice& bytes) {
    const auto all = message_descriptions();
    const auto of = std::ranges::find(all, message, &message_description::name);
    if (of == all.end())
        return error{errc::not_found, "there is no schema of " + std::string(message)};
    return walker(bytes, *of, version).run();
}

} // namespace barnabas::golden
