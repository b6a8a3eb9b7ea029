"""C++ of the structs in a schema: the types of their members and the functions that write and read them."""

from schema import BYTES, NUMBERS, Range


# --- C++ types and sizes -------------------------------------------------------------------------------

def element_type(field):
    if field.struct:
        return field.struct.cpp_name
    if field.type_name == 'string':
        return 'slice' if field.pooled else 'std::string'
    if field.type_name in BYTES:
        return 'slice'
    return NUMBERS[field.type_name][0]


def member_type(field):
    vector = 'pooled_vector' if field.pooled else 'std::vector'
    inner = f'{vector}<{element_type(field)}>' if field.is_array else element_type(field)
    return f'std::optional<{inner}>' if field.nullable else inner


# Names within the generated functions. A field that has one of them is written `this->version` there.
LOCAL_NAMES = ('count', 'element', 'elements', 'field', 'form', 'in', 'left', 'next', 'out', 'previous', 'to', 'version')


def named(field):
    return f'this->{field.cpp_name}' if field.cpp_name in LOCAL_NAMES else field.cpp_name


def initializer(field):
    if field.default == 'empty':
        # Made and moved, not in place: clang does not yet know here that a struct of this message can be made.
        return f' = {element_type(field)}()' if field.struct and not field.is_array else \
            f' = {member_type(field)}(std::in_place)'
    if field.default is not None:
        return f' = {field.default}'
    if field.is_array or field.nullable or field.type_name not in NUMBERS or field.type_name == 'uuid':
        return ''
    return ' = false' if field.type_name == 'bool' else ' = 0'


def reader_call(field):
    if field.type_name != 'string':
        return 'bytes'
    return 'text' if field.pooled else 'string'


def has_length(field):
    return field.is_array or field.type_name == 'string' or field.type_name in BYTES


def least_element_size(field, version, message):
    """The least bytes that one element of the field, or the field itself if it is no array, takes."""
    compact = version >= message.flexible and not field.plain
    if field.type_name == 'string':
        return 1 if compact else 2
    if field.type_name in BYTES:
        return 1 if compact else 4
    if not field.struct:
        return NUMBERS[field.type_name][2]
    if field.nullable and not field.is_array and field.nullable.low <= version <= field.nullable.high:
        return 1
    size = 1 if version >= message.flexible else 0
    for child in field.struct.fields:
        if child.tag is None and child.versions.low <= version <= child.versions.high:
            compact = version >= message.flexible and not child.plain
            size += (1 if compact else 4) if child.is_array else least_element_size(child, version, message)
    return size


def least_size_in_all(field, message):
    versions = range(field.versions.low, field.versions.high + 1)
    return max(1, min(least_element_size(field, version, message) for version in versions))


# --- lines of C++ --------------------------------------------------------------------------------------

class Lines:
    """C++ lines with their indentation."""

    def __init__(self):
        self.lines, self.depth = [], 0

    def add(self, text=''):
        self.lines.append('    ' * self.depth + text if text else '')

    def open(self, text):
        self.add(text)
        self.depth += 1

    def close(self, text='}'):
        self.depth -= 1
        self.add(text)

    def text(self):
        return '\n'.join(self.lines) + '\n'


