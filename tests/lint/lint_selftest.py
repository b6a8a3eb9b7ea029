"""The checkers checked: each rule gets a snippet that breaks it and one that does not."""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lint  # noqa: E402
import rules  # noqa: E402
import source  # noqa: E402

with open(os.path.join(lint.HERE, 'layers.txt'), encoding='utf-8') as layers_file:
    LAYERS = layers_file.read()
CASES = []


def problems(rule, files):
    """(path, line) of what the rule says about a small tree."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {'tests/lint/layers.txt': LAYERS, **files}.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'w', encoding='utf-8') as file:
                file.write(text)
        tree = rules.Tree(root, ['tests/lint/layers.txt', *files])
        return [(path, line) for path, line, _ in rule(tree)]


def case(function):
    CASES.append(function)
    return function


def breaks(rule, path, text, line=None):
    found = problems(rule, {path: text})
    assert found, f'{rule.__name__} lets pass in {path}: {text!r}'
    assert line is None or found[0][1] == line, f'{rule.__name__} says line {found[0][1]}, not {line}: {text!r}'


def holds(rule, path, text):
    found = problems(rule, {path: text})
    assert not found, f'{rule.__name__} refuses in {path}: {text!r}'


@case
def an_include_never_points_up():
    breaks(rules.layers, 'protocol/model/a.cpp', '\n#include "runtime/clock/clock.hpp"\n', 2)
    breaks(rules.layers, 'actors/x/a.cpp', '#include "sim/world/world.hpp"\n')
    breaks(rules.layers, 'protocol/model/a.cpp', '#include "protocol/kafka/wire.hpp"\n')
    holds(rules.layers, 'actors/x/a.cpp', '#include "runtime/clock/clock.hpp"\n#include <vector>\n')
    holds(rules.layers, 'actors/x/a.cpp', '// #include "sim/world/world.hpp"\n')


@case
def roles_see_only_messages_and_actors_of_each_other():
    breaks(rules.layers, 'actors/x/a.cpp', '#include "actors/y/inside.hpp"\n')
    holds(rules.layers, 'actors/x/a.cpp', '#include "actors/y/y_messages.hpp"\n#include "actors/x/inside.hpp"\n')


@case
def machines_know_no_caf_and_no_asio():
    breaks(rules.libraries, 'actors/x/a.hpp', '#include <caf/actor.hpp>\n')
    breaks(rules.libraries, 'actors/x/a.hpp', '#include <caf/allowed_unsafe_message_type.hpp>\n')
    breaks(rules.libraries, 'actors/x/a_actor.cpp', '#include <boost/asio/post.hpp>\n')
    breaks(rules.libraries, 'runtime/network/a.hpp', '#include <iostream>\n')
    holds(rules.libraries, 'actors/x/x_messages.hpp', '#include <caf/allowed_unsafe_message_type.hpp>\n')
    holds(rules.libraries, 'actors/x/a_actor.cpp', '#include <caf/actor.hpp>\n')


@case
def forbidden_calls_are_found_outside_runtime():
    for text in ('auto t = std::chrono::steady_clock::now();', 'auto t = time(nullptr);', 'std::mutex m;',
                 'std::lock_guard l(m);', 'std::atomic<int> n;', 'int x = rand();', 'std::random_device d;',
                 'std::uniform_int_distribution<int> d;', 'std::shuffle(a, b, g);', 'getenv("X");', 'thread_local int x;',
                 'std::ifstream f;', 'fopen("a", "r");', '::open("a", 0);', '#include <thread>', '#include <sys/socket.h>',
                 'std::this_thread::yield();', 'std::cout << 1;', 'std::filesystem::path p;', 'sleep(1);'):
        breaks(rules.calls, 'actors/x/a.cpp', '\n' + text + '\n', 2)
        breaks(rules.calls, 'protocol/x/a.cpp', text)
        holds(rules.calls, 'runtime/x/a.cpp', text)


@case
def what_only_looks_like_a_call_is_not_found():
    for text in ('// std::mutex\n', '/* rand() */', 'auto s = "std::mutex rand()";', "char c = '\"'; // rand()\n",
                 'auto s = R"(std::thread t;)";', 'log.open("a");', 'my::rand_seed();', 'std::chrono::milliseconds wait;',
                 'void file::open(int);', 'record.time(nullptr_t{});', 'auto n = 1\'000\'000; f(\'a\');', 'operand();'):
        holds(rules.calls, 'actors/x/a.cpp', text)


@case
def actors_do_not_misuse_caf():
    for text in ('caf::scoped_actor self{system};', 'system.spawn<caf::detached>(f);', 'self->spawn(f);',
                 'system.registry().get(x);', 'request(a, caf::infinite, b);'):
        breaks(rules.calls, 'actors/x/a_actor.cpp', text)
    holds(rules.calls, 'actors/x/a_actor.cpp', 'auto a = runtime::spawn<handle, impl>(node, options);')


@case
def hashed_containers_are_found():
    breaks(rules.hashed, 'actors/x/a.hpp', 'std::unordered_map<int, int> m;')
    breaks(rules.hashed, 'protocol/x/a.hpp', '#include <unordered_set>')
    holds(rules.hashed, 'runtime/x/a.hpp', 'std::unordered_map<int, int> m;')
    holds(rules.hashed, 'actors/x/a.hpp', '// not an unordered_map\nstd::map<int, int> m;')


def body(lines):
    return ''.join(f'    f({i});\n' for i in range(lines))


@case
def long_functions_are_found():
    for head in ('void f() {', 'int a::f(int x) const noexcept {', 'auto f() -> std::vector<int> {', 'TEST(a, b) {',
                 'template <class T, class U = std::vector<T>>\nT f(T x) {', 'a::a() : b_{1}, c_(2) {', 'struct s f() {',
                 'namespace n {\nclass c {\n    void f(std::function<void()> g = {}) {', 'bool operator()(int x) const {',
                 'CAF_ALLOW_UNSAFE_MESSAGE_TYPE(a)\nvoid f() {'):
        closing = '}}};\n' if head.startswith('namespace') else '}\n'
        breaks(rules.length, 'sim/x/a.cpp', head + '\n' + body(60) + closing)
        holds(rules.length, 'sim/x/a.cpp', head + '\n' + body(40) + closing)


@case
def long_classes_tables_and_namespaces_are_no_functions():
    members = ''.join(f'    int f{i}() {{ return {i}; }}\n' for i in range(80))
    holds(rules.length, 'sim/x/a.cpp', 'namespace n {\nclass c : public d {\n' + members + '};\n}\n')
    holds(rules.length, 'sim/x/a.cpp', 'const row rows[] = {\n' + ''.join(f'    {{"a", g({i})}},\n' for i in range(80)) + '};\n')
    holds(rules.length, 'sim/x/a.cpp', 'enum class e : int {\n' + ''.join(f'    a{i},\n' for i in range(80)) + '};\n')
    holds(rules.length, 'sim/x/a.cpp', 'CAF_ALLOW_UNSAFE_MESSAGE_TYPE(x)\nnamespace n {\n' + members + '}\n')
    cases = ''.join(f'    case e::a{i}: return "a";\n' for i in range(80))
    holds(rules.length, 'sim/x/a.cpp', 'const char* f(e x) {\n    switch (x) {\n' + cases + '    }\n}\n')


@case
def names_and_lines_of_functions_are_right():
    text = '#include <a>\n\nint a::run(int x) {\n    auto l = [&] {\n        return 1;\n    };\n    return l();\n}\n\nvoid g() {}\n'
    assert list(source.functions(text)) == [(3, 8, 'a::run'), (10, 10, 'g')], list(source.functions(text))


@case
def long_files_are_found():
    breaks(rules.length, 'sim/x/a.cpp', '\n' * 501)
    holds(rules.length, 'sim/x/a.cpp', '\n' * 500)


@case
def headers_begin_with_pragma_once():
    breaks(rules.headers, 'sim/x/a.hpp', 'int f();\n')
    breaks(rules.headers, 'sim/x/a.hpp', '#pragma once\nusing namespace std;\n')
    holds(rules.headers, 'sim/x/a.hpp', '/// What it is.\n#pragma once\nint f();\n')


@case
def forgotten_sources_are_found():
    assert problems(rules.listed, {'sim/x/a.cpp': '', 'sim/x/meson.build': "files('b.cpp')"}) == [('sim/x/a.cpp', 0)]
    assert not problems(rules.listed, {'sim/x/a.cpp': '', 'sim/x/meson.build': "files('a.cpp')"})
    assert not problems(rules.listed, {'sim/x/a.cpp': '', 'sim/meson.build': "files('x/a.cpp')"})


@case
def folders_need_a_readme():
    assert ('sim/x', 0) in problems(rules.readmes, {'sim/x/a.cpp': '', 'sim/README.md': ''})
    assert ('sim/x', 0) not in problems(rules.readmes, {'sim/x/a.cpp': '', 'sim/x/README.md': ''})


@case
def strangers_at_the_top_are_found():
    assert problems(rules.top_level, {'utils/a.cpp': ''}) == [('utils', 0)]
    assert not problems(rules.top_level, {'docs/a.md': ''})


@case
def unfinished_business_and_paths_of_machines_are_found():
    breaks(rules.words, 'docs/a.md', 'a\n' + 'TO' + 'DO: more\n', 2)
    breaks(rules.words, 'sim/x/a.cpp', '// see /ho' + 'me/somebody/notes\n')
    holds(rules.words, 'docs/a.md', 'mastodon, https://example.org/ho' + 'me/x, a/wo' + 'rk/b\n')


@case
def exceptions_cover_and_must_be_needed():
    found = [('sim/x/a.cpp', 3, 'f has 70 lines, at most 50 are allowed')]
    left = lambda allowed, problem=found: list(lint.after_exceptions('length', problem, allowed))  # noqa: E731
    key = ('length', 'sim/x/a.cpp')
    assert left({}) == found
    assert left({key: 70}) == []
    assert len(left({key: 60})) == 1
    assert 'shrink' in left({key: 80})[0][2]
    assert 'remove' in left({key: 70}, [])[0][2]
    assert lint.read_exceptions('# a\nlength x 3\ncalls y # why\n') == {('length', 'x'): 3, ('calls', 'y'): None}


@case
def unformatted_code_is_found():
    if lint.shutil.which('clang-format') is not None:
        breaks(rules.format, 'sim/x/a.cpp', 'int  f( ) ;\n', 1)
        holds(rules.format, 'sim/x/a.cpp', 'int f();\n')


def main():
    good = True
    for function in CASES:
        try:
            function()
            print(f'PASS lint_selftest.{function.__name__}')
        except AssertionError as why:
            print(f'FAIL lint_selftest.{function.__name__}: {why}')
            good = False
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
