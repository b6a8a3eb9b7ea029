#!/usr/bin/env python3
"""Bad schemas are refused with file and line."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 4)
sys.path.insert(0, os.path.join(ROOT, 'protocol', 'kafka'))

from schema import Parser, SchemaError, snake_case  # noqa: E402


def parse(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'test.schema')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return Parser(path).parse()


def message(*fields):
    return 'api 7 Test\nsince 1.0 1.1 1.2 1.3 1.4 1.5\nrequest 0-5 flexible 3+\n' + ''.join(field + '\n' for field in fields)


class SchemaTest(unittest.TestCase):
    def refuse(self, text, line, part):
        with self.assertRaises(SchemaError) as caught:
            parse(text)
        self.assertIn(f'test.schema:{line}: ', str(caught.exception))
        self.assertIn(part, str(caught.exception))

    def test_fields_keep_order_ranges_and_structs(self):
        schema = parse(message('  a int32 0+ = -1 | A.', '  b []Inner 2-4 | B.', '    c string?3+ 0+ | C.'))
        request = schema.messages[0]
        self.assertEqual(request.name, 'TestRequest')
        self.assertEqual([field.name for field in request.fields], ['a', 'b'])
        inner = request.structs[0].fields[0]
        self.assertEqual((inner.versions.low, inner.versions.high), (2, 4))
        self.assertEqual((inner.nullable.low, inner.nullable.high), (3, 4))

    def test_names_become_snake_case(self):
        for name, expected in (('topicId', 'topic_id'), ('enable2Pc', 'enable2_pc'), ('FetchTopic', 'fetch_topic')):
            self.assertEqual(snake_case(name), expected)

    def test_mistakes_are_named_with_their_line(self):
        for field, part in (
                ('  a int32 0+', '`| what it means`'),
                ('  a int32 | A.', 'write `name type versions'),
                ('  a int33 0+ | A.', 'is no type'),
                ('  A int32 0+ | A.', 'lower camel case'),
                ('  a int32 5-3 | A.', 'is no range'),
                ('  a int32 6+ | A.', 'no version of TestRequest'),
                ('  a int8 0+ = 128 | A.', '`128` is no int8'),
                ('  a string 0+ = x | A.', 'take a default'),
                ('  a int32 2+ tag 0 | A.', 'only flexible versions'),
                ('  a int32? 0+ | A.', 'can be null'),
                ('  a int32 0+ often | A.', 'is none of'),
                ('   a int32 0+ | A.', 'two spaces'),
                ('      a int32 0+ | A.', 'deeper'),
                ('  a Empty 0+ | A.', 'has no fields')):
            self.refuse(message(field), 4, part)

    def test_names_and_tags_are_unique(self):
        self.refuse(message('  a int32 0+ | A.', '  a int32 0+ | A.'), 5, 'twice')
        self.refuse(message('  a int32 3+ tag 0 | A.', '  b int32 3+ tag 0 | B.'), 5, 'taken')
        self.refuse(message('  inner Inner 0+ | A.', '    b int32 0+ | B.'), 4, 'rename the struct')

    def test_messages_need_their_heads(self):
        self.refuse('request 0-1 flexible 1+\n', 1, '`api NUMBER Name`')
        self.refuse('api 7 Test\nrequest 0+ flexible 1+\n', 2, 'LOW-HIGH')
        self.refuse('api 7 Test\nrequest 0-1 flexible 2+\n', 2, '`flexible`')
        self.refuse('api 7 Test\nrequest 0-5 flexible 1+ unstable 4\n', 2, 'highest')
        self.refuse('# nothing\n', 1, 'no message')

    def test_a_pooled_message_pools_all_its_fields(self):
        head = 'api 7 Test\nsince 1.0\nrequest 0 flexible none{}\n  a []Inner 0+ | A.\n    b string 0+ | B.\n'
        for word, pooled in ((' pooled', True), ('', False)):
            request = parse(head.format(word)).messages[0]
            self.assertEqual([request.fields[0].pooled, request.structs[0].fields[0].pooled], [pooled, pooled])
        self.refuse(head.format(' pooled pooled'), 3, 'LOW-HIGH')

    def test_releases_are_one_per_version(self):
        self.assertEqual(parse(message('  a int32 0+ | A.')).since[5], '1.5')
        self.refuse('api 7 Test\nsince 1.0 1.1\nrequest 0 flexible none\n  a int8 0+ | A.\n', 3, 'names 2 releases')
        self.refuse('api 7 Test\nsince newest\n', 2, 'no release')
        self.refuse('record 7 Test\nsince 1.0\n', 2, 'between `api` and `request`')

    def test_records_have_a_key_and_a_value(self):
        record = parse('record 3 Group\nkey 0 flexible none\n  id string 0+ | Id.\nvalue 0-1 flexible 1+\n  epoch int32 0+ | Epoch.\n')
        self.assertEqual([(each.name, each.kind, each.api_key) for each in record.messages],
                         [('GroupKey', 'record_key', 3), ('GroupValue', 'record_value', 3)])
        self.refuse('api 3 Group\nkey 0 flexible none\n', 2, '`record NUMBER Name`')
        self.refuse('record 3 Group\nmessage Other 0 flexible none\n', 2, 'is none of')

    def test_a_struct_used_again_is_widened_to_the_versions_of_both_places(self):
        request = parse(message('  old []Part 0-1 | Old.', '    a int32 0+ | A.', '    b int32 4+ | B.', '  new []Part 3+ | New.')).messages[0]
        part = request.structs[0]
        self.assertEqual((part.range.low, part.range.high), (0, 5))
        self.assertEqual([(each.versions.low, each.versions.high) for each in part.fields], [(0, 5), (4, 5)])
        self.refuse(message('  new []Part 3+ | New.'), 4, 'has no fields, here or above')
        self.refuse(message('  a Part 0+ | A.', '    b int8 0+ | B.', '  c Part 0+ | C.', '    d int8 0+ | D.'), 6, 'defined twice')

    def test_null_and_empty_are_defaults_of_nullable_fields(self):
        fields = parse(message('  a string? 0+ = empty | A.', '  b Part? 1+ | B.', '    c int8 0+ | C.')).messages[0].fields
        self.assertEqual([field.default for field in fields], ['empty', None])
        self.refuse(message('  a string 0+ = empty | A.'), 4, 'take a default')


if __name__ == '__main__':
    unittest.main()