class Body:
    """One generated struct in the .cpp: its `put` and its `read`."""

    def __init__(self, out, message, struct, scope):
        self.out, self.message, self.struct, self.scope = out, message, struct, scope
        self.plain_fields = [field for field in struct.fields if field.tag is None]
        self.tagged_fields = sorted((field for field in struct.fields if field.tag is not None),
                                    key=lambda field: field.tag)
        self.flexible = Range(message.flexible, None).within(struct.range)

    def form(self, field):
        return 'wire_form::plain' if field.plain else 'form'

    def add_form(self):
        if not any(has_length(field) and not field.plain for field in self.struct.fields):
            return
        condition = self.flexible.condition(self.struct.range)
        if self.flexible.is_empty():
            value = 'wire_form::plain'
        elif not condition:
            value = 'wire_form::compact'
        else:
            value = f'{condition} ? wire_form::compact : wire_form::plain'
        self.out.add(f'[[maybe_unused]] const wire_form form = {value};')

    def guarded(self, condition, emit):
        """Braces under `if (condition)`; nothing around it when there is no condition."""
        if condition:
            self.out.open(f'if ({condition}) {{')
        emit()
        if condition:
            self.out.close()

    # put

    def add_put(self):
        out = self.out
        out.add('template <class Sink>')
        out.open(f'void {self.scope}::put(Sink& out, [[maybe_unused]] std::int16_t version) const {{')
        self.add_form()
        for field in self.plain_fields:
            self.guarded(field.versions.condition(self.struct.range), lambda: self.put_field(field, 'out'))
        if not self.flexible.is_empty():
            self.guarded(self.flexible.condition(self.struct.range), self.put_tags)
        out.close()
        out.add()

    def put_field(self, field, sink):
        name, value = f'"{field.name}"', named(field)
        if not field.nullable:
            return self.put_value(field, sink, name, value)
        if field.struct and not field.is_array:
            return self.put_nullable_struct(field, sink, name)
        self.out.open(f'if ({value}) {{')
        self.put_value(field, sink, name, '*' + value)
        not_null = field.nullable.condition(field.versions)
        null = 'null_text' if field.type_name == 'string' else 'null_bytes'
        null = 'null_array' if field.is_array else null
        self.out.close(f'}} else if ({not_null}) {{' if not_null else '} else {')
        self.out.depth += 1
        self.out.add(f'{sink}.{null}({name}, {self.form(field)});')
        if not_null:
            self.out.close('} else {')
            self.out.depth += 1
            self.put_empty(field, sink, name)
        self.out.close()

    def put_nullable_struct(self, field, sink, name):
        """A byte in front tells whether it is there; versions without null have no such byte, and defaults for null."""
        value, marker = named(field), 'null_marker::tagged' if field.tag is not None else 'null_marker::plain'
        condition = field.nullable.condition(field.versions)
        self.out.open(f'if ({value} || !({condition})) {{' if condition else f'if ({value}) {{')
        self.guarded(condition, lambda: self.out.add(f'{sink}.present({marker});'))
        self.out.add(f'{sink}.begin_struct({name});')
        shown = f'{value}.value_or({element_type(field)}())' if condition else f'{value}->'
        self.out.add(f'{shown}{"." if condition else ""}put({sink}, version);')
        self.out.add(f'{sink}.end_struct();')
        self.out.close('} else {')
        self.out.depth += 1
        self.out.add(f'{sink}.null_struct({name}, {marker});')
        self.out.close()

    def put_empty(self, field, sink, name):
        """Null in a version that has no null becomes empty."""
        form = self.form(field)
        if field.is_array:
            self.out.add(f'{sink}.begin_array({name}, {form}, 0);')
            self.out.add(f'{sink}.end_array();')
        elif field.type_name == 'string':
            self.out.add(f'{sink}.text({name}, {form}, std::string_view());')
        else:
            self.out.add(f'{sink}.bytes({name}, {form}, slice());')

    def put_value(self, field, sink, name, value):
        if not field.is_array:
            return self.put_single(field, sink, name, value)
        member = f'({value})' if value.startswith('*') else value
        self.out.add(f'{sink}.begin_array({name}, {self.form(field)}, {member}.size());')
        self.out.open(f'for (const auto& element : {value}) {{')
        self.put_single(field, sink, 'nullptr', 'element')
        self.out.close()
        self.out.add(f'{sink}.end_array();')

    def put_single(self, field, sink, name, value):
        if field.struct:
            self.out.add(f'{sink}.begin_struct({name});')
            self.out.add(f'{value}.put({sink}, version);')
            self.out.add(f'{sink}.end_struct();')
        elif field.type_name in NUMBERS:
            self.out.add(f'{sink}.value({name}, {value});')
        else:
            call = 'text' if field.type_name == 'string' else 'bytes'
            if call == 'text' and field.pooled:
                value = (f'({value})' if value.startswith('*') else value) + '.text()'
            self.out.add(f'{sink}.{call}({name}, {self.form(field)}, {value});')

    def put_tags(self):
        out = self.out
        if not self.tagged_fields:
            out.add('out.tagged_count(unknown_tagged_fields.size());')
            out.add('put_unknown_rest(out, unknown_tagged_fields, 0);')
            return
        out.add('std::size_t count = unknown_tagged_fields.size();')
        for field in self.tagged_fields:
            condition = field.versions.condition(self.flexible)
            present = not_default(field)
            out.add(f'const bool has_{field.cpp_name} = {condition + " && " if condition else ""}{present};')
            out.add(f'count += has_{field.cpp_name} && !has_tag(unknown_tagged_fields, {field.tag}) ? 1 : 0;')
        out.add('out.tagged_count(count);')
        out.add('std::size_t next = 0;')
        for field in self.tagged_fields:
            out.open(f'if (has_{field.cpp_name}) {{')
            out.add(f'put_unknown_below(out, unknown_tagged_fields, next, {field.tag});')
            out.open(f'out.tagged({field.tag}, [&](auto& to) {{')
            self.put_field(field, 'to')
            out.close('});')
            out.close()
        out.add('put_unknown_rest(out, unknown_tagged_fields, next);')

    # read

    def add_read(self):
        out = self.out
        out.open(f'void {self.scope}::read(wire_reader& in, [[maybe_unused]] std::int16_t version) {{')
        self.add_form()
        for field in self.plain_fields:
            self.guarded(field.versions.condition(self.struct.range), lambda: self.read_field(field))
        if not self.flexible.is_empty():
            self.guarded(self.flexible.condition(self.struct.range), self.read_tags)
        out.close()
        out.add()

    def read_call(self, field, what, extra=''):
        """A reader call that may give null in all, some or none of the versions."""
        arguments = f'("{field.name}", {self.form(field)}{extra})'
        if not field.nullable:
            return f'in.{what}{arguments}'
        condition = field.nullable.condition(field.versions)
        if not condition:
            return f'in.nullable_{what}{arguments}'
        return f'{condition} ? in.nullable_{what}{arguments} : std::optional(in.{what}{arguments})'

    def read_field(self, field):
        value = named(field)
        if field.is_array:
            self.read_array(field)
        elif field.struct and field.nullable:
            self.read_nullable_struct(field)
        elif field.struct:
            self.out.add(f'{value}.read(in, version);')
        elif field.type_name in NUMBERS:
            self.out.add(f'{value} = in.{NUMBERS[field.type_name][1]}("{field.name}");')
        else:
            self.out.add(f'{value} = {self.read_call(field, reader_call(field))};')

    def read_nullable_struct(self, field):
        marker = 'null_marker::tagged' if field.tag is not None else 'null_marker::plain'
        condition = field.nullable.condition(field.versions)
        without_byte = f'!({condition}) || ' if condition else ''
        self.out.open(f'if ({without_byte}in.is_present("{field.name}", {marker})) {{')
        self.out.add(f'{named(field)}.emplace({element_type(field)}()).read(in, version);')
        self.out.close('} else {')
        self.out.depth += 1
        self.out.add(f'{named(field)}.reset();')
        self.out.close()

    def read_array(self, field):
        out, least = self.out, least_size_in_all(field, self.message)
        count = self.read_call(field, 'array_count', f', {least}')
        if field.nullable:
            out.open(f'if (const std::optional<std::size_t> count = {count}) {{')
            out.add(f'auto& elements = {named(field)}.emplace();')
            self.read_elements(field, 'elements', '*count')
            out.close('} else {')
            out.depth += 1
            out.add(f'{named(field)}.reset();')
            out.close()
            return
        out.open('{')
        out.add(f'const std::size_t count = {count};')
        self.read_elements(field, named(field), 'count')
        out.close()

    def read_elements(self, field, elements, count):
        if field.pooled:
            self.out.add(f'{elements} = pooled<{element_type(field)}>(in, {count});')
        else:
            self.out.add(f'{elements}.reserve(in.reserve_hint({count}, sizeof({element_type(field)})));')
        self.out.open(f'for (std::size_t i = 0; i < {count} && in.ok(); ++i) {{')
        if field.struct:
            self.out.add(f'{elements}.emplace_back().read(in, version);')
        elif field.type_name in NUMBERS:
            self.out.add(f'{elements}.push_back(in.{NUMBERS[field.type_name][1]}("{field.name}"));')
        else:
            self.out.add(f'{elements}.push_back(in.{reader_call(field)}("{field.name}", {self.form(field)}));')
        self.out.close()

    def read_tags(self):
        out = self.out
        if not self.tagged_fields:
            out.add('read_unknown_tags(in, unknown_tagged_fields);')
            return
        out.add('std::int64_t previous = -1;')
        out.open('for (auto left = in.tagged_count(); left > 0 && in.ok(); --left) {')
        out.add('const auto field = in.open_tagged(previous);')
        out.add('previous = field.tag;')
        start = ''
        for field in self.tagged_fields:
            condition = field.versions.condition(self.flexible)
            out.add(f'{start}if (field.tag == {field.tag}{" && " + condition if condition else ""}) {{')
            out.depth += 1
            self.read_field(field)
            out.depth -= 1
            start = '} else '
        out.open('} else {')
        out.add('unknown_tagged_fields.push_back(in.unknown_tagged(field));')
        out.close()
        out.add('in.close_tagged(field);')
        out.close()


def not_default(field):
    if field.default == 'empty':
        empty = f'*{named(field)} == {element_type(field)}()' if field.struct and not field.is_array else f'{named(field)}->empty()'
        return f'!({named(field)} && {empty})'
    if field.nullable:
        return f'{named(field)}.has_value()'
    if has_length(field):
        return f'!{named(field)}.empty()'
    if field.type_name == 'uuid':
        return f'!{named(field)}.is_zero()'
    if field.struct:
        return f'!({named(field)} == {field.struct.cpp_name}())'
    default = field.default or ('false' if field.type_name == 'bool' else '0')
    return f'({named(field)} != {default})'
