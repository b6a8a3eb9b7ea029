#!/usr/bin/env python3
"""Makes C++ structs and codecs from the message schemas in schemas/; README.md explains the notation.

    gen.py api SCHEMA HPP CPP        structs and codecs of one schema file
    gen.py table CPP SCHEMA...       the table of all messages, for tests and fuzzing
    gen.py releases CPP SCHEMA...    which release of Kafka brought which version of an API

An error in a schema is printed as `file:line: what is wrong` and ends with status 1.
"""

import os
import sys

sys.dont_write_bytecode = True
from gen_codec import Body, Lines, initializer, member_type  # noqa: E402
from schema import Parser, SchemaError  # noqa: E402

FOLDER = 'protocol/kafka'


# --- files ---------------------------------------------------------------------------------------------

def banner(source):
    return f'// Made by {FOLDER}/gen.py from {FOLDER}/schemas/{source}. Change those, not this file.'


def add_members(out, message, struct):
    for field in struct.fields:
        out.add(f'/// {field.doc}')
        out.add(f'{member_type(field)} {field.cpp_name}{initializer(field)};')
    if struct.range.high >= message.flexible:
        out.add('/// Fields that this schema does not know, in ascending order of their tags.')
        out.add('std::vector<tagged_field> unknown_tagged_fields;')
    out.add()
    out.add('/// For generated code.')
    out.add('template <class Sink>')
    out.add('void put(Sink& out, std::int16_t version) const;')
    out.add('void read(wire_reader& in, std::int16_t version);')
    out.add(f'friend bool operator==(const {struct.cpp_name}&, const {struct.cpp_name}&) = default;')


def add_message(out, message):
    for line in message.doc:
        out.add(f'/// {line}')
    out.open(f'struct {message.cpp_name} {{')
    highest = message.range.high
    offered = highest - 1 if message.unstable else highest
    for name, value in (('api_key', message.api_key), ('lowest_version', message.range.low),
                        ('highest_version', offered), ('highest_known_version', highest),
                        ('first_flexible_version', message.flexible)):
        out.add(f'static constexpr std::int16_t {name} = {value};')
    out.add()
    for struct in message.structs:
        out.open(f'struct {struct.cpp_name} {{')
        add_members(out, message, struct)
        out.close('};')
        out.add()
    add_members(out, message, message)
    out.add()
    out.add('/// Reads one message; bytes behind it are left to the caller.')
    out.add(f'static result<{message.cpp_name}> decode(wire_reader& in, std::int16_t version);')
    out.add('/// Fields that the version does not have are left out; null where it has none becomes empty.')
    out.add('void encode(wire_writer& out, std::int16_t version) const;')
    out.add('/// The same without reserving memory first, for a caller who has done that.')
    out.add('void write(wire_writer& out, std::int16_t version) const;')
    out.add('/// Exact.')
    out.add('encoded_size_parts measure(std::int16_t version) const;')
    out.add('std::size_t encoded_size(std::int16_t version) const { return measure(version).total; }')
    out.add('/// One line, for logs and tests.')
    out.add('std::string to_json(std::int16_t version) const;')
    out.close('};')
    out.add()


def header_text(schema, source):
    out = Lines()
    out.add('#pragma once')
    out.add(banner(source))
    out.add()
    out.add(f'#include "{FOLDER}/wire.hpp"')
    out.add()
    for name in ('cstddef', 'cstdint', 'optional', 'string', 'vector'):
        out.add(f'#include <{name}>')
    out.add()
    out.add('namespace barnabas::kafka {')
    out.add()
    for message in schema.messages:
        add_message(out, message)
    out.add('} // namespace barnabas::kafka')
    return out.text()


