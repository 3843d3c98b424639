"""The rules of the house that no linter keeps: sizes, mirrors, late imports, and documents that match the code."""

import ast
import importlib
import re
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
import typer.main

from gateway.cli.app import COMMANDS, build
from gateway.settings import Settings
from schemas.problems import PROBLEMS

ROOT = Path(__file__).parents[1]
PACKAGES = ("signing", "schemas", "adapters", "gateway", "mocks")
MODULES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SOURCES = [
    *MODULES,
    *sorted(path.relative_to(ROOT) for name in ("tests", "bench") for path in (ROOT / name).rglob("*.py")),
]
MAX_LINES, MAX_FUNCTION = 400, 60

TESTED_ELSEWHERE = {
    "*/__init__.py": "a package's front door: re-exports only",
    "*/__main__.py": "starts the command line that is tested beside it",
    "gateway/cli/*.py": "commands, driven whole by tests/flows/test_sandbox.py and tests/gateway/cli/test_app.py",
    "gateway/demo.py": "the story holds itself against the sandbox; `.ci/run` plays it to the end",
    "gateway/app.py": "the order in which a worker is made; tests/flows/test_sandbox.py starts it, kills it, stops it",
    "gateway/worker.py": "gunicorn's glue; every test of tests/flows goes through it",
    "gateway/installation.py": "reads key files at the start of every worker in tests/flows",
    "gateway/web/openapi_*.py": "shapes of the OpenAPI document, which tests/gateway/web/test_openapi.py makes whole",
    "gateway/client/proving.py": "driven by `call --save` in tests/flows/test_sandbox.py",
    "gateway/administration.py": "driven by tests/gateway/cli/test_configuration.py",
    "gateway/sandbox/installation.py": "driven by tests/flows/test_sandbox.py",
    "gateway/sandbox/layout.py": "names of files, held against the contract by tests/gateway/sandbox/test_files.py",
}
"""Modules without a test file of their own, by pattern, and why."""


@cache
def tree_of(module):
    """Parse a module."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def mirrors_of(module):
    """Find the test files that mirror a module: test_<name>.py, or test_<name>_<aspect>.py."""
    folder = ROOT / "tests" / module.parent
    return [*folder.glob(f"test_{module.stem}.py"), *folder.glob(f"test_{module.stem}_*.py")]


@cache
def imported_by_tests():
    """Name every module that a test or a fixture imports."""
    names = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(tree_of(path.relative_to(ROOT))):
            if isinstance(node, ast.ImportFrom):
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    return names


@cache
def functions_of(module):
    """Find a module's functions, methods and inner functions."""
    return [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def wrong(modules, found):
    """Return what a rule finds, by module, where it finds anything."""
    return {str(module): told for module in modules if (told := found(module))}


def test_files_are_short():
    """No file is longer than 400 lines."""
    lengths = {str(module): len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in SOURCES}
    assert len(lengths) > 500
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_functions_are_short():
    """No function is longer than 60 lines."""

    def long(module):
        lengths = {node.name: node.end_lineno - node.lineno + 1 for node in functions_of(module)}
        return {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION}

    assert wrong(SOURCES, long) == {}


def test_imports_are_real_and_at_the_top():
    """No import hides in a function or behind TYPE_CHECKING."""

    def hidden(module):
        inner = (node for function in functions_of(module) for node in ast.walk(function))
        lines = [node.lineno for node in inner if isinstance(node, ast.Import | ast.ImportFrom)]
        return lines or "TYPE_CHECKING" in (ROOT / module).read_text(encoding="utf-8")

    assert wrong(MODULES, hidden) == {}


def test_every_module_has_its_tests():
    """Tests mirror the source, or name the module themselves; an exception is listed with its reason."""

    def untested(module):
        excused = any(fnmatch(str(module), pattern) for pattern in TESTED_ELSEWHERE)
        named = ".".join(module.with_suffix("").parts) in imported_by_tests()
        return None if excused or named or mirrors_of(module) else f"write tests/{module.parent}/test_{module.stem}.py"

    assert wrong(MODULES, untested) == {}


def test_no_exception_is_stale():
    """Every exception still excuses some module."""
    used = {pattern for pattern in TESTED_ELSEWHERE if any(fnmatch(str(module), pattern) for module in MODULES)}
    assert used == set(TESTED_ELSEWHERE)


def test_every_test_says_what_it_proves():
    """Each test function has a docstring."""

    def mute(module):
        tests = (node for node in functions_of(module) if node.name.startswith("test_"))
        return [node.name for node in tests if not ast.get_docstring(node)]

    assert wrong([module for module in SOURCES if module.name.startswith("test_")], mute) == {}


def tracked_texts():
    """Read every text file that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file():
            yield name, path.read_bytes().decode("utf-8", "replace")


def test_no_pattern_is_possessive():
    """Python before 3.11.5, which Debian 12 has, matches possessive quantifiers and atomic groups wrongly.

    Read are the patterns that stand in modules, which all but those made of configuration do.
    """
    possessive, seen = [], 0
    for module in MODULES:
        if module.stem == "__main__":
            continue
        loaded = importlib.import_module(".".join(module.with_suffix("").parts).removesuffix(".__init__"))
        for name, value in vars(loaded).items():
            if isinstance(value, re.Pattern):
                seen += 1
                read = repr(re._parser.parse(value.pattern, value.flags))
                if "POSSESSIVE" in read or "ATOMIC" in read:
                    possessive.append(f"{module}: {name}")
    assert seen > 40
    assert possessive == []


def test_nothing_names_this_machine_or_a_package_registry():
    """No committed file holds a path of a developer's machine or the address of a package registry."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    forbidden = re.compile(
        "|".join(("/wo" + r"rk/(main|shared)", "/ro" + "ot/", "py" + r"pi\.org", "python" + "hosted"))
    )
    assert {name: found[0] for name, text in tracked_texts() if (found := forbidden.search(text))} == {}


@cache
def documents():
    """Read the README and every page of docs."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())


def _said(page):
    """Return a README's commands with their output, its links, and how many parts it has."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = [re.sub(r"  +# .*", "", block) for block in re.findall(r"```.*?```", text, re.DOTALL)]
    links = set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.vi.md"}
    return blocks, links, text.count("\n## ")


def test_both_readmes_say_the_same():
    """The Vietnamese README has the same commands, links and parts as the English one."""
    assert _said("README.vi.md") == _said("README.md")


def test_documented_commands_exist():
    """Every `lienthong …` in the README and docs is a command of the program, subcommands and options included."""
    used = re.findall(r"\blienthong ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)(?=[ `\n|])([^`\n|]*)", documents())
    assert used
    root = typer.main.get_command(build())
    unknown = [f"{words}{rest}" for words, rest in used if not known(root, words.split(), rest)]
    assert unknown == []


def known(root, words, rest):
    """Whether the words lead to a command that has the options named in the rest."""
    command = root.commands.get(words[0])
    if command is None:
        return False
    if len(words) > 1 and hasattr(command, "commands"):
        command = command.commands.get(words[1])
    if command is None:
        return False
    has = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return set(re.findall(r"(?<= )--[a-z-]+", f" {rest}")) <= has


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_documented(command):
    """The README or docs name every command."""
    named = f"lienthong {command}" in documents()
    assert named


@pytest.mark.parametrize("setting", sorted(Settings.model_fields))
def test_every_setting_is_documented(setting):
    """The docs name every setting."""
    named = f"LIENTHONG_{setting.upper()}" in documents()
    assert named


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_is_documented(code):
    """The docs name every problem code."""
    named = f"`{code}`" in documents()
    assert named
