#include "tests/golden/made_message.hpp"

#include "protocol/kafka/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace barnabas::golden {
namespace {

using kafka::wire_form;

/// splitmix64: small, and the same everywhere.
class drawing {
public:
    explicit drawing(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        auto mixed = (state_ += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
    std::uint64_t state_;
};

std::string base64(std::string_view bytes, std::string_view last_two, bool padded) {
    const auto digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
    std::string text;
    std::uint32_t bits = 0;
    int waiting = 0;
    for (const char byte : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(byte);
        for (waiting += 8; waiting >= 6; waiting -= 6)
            text.push_back(digits[(bits >> (waiting - 6)) & 63]);
    }
    if (waiting > 0)
        text.push_back(digits[(bits << (6 - waiting)) & 63]);
    while (padded && text.size() % 4 != 0)
        text.push_back('=');
    return text;
}

/// One struct after the other, depth first: bytes and JSON grow together. Tagged fields never have their
/// default, because such ones are not sent.
class maker {
public:
    maker(std::int16_t version, std::int16_t first_flexible, std::uint64_t seed, filling how)
        : version_(version), flexible_(version >= first_flexible), draws_(seed), how_(how) {}

    void put_struct(const struct_description& of, bool not_default) {
        json_ += '{';
        bool first = true;
        std::vector<const field_description*> tagged;
        for (const auto& field : of.fields) {
            if (version_ < field.lowest_version || version_ > field.highest_version)
                continue;
            if (field.tag >= 0) {
                tagged.push_back(&field);
                continue;
            }
            name(field, first);
            // One field is enough to make a struct differ from its default.
            put_field(field, std::exchange(not_default, false));
        }
        if (flexible_)
            put_tagged(tagged, first);
        json_ += '}';
    }

    made_message finish() { return {out_.finish_contiguous(), std::move(json_)}; }

private:
    void name(const field_description& field, bool& first) {
        json_ += first ? "\"" : ",\"";
        first = false;
        json_ += std::string(field.name) + "\":";
    }

    wire_form form(const field_description& field) const {
        return flexible_ && !field.plain ? wire_form::compact : wire_form::plain;
    }

    bool may_be_null(const field_description& field) const {
        return version_ >= field.lowest_nullable && version_ <= field.highest_nullable;
    }

    void put_field(const field_description& field, bool not_default) {
        const bool null_allowed = may_be_null(field) && (!not_default || field.default_is_empty);
        const bool is_struct = field.type == wire_type::structure && !field.is_array;
        if (null_allowed && is_null_drawn()) {
            json_ += "null";
            if (is_struct)
                out_.presence(marker(field), false);
            else if (field.type == wire_type::string_type && !field.is_array)
                out_.null_string(form(field));
            else
                out_.null_bytes(form(field));
            return;
        }
        if (is_struct && may_be_null(field))
            out_.presence(marker(field), true);
        if (!field.is_array)
            return put_value(field, not_default);
        const auto count = drawn_count(not_default);
        out_.array_count(count, form(field));
        json_ += '[';
        for (std::uint64_t i = 0; i < count; ++i) {
            json_ += i == 0 ? "" : ",";
            put_value(field, false);
        }
        json_ += ']';
    }

    bool is_null_drawn() {
        return how_ == filling::minimal || (how_ == filling::drawn && draws_.below(4) == 0);
    }

    std::uint64_t drawn_count(bool not_default) {
        if (how_ == filling::known)
            return 1;
        return how_ == filling::minimal ? 0 : draws_.below(3) + (not_default ? 1 : 0);
    }

    static kafka::null_marker marker(const field_description& field) {
        return field.tag >= 0 ? kafka::null_marker::tagged : kafka::null_marker::plain;
    }

    void put_value(const field_description& field, bool not_default) {
        switch (field.type) {
        case wire_type::structure: return put_struct(*field.fields, not_default);
        case wire_type::string_type: return put_string(field, not_default);
        case wire_type::bytes_type:
        case wire_type::records_type: return put_bytes(field, not_default);
        case wire_type::uuid_type: return put_uuid(not_default);
        case wire_type::float64_type: return put_float(not_default);
        case wire_type::bool_type: {
            const bool value = not_default ? field.default_number == 0 : drawn_bits(not_default) % 2 != 0;
            out_.boolean(value);
            json_ += value ? "true" : "false";
            return;
        }
        default: return put_integer(field, not_default);
        }
    }

    /// Small, large and extreme numbers.
    std::uint64_t drawn_bits(bool not_default) {
        if (how_ == filling::minimal && !not_default)
            return 0;
        if (how_ == filling::known)
            return draws_.below(3);
        constexpr std::array<std::uint64_t, 6> extremes{0,  1, ~0ull, 0x7fffffffffffffff, 0x8000000000000000,
                                                        127};
        return draws_.below(3) == 0 ? extremes[draws_.below(extremes.size())]
                                    : draws_.next() >> draws_.below(64);
    }

    void put_integer(const field_description& field, bool not_default) {
        auto bits = drawn_bits(not_default);
        std::string text;
        const auto store = [&](auto as) {
            using number = decltype(as);
            if (not_default && static_cast<number>(bits) == static_cast<number>(field.default_number))
                bits ^= 1;
            const auto value = static_cast<number>(bits);
            if constexpr (sizeof(number) == 1)
                out_.int8(value);
            else if constexpr (std::is_same_v<number, std::int16_t>)
                out_.int16(value);
            else if constexpr (std::is_same_v<number, std::uint16_t>)
                out_.uint16(value);
            else if constexpr (std::is_same_v<number, std::int32_t>)
                out_.int32(value);
            else if constexpr (std::is_same_v<number, std::uint32_t>)
                out_.uint32(value);
            else
                out_.int64(value);
            json_ += std::to_string(value);
        };
        switch (field.type) {
        case wire_type::int8_type: return store(std::int8_t{});
        case wire_type::int16_type: return store(std::int16_t{});
        case wire_type::uint16_type: return store(std::uint16_t{});
        case wire_type::int32_type: return store(std::int32_t{});
        case wire_type::uint32_type: return store(std::uint32_t{});
        default: return store(std::int64_t{});
        }
    }

    std::string drawn_letters(bool not_default, std::string_view alphabet) {
        if (how_ == filling::minimal && !not_default)
            return {};
        const auto longest = draws_.below(8) == 0 ? 300 : 12;
        std::string text;
        for (auto left = draws_.below(longest) + (not_default ? 1 : 0); left > 0; --left)
            text.push_back(alphabet[draws_.below(alphabet.size())]);
        return text;
    }

    void put_string(const field_description& field, bool not_default) {
        const auto text = how_ == filling::known ? std::string(known_name)
                                                 : drawn_letters(not_default, "abcxyzABC019.-_ /");
        out_.string(text, form(field));
        json_ += '"' + text + '"';
    }

    void put_bytes(const field_description& field, bool not_default) {
        constexpr std::string_view any("\x00\x01\x7f\x80\xff\x2b", 6);
        const auto text = drawn_letters(not_default, any);
        out_.bytes(slice::copy_of(text), form(field));
        json_ += '"' + base64(text, "+/", true) + '"';
    }

    void put_uuid(bool not_default) {
        uuid id;
        std::string bytes;
        for (auto& byte : id.bytes)
            byte = how_ == filling::known
                       ? std::uint8_t{0}
                       : static_cast<std::uint8_t>(drawn_bits(not_default) | (not_default ? 1 : 0));
        if (how_ == filling::known)
            id.bytes.back() = known_id_byte;
        for (const auto byte : id.bytes)
            bytes.push_back(static_cast<char>(byte));
        out_.uuid(id);
        json_ += '"' + base64(bytes, "-_", false) + '"';
    }

    /// Numbers with few digits, whose shortest text is the same for everyone.
    void put_float(bool not_default) {
        const auto quarters = static_cast<double>(drawn_bits(not_default) % 1000 + (not_default ? 1 : 0));
        const auto value = quarters / 4;
        out_.float64(value);
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.begin(), text.end(), value);
        json_.append(text.data(), end.ptr);
        const std::string_view written(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
        json_ += written.find('.') == std::string_view::npos ? ".0" : "";
    }

    /// Some of the tagged fields, and some that no schema knows, which are in no JSON.
    void put_tagged(std::vector<const field_description*> known, bool& first) {
        std::sort(known.begin(), known.end(), [](const auto* a, const auto* b) { return a->tag < b->tag; });
        std::erase_if(known, [&](const auto*) { return how_ != filling::drawn || draws_.below(2) == 0; });
        const std::uint32_t unknown =
            how_ != filling::drawn ? 0 : static_cast<std::uint32_t>(draws_.below(3) / 2);
        out_.unsigned_varint(static_cast<std::uint32_t>(known.size()) + unknown);
        for (const auto* field : known) {
            name(*field, first);
            auto outer = std::exchange(out_, kafka::wire_writer());
            put_field(*field, true);
            const auto content = out_.finish_contiguous();
            out_ = std::move(outer);
            put_tag(static_cast<std::uint32_t>(field->tag), content);
        }
        for (std::uint32_t i = 0; i < unknown; ++i)
            put_tag(10'000 + i, slice::copy_of(drawn_letters(false, "unknown")));
    }

    void put_tag(std::uint32_t tag, const slice& content) {
        out_.unsigned_varint(tag);
        out_.unsigned_varint(static_cast<std::uint32_t>(content.size()));
        out_.raw(content.bytes());
    }

    std::int16_t version_;
    bool flexible_;
    drawing draws_;
    filling how_;
    kafka::wire_writer out_;
    std::string json_;
};

} // namespace

made_message make_message(const message_description& of, std::int16_t version, std::uint64_t seed,
                          filling how) {
    maker made(version, of.first_flexible_version, seed, how);
    made.put_struct(*of.fields, false);
    return made.finish();
}

} // namespace barnabas::golden