def add_message_functions(out, message):
    name = message.cpp_name
    out.open(f'result<{name}> {name}::decode(wire_reader& in, std::int16_t version) {{')
    out.add(f'return decode_message<{name}>(in, "{message.name}", version);')
    out.close()
    out.add()
    out.open(f'void {name}::encode(wire_writer& out, std::int16_t version) const {{')
    out.add('out.reserve(measure(version).copied);')
    out.add('write(out, version);')
    out.close()
    out.add()
    functions = (('void {}::write(wire_writer& out, std::int16_t version)',
                  'write_message(*this, out, version)'),
                 ('encoded_size_parts {}::measure(std::int16_t version)', 'measure_message(*this, version)'),
                 ('std::string {}::to_json(std::int16_t version)', 'message_to_json(*this, version)'))
    for signature, call in functions:
        out.open(signature.format(name) + ' const {')
        out.add(f'return {call};')
        out.close()
        out.add()


def source_text(schema, source, header):
    out = Lines()
    out.add(banner(source))
    out.add(f'#include "{FOLDER}/{header}"')
    out.add()
    out.add(f'#include "{FOLDER}/codec.hpp"')
    out.add()
    out.add('namespace barnabas::kafka {')
    out.add()
    for message in schema.messages:
        for struct in message.structs + [message]:
            scope = message.cpp_name if struct is message else f'{message.cpp_name}::{struct.cpp_name}'
            body = Body(out, message, struct, scope)
            body.add_put()
            body.add_read()
        add_message_functions(out, message)
    out.add('} // namespace barnabas::kafka')
    return out.text()


def table_text(schemas):
    out = Lines()
    out.add(banner('*.schema'))
    out.add(f'#include "{FOLDER}/message_table.hpp"')
    out.add()
    for path, _ in schemas:
        out.add(f'#include "{FOLDER}/{os.path.basename(path).replace(".schema", ".hpp")}"')
    out.add()
    out.add('#include <array>')
    out.add()
    out.add('namespace barnabas::kafka {')
    out.add()
    messages = [message for _, schema in schemas for message in schema.messages]
    out.open('std::span<const message_type> message_table() noexcept {')
    out.open(f'static constexpr std::array<message_type, {len(messages)}> table{{{{')
    for message in messages:
        out.add(f'message_type_of<{message.cpp_name}>("{message.name}", message_kind::{message.kind}),')
    out.close('}};')
    out.add('return table;')
    out.close()
    out.add()
    out.open('const message_type* find_message(std::string_view name) noexcept {')
    out.open('for (const auto& type : message_table()) {')
    out.open('if (type.name == name) {')
    out.add('return &type;')
    out.close()
    out.close()
    out.add('return nullptr;')
    out.close()
    out.add()
    out.add('} // namespace barnabas::kafka')
    return out.text()


def releases_text(schemas):
    out = Lines()
    out.add(banner('*.schema'))
    out.add(f'#include "{FOLDER}/releases.hpp"')
    out.add()
    out.add('namespace barnabas::kafka {')
    out.add()
    out.open('std::span<const api_releases> releases() noexcept {')
    apis = sorted((schema for schema in schemas if schema.opening == 'api'), key=lambda schema: schema.number)
    for schema in apis:
        names = ', '.join(f'"{release}"' for release in schema.since)
        out.add(f'static constexpr std::string_view api_{schema.number}[] = {{{names}}};')
    out.open('static constexpr api_releases table[] = {')
    for schema in apis:
        out.add(f'{{api_key{{{schema.number}}}, {schema.messages[0].range.low}, api_{schema.number}}},')
    out.close('};')
    out.add('return table;')
    out.close()
    out.add()
    out.add('} // namespace barnabas::kafka')
    return out.text()


def write_file(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main(arguments):
    if len(arguments) == 4 and arguments[0] == 'api':
        schema_path, header_path, source_path = arguments[1:]
        schema = Parser(schema_path).parse()
        source = os.path.basename(schema_path)
        write_file(header_path, header_text(schema, source))
        write_file(source_path, source_text(schema, source, os.path.basename(header_path)))
        return 0
    if len(arguments) > 2 and arguments[0] == 'table':
        write_file(arguments[1], table_text([(path, Parser(path).parse()) for path in arguments[2:]]))
        return 0
    if len(arguments) > 2 and arguments[0] == 'releases':
        write_file(arguments[1], releases_text([Parser(path).parse() for path in arguments[2:]]))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except SchemaError as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
