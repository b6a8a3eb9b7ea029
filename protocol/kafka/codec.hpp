#pragma once

#include "protocol/kafka/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the generated code is written against; nobody else includes this. Each generated struct has one
/// function `put(sink, version)` that walks its fields in wire order. Three sinks make of it the size, the
/// bytes and the JSON text, so that the three can never disagree.
namespace barnabas::kafka {

class size_sink {
public:
    template <class Number>
    void value(const char*, Number) {
        add(sizeof(Number));
    }
    void value(const char*, const uuid&) { add(16); }
    void text(const char*, wire_form form, std::string_view value);
    void null_text(const char*, wire_form form) { add(form == wire_form::compact ? 1 : 2); }
    void bytes(const char*, wire_form form, const slice& value);
    void null_bytes(const char*, wire_form form) { add(form == wire_form::compact ? 1 : 4); }
    void null_array(const char*, wire_form form) { null_bytes("", form); }
    void present(null_marker) { add(1); }
    void null_struct(const char*, null_marker) { add(1); }
    void begin_array(const char*, wire_form form, std::size_t count);
    void end_array() {}
    void begin_struct(const char*) {}
    void end_struct() {}
    void tagged_count(std::size_t count) { add(unsigned_varint_size(count)); }
    template <class Body>
    void tagged(std::uint32_t tag, const Body& body) {
        const auto before = size_.total;
        body(*this);
        add(unsigned_varint_size(tag) + unsigned_varint_size(size_.total - before));
    }
    void unknown_tagged(const tagged_field& field);

    const encoded_size_parts& size() const noexcept { return size_; }

private:
    void add(std::size_t size) {
        size_.total += size;
        size_.copied += size;
    }
    void add_referenced(const slice& value);

    encoded_size_parts size_;
};

class write_sink {
public:
    explicit write_sink(wire_writer& out) : out_(&out) {}

    void value(const char*, bool number) { out_->boolean(number); }
    void value(const char*, std::int8_t number) { out_->int8(number); }
    void value(const char*, std::int16_t number) { out_->int16(number); }
    void value(const char*, std::int32_t number) { out_->int32(number); }
    void value(const char*, std::int64_t number) { out_->int64(number); }
    void value(const char*, std::uint16_t number) { out_->uint16(number); }
    void value(const char*, std::uint32_t number) { out_->uint32(number); }
    void value(const char*, double number) { out_->float64(number); }
    void value(const char*, const uuid& id) { out_->uuid(id); }
    void text(const char*, wire_form form, std::string_view value) { out_->string(value, form); }
    void null_text(const char*, wire_form form) { out_->null_string(form); }
    void bytes(const char*, wire_form form, const slice& value) { out_->bytes(value, form); }
    void null_bytes(const char*, wire_form form) { out_->null_bytes(form); }
    void null_array(const char*, wire_form form) { out_->null_bytes(form); }
    void present(null_marker marker) { out_->presence(marker, true); }
    void null_struct(const char*, null_marker marker) { out_->presence(marker, false); }
    void begin_array(const char*, wire_form form, std::size_t count) { out_->array_count(count, form); }
    void end_array() {}
    void begin_struct(const char*) {}
    void end_struct() {}
    void tagged_count(std::size_t count) { out_->unsigned_varlong(count); }
    template <class Body>
    void tagged(std::uint32_t tag, const Body& body) {
        size_sink size;
        body(size);
        out_->unsigned_varint(tag);
        out_->unsigned_varlong(size.size().total);
        body(*this);
    }
    void unknown_tagged(const tagged_field& field);

private:
    wire_writer* out_;
};

/// JSON in one line, in Kafka's conventions: lower camel-case names, uuids as 22 characters, bytes as base64;
/// tagged fields with their default value and unknown tagged fields are absent.
class json_sink {
public:
    void value(const char* name, bool flag);
    void value(const char* name, std::int64_t number);
    void value(const char* name, std::int8_t number) { value(name, std::int64_t{number}); }
    void value(const char* name, std::int16_t number) { value(name, std::int64_t{number}); }
    void value(const char* name, std::int32_t number) { value(name, std::int64_t{number}); }
    void value(const char* name, std::uint16_t number) { value(name, std::int64_t{number}); }
    void value(const char* name, std::uint32_t number) { value(name, std::int64_t{number}); }
    void value(const char* name, double number);
    void value(const char* name, const uuid& id);
    void text(const char* name, wire_form, std::string_view value);
    void null_text(const char* name, wire_form) { null(name); }
    void bytes(const char* name, wire_form, const slice& value);
    void null_bytes(const char* name, wire_form) { null(name); }
    void null_array(const char* name, wire_form) { null(name); }
    void present(null_marker) {}
    void null_struct(const char* name, null_marker) { null(name); }
    void begin_array(const char* name, wire_form, std::size_t);
    void end_array();
    void begin_struct(const char* name);
    void end_struct();
    void tagged_count(std::size_t) {}
    template <class Body>
    void tagged(std::uint32_t, const Body& body) {
        body(*this);
    }
    void unknown_tagged(const tagged_field&) {}

