#!/usr/bin/env python3
"""Writes the schemas as tables in C++, for tests that make messages without the generated codecs.

    describe.py CPP SCHEMA...
"""

import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)
sys.path.insert(0, os.path.join(ROOT, 'protocol', 'kafka'))
from schema import Parser, SchemaError  # noqa: E402


def number_of(field):
    """The default as a number; empty, false and zero are 0."""
    if field.default in (None, 'empty', 'false'):
        return 0
    return 1 if field.default == 'true' else int(field.default)


def described(field, table_of):
    null = (field.nullable.low, field.nullable.high) if field.nullable else (1, 0)
    default = number_of(field)
    default = 'INT64_MIN' if default == -2**63 else f'{default}'
    kind = 'structure' if field.struct else {'float64': 'float64_type', 'bool': 'bool_type'}.get(field.type_name, field.type_name + '_type')
    flags = ', '.join('true' if flag else 'false' for flag in (field.is_array, field.plain, field.default == 'empty'))
    children = f'&{table_of[id(field.struct)]}' if field.struct else 'nullptr'
    return (f'    {{"{field.name}", wire_type::{kind}, {flags}, {field.versions.low}, {field.versions.high}, {null[0]}, {null[1]}, '
            f'{-1 if field.tag is None else field.tag}, {default}, {children}}},')


def main(arguments):
    lines = ['#include "tests/golden/description.hpp"', '', 'namespace barnabas::golden {', 'namespace {', '']
    entries = []
    for path in arguments[1:]:
        for message in Parser(path).parse().messages:
            table_of = {}
            for number, struct in enumerate(message.structs + [message]):
                name = f'{message.cpp_name}_{number}'
                table_of[id(struct)] = name
                lines.append(f'const field_description {name}_fields[] = {{')
                lines += [described(field, table_of) for field in struct.fields]
                lines += ['};', f'const struct_description {name}{{{name}_fields}};', '']
            entries.append(f'    {{"{message.name}", {message.range.low}, {message.range.high}, {message.flexible}, &{table_of[id(message)]}}},')
    lines += ['const message_description messages[] = {'] + entries + ['};', '', '} // namespace', '',
              'std::span<const message_description> message_descriptions() noexcept {', '    return messages;', '}', '',
              '} // namespace barnabas::golden']
    with open(arguments[0], 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except SchemaError as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
