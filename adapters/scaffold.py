"""A first TOML for a registry from its WSDL: `lienthong adapter new --wsdl FILE` (DESIGN section 1).

The draft lists what the WSDL has, operation by operation, with guesses from the names; what only a human can know is
a placeholder in angle brackets, and the draft loads once those are filled in. Pure: text in, text out.
"""

import re
from collections import Counter
from collections.abc import Sequence

from adapters.soap import Contract, Leaf, Operation

_GUESSES: tuple[tuple[str, str], ...] = (
    ("request_id", "mayeucau requestid messageid correlationid transactionid"),
    ("purpose.procedure", "madvc procedure thutuc"),
    ("purpose.officer.id", "macanbo officerid cccdcb"),
    ("purpose.officer.name", "officername hotencb"),
    ("purpose.officer.unit", "madonvi unit agency donvi"),
    ("subject.full_name|upper", "hovaten fullname hoten name"),
    ("subject.birth_date|yyyyMMdd,yyyy", "ngaysinh birthdate dateofbirth ngaythangnam"),
    ("subject.id", "sodinhdanh personalid masothue taxcode vatnumber number id socmnd"),
)
_SOURCES = {word: source for source, words in _GUESSES for word in words.split()}
_PLACEHOLDER = "<source>"
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_READERS = {
    "boolean": 'type = "boolean"',
    "date": 'type = "date", format = ["yyyy-MM-dd"]',
    "dateTime": 'type = "date", format = ["iso-local"]',
    "decimal": 'type = "decimal"',
    **dict.fromkeys(("int", "integer", "long", "short", "nonNegativeInteger", "unsignedInt"), 'type = "integer"'),
}
_HEAD = """\
# Registry {name}, drafted from its WSDL. Fill in what stands in <angle brackets>, take out the services that are not
# wanted, then run `lienthong check` on the configuration. docs/ADAPTERS.md describes every member.
registry = "{name}"
adapter = "soap"
url = "https://<host of the registry>"
deadline_s = 3.0

[auth]
kind = "none" # none | basic | bearer | header | query
"""
_SERVICE = """
[[services]]
service = "{service}"
id_types = ["personal_id"] # personal_id | old_id_card | insurance_code | health_card | tax_code
# subject_requires = ["full_name", "birth_date"]
fields = [
{fields}
]
# sensitive = ["<field>"]

[services.mapping]
wsdl = "{name}.wsdl"
operation = "{operation}"
path = "/<path of the service>"

# Every place of the operation's request: a source, "const:<text>", or no line where the place is optional.
[services.mapping.request]
{request}

# What came of the question is told by the reply, whose places are:
{places}
[services.mapping.reply]
{told}
subject_echo = "<path, within the record, that repeats the identifier asked for>"

[services.mapping.fields]
{mapped}
"""
_BY_RECORD = 'record = "{record}" # none of them: no_match; one: found; two: refused'
_BY_CONDITION = """\
found = [{ path = "<path>", equals = ["<value>"] }]
no_match = [{ path = "<path>", equals = ["<value>"] }]"""


def draft_toml(wsdl: str, name: str) -> str:
    """Draft `registries/<name>.toml` from the text of a WSDL; `MappingError` where the WSDL cannot be used.

    The WSDL is expected beside it as `registries/<name>.wsdl`, with its imports inlined.
    """
    file = f"{name}.wsdl"
    contract = Contract(file, {file: wsdl})
    services = [_service(operation, name) for operation in contract.operations.values()]
    return _HEAD.format(name=name) + "".join(services)


def _service(operation: Operation, name: str) -> str:
    leaves = operation.reply_leaves()
    record = _record(leaves)
    fields = _fields(leaves, f"{record}/" if record else "")
    return _SERVICE.format(
        service=_word(operation.name, "-"),
        fields="\n".join(f'    "{field}",' for field in fields),
        name=name,
        operation=operation.name,
        request="\n".join(_request(operation.request_leaves())),
        places="\n".join(f"#   {leaf.path} ({_particulars(leaf)})" for leaf in leaves),
        told=_BY_RECORD.format(record=record) if record else _BY_CONDITION,
        mapped="\n".join(f"{field} = {reader}" for field, reader in fields.items()),
    )


def _record(leaves: Sequence[Leaf]) -> str:
    """Return the element that holds most of the reply and may repeat: the registry's records, one expected."""
    found = Counter(leaf.under for leaf in leaves if leaf.under)
    return found.most_common(1)[0][0] if found else ""


def _request(leaves: Sequence[Leaf]) -> list[str]:
    """Write a line for each place; optional ones without a guess, or with one already used, as comments."""
    used: set[str] = set()
    lines = []
    for leaf in leaves:
        source = _SOURCES.get(_letters(leaf.path), _PLACEHOLDER)
        idle = leaf.optional and (source == _PLACEHOLDER or source in used)
        used.add(source)
        lines.append(f'{"# " if idle else ""}"{leaf.path}" = "{source}" # {_particulars(leaf)}')
    return lines


def _fields(leaves: Sequence[Leaf], prefix: str) -> dict[str, str]:
    """Name and read each element of the record: after its last part, or its whole path where that stands twice."""
    inside = [leaf for leaf in leaves if leaf.path.startswith(prefix) and "@" not in leaf.path]
    ends = Counter(leaf.path.rpartition("/")[2] for leaf in inside)
    fields = {}
    for leaf in inside:
        path = leaf.path.removeprefix(prefix)
        last = path.rpartition("/")[2]
        fields[_word(path if ends[last] > 1 else last, "_")] = _reader(leaf, path)
    return fields


def _reader(leaf: Leaf, path: str) -> str:
    kind = _READERS.get(leaf.type_name, 'type = "text"')
    if leaf.repeated:
        return f'{{ path = "{path}", type = "list", of = {{ {kind} }} }}'
    return f'{{ path = "{path}", {kind} }}'


def _particulars(leaf: Leaf) -> str:
    return f"{leaf.type_name}, {'optional' if leaf.optional else 'mandatory'}{', repeated' if leaf.repeated else ''}"


def _letters(path: str) -> str:
    return "".join(letter for letter in path.rpartition("/")[2].lower() if letter.isalnum())


def _word(text: str, joint: str) -> str:
    """Write a name of the WSDL in the words of our own: lower case, its parts joined."""
    word = joint.join(_PARTS.findall(text)).lower()
    return word if word[:1].isalpha() else f"x{joint}{word}"