    std::string take() { return std::move(text_); }

private:
    void null(const char* name);
    /// Comma and name; `nullptr` names an element of an array or the message itself.
    void open(const char* name);
    void quote(std::string_view value);

    std::string text_;
    bool needs_comma_ = false;
};

/// Writes the unknown tagged fields whose tags lie below `tag`, from the `next` one on; one with exactly this
/// tag is left out, because the schema's own field stands in its place.
template <class Sink>
void put_unknown_below(Sink& out, const std::vector<tagged_field>& fields, std::size_t& next,
                       std::uint32_t tag) {
    for (; next < fields.size() && fields[next].tag <= tag; ++next)
        if (fields[next].tag < tag)
            out.unknown_tagged(fields[next]);
}

template <class Sink>
void put_unknown_rest(Sink& out, const std::vector<tagged_field>& fields, std::size_t next) {
    for (; next < fields.size(); ++next)
        out.unknown_tagged(fields[next]);
}

/// An empty array with room as `reserve_hint` says, in the memory that all such arrays of a message share.
template <class Element>
pooled_vector<Element> pooled(wire_reader& in, std::size_t count) {
    if (count == 0)
        return {};
    pooled_vector<Element> elements{pool_allocator<Element>(in.pool_for(count))};
    elements.reserve(in.reserve_hint(count, sizeof(Element)));
    return elements;
}

/// Reads the tagged fields of a struct that has none of its own.
void read_unknown_tags(wire_reader& in, std::vector<tagged_field>& fields);

inline bool has_tag(const std::vector<tagged_field>& fields, std::uint32_t tag) {
    for (const auto& field : fields)
        if (field.tag == tag)
            return true;
    return false;
}

template <class Message>
result<Message> decode_message(wire_reader& in, std::string_view name, std::int16_t version) {
    if (version < Message::lowest_version || version > Message::highest_known_version)
        return error{errc::unsupported_version,
                     std::string(name) + " has no version " + std::to_string(version)};
    Message message;
    message.read(in, version);
    if (!in.ok())
        return in.failure(name, version);
    return message;
}

template <class Message>
encoded_size_parts measure_message(const Message& message, std::int16_t version) {
    BARNABAS_ASSERT(version >= Message::lowest_version && version <= Message::highest_known_version);
    size_sink sink;
    message.put(sink, version);
    return sink.size();
}

template <class Message>
void write_message(const Message& message, wire_writer& out, std::int16_t version) {
    BARNABAS_ASSERT(version >= Message::lowest_version && version <= Message::highest_known_version);
    write_sink sink(out);
    message.put(sink, version);
}

template <class Message>
std::string message_to_json(const Message& message, std::int16_t version) {
    json_sink sink;
    sink.begin_struct(nullptr);
    message.put(sink, version);
    sink.end_struct();
    return sink.take();
}

} // namespace barnabas::kafka
