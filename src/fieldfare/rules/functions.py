"""The standard functions of the language: names, parameters, types and what runs.

The checker, the compiler and the reference all read this one table. Functions that are syntax of
their own (JsonData, Rule, Count, RegexMatch, ...) are read in `calls`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.rules import strings
from fieldfare.rules.sml_types import ANY, BOOL, INT, LIST, STR, STRINGS, SmlType


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter. required: must be given; const: must be a literal; choices: allowed literals."""

    name: str
    type: SmlType
    default: str | int | bool | None = None
    required: bool = True
    const: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A standard function: `run` takes the arguments in the order of `params`.

    may_be_unknown: `run` gives None where it has no answer. inline: Python text with {0}, {1}...
    for the arguments, where a call would only cost time.
    """

    name: str
    params: tuple[Param, ...]
    returns: SmlType
    run: Callable[..., object]
    about: str
    may_be_unknown: bool = False
    inline: str = ""

    def signature(self) -> str:
        """Write the function as the reference shows it."""
        written = []
        for param in self.params:
            tail = "" if param.required else f" = {param.default!r}"
            written.append(f"{param.name}: {param.type}{tail}")
        return f"{self.name}({', '.join(written)}) -> {self.returns}"


def _p(name: str, of: SmlType) -> Param:
    return Param(name=name, type=of)


def _o(name: str, of: SmlType, default: str | int | bool | None, *, const: bool = False) -> Param:  # noqa: FBT001
    return Param(name=name, type=of, default=default, required=False, const=const)


_S: Final = _p("s", STR)
_INPUT: Final = _p("input", STR)
_CHARS: Final = _o("chars", STR, None)
_FORM: Final = Param(
    name="form",
    type=STR,
    default="NFKC",
    required=False,
    const=True,
    choices=("NFC", "NFKC", "NFD", "NFKD"),
)


def _f(  # noqa: PLR0917 -- one line a function is what makes the table readable
    name: str,
    params: tuple[Param, ...],
    returns: SmlType,
    run: Callable[..., object],
    about: str,
    inline: str = "",
    *,
    may_be_unknown: bool = False,
) -> Function:
    return Function(
        name=name,
        params=params,
        returns=returns,
        run=run,
        about=about,
        inline=inline,
        may_be_unknown=may_be_unknown,
    )


_CLEANING: Final = (
    _S,
    _FORM,
    _o("remove_emoji", BOOL, False),
    _o("space", BOOL, True),
    _o("l33t", BOOL, False),
    _o("homoglyph", BOOL, True),
    _o("unicode_normalize", BOOL, True),
    _o("upper", BOOL, False),
    _o("lower", BOOL, False),
    _o("remove_space", BOOL, False),
    _o("remove_punctuation", BOOL, False),
)
_START_END: Final = (_S, Param(name="start", type=INT, const=True), _p("end", INT))
_SPLIT: Final = (_S, _o("sep", STR, None), _o("maxsplit", INT, -1))

_TABLE: Final = (
    _f("StringLength", (_S,), INT, len, "characters", "len({0})"),
    _f("StringToLower", (_S,), STR, str.lower, "in lower case", "{0}.lower()"),
    _f("StringToUpper", (_S,), STR, str.upper, "in upper case", "{0}.upper()"),
    _f(
        "StringStartsWith",
        (_S, _p("start", STR)),
        BOOL,
        str.startswith,
        "begins so",
        "{0}.startswith({1})",
    ),
    _f("StringEndsWith", (_S, _p("end", STR)), BOOL, str.endswith, "ends so", "{0}.endswith({1})"),
    _f("StringStrip", (_S, _CHARS), STR, str.strip, "without white space (or chars) around"),
    _f("StringLStrip", (_S, _CHARS), STR, str.lstrip, "likewise, on the left"),
    _f("StringRStrip", (_S, _CHARS), STR, str.rstrip, "likewise, on the right"),
    _f(
        "StringReplace",
        (_S, _p("old", STR), _p("new", STR)),
        STR,
        strings.replace,
        "every `old` replaced",
    ),
    _f("StringJoin", (_S, _p("iterable", STRINGS)), STR, strings.join, "parts joined by s"),
    _f("StringSplit", _SPLIT, STRINGS, str.split, "parts between separators"),
    _f("StringSlice", _START_END, STR, lambda s, start, end: s[start:end], "from start to end"),
    _f("StringClean", _CLEANING, STR, strings.clean, "cleaned, steps in the order of parameters"),
    _f("StringExtractURLs", (_S,), STRINGS, strings.extract_urls, "http(s) addresses in a text"),
    _f("StringExtractDomains", (_S,), STRINGS, strings.extract_domains, "their hosts"),
    _f("ListLength", (_p("list", LIST),), INT, len, "items", "len({0})"),
    _f(
        "ListRead",
        (_p("list", STRINGS), _o("index", INT, 0)),
        STR,
        strings.list_read,
        "the item at index; Unknown outside",
        may_be_unknown=True,
    ),
    _f(
        "ListSort",
        (_p("list", STRINGS), _o("reverse", BOOL, False)),
        STRINGS,
        strings.list_sort,
        "sorted",
    ),
    _f("HashMd5", (_INPUT,), STR, strings.hasher("md5"), "hex digest of the UTF-8 bytes"),
    _f("HashSha1", (_INPUT,), STR, strings.hasher("sha1"), "likewise"),
    _f("HashSha256", (_INPUT,), STR, strings.hasher("sha256"), "likewise"),
    _f("HashSha512", (_INPUT,), STR, strings.hasher("sha512"), "likewise"),
    _f("Base64Encode", (_INPUT,), STR, strings.base64_encode, "base64 of the UTF-8 bytes"),
    _f(
        "Base64Decode",
        (_INPUT,),
        STR,
        strings.base64_decode,
        "the text within; Unknown if none",
        may_be_unknown=True,
    ),
    _f("ParseInt", (_S,), INT, strings.parse_int, "Unknown if no number", may_be_unknown=True),
    _f(
        "EmailDomain",
        (_p("email", STR),),
        STR,
        strings.email_domain,
        "after the @",
        may_be_unknown=True,
    ),
    _f(
        "EmailLocalPart",
        (_p("email", STR),),
        STR,
        strings.email_local_part,
        "before the @",
        may_be_unknown=True,
    ),
    _f(
        "IpNetwork",
        (_p("ip", STR),),
        STR,
        strings.ip_network,
        "the /24 (IPv6: /64) it is in",
        may_be_unknown=True,
    ),
    _f(
        "ExtractCookie",
        (_p("header", STR), Param(name="key", type=STR, const=True)),
        STR,
        strings.extract_cookie,
        "a cookie's value; Unknown if absent",
        may_be_unknown=True,
    ),
)
FUNCTIONS: Final[Mapping[str, Function]] = {function.name: function for function in _TABLE}

SYNTAX: Final[Mapping[str, tuple[Param, ...]]] = {
    "JsonData": (
        Param(name="path", type=STR, const=True),
        _o("required", BOOL, True, const=True),
        _o("coerce_type", BOOL, True, const=True),
    ),
    "EntityJson": (
        Param(name="type", type=STR, const=True),
        Param(name="path", type=STR, const=True),
        _o("required", BOOL, True, const=True),
        _o("coerce_type", BOOL, True, const=True),
    ),
    "Entity": (Param(name="type", type=STR, const=True), _p("id", ANY)),
    "GetActionName": (),
    "GetActionId": (),
    "Fact": (Param(name="name", type=STR, const=True),),
    "is_missing": (_p("x", ANY),),
    "default": (_p("x", ANY), _p("v", ANY)),
    "ResolveOptional": (
        _p("optional_value", ANY),
        _o("default_value", ANY, None),
        _o("should_report_error", BOOL, False, const=True),
    ),
    "RegexMatch": (
        Param(name="pattern", type=STR, const=True),
        _p("target", STR),
        _o("case_insensitive", BOOL, False, const=True),
    ),
    "RegexMatchMap": (
        Param(name="pattern", type=STR, const=True),
        _p("target", STRINGS),
        _o("case_insensitive", BOOL, False, const=True),
        Param(
            name="mode",
            type=STR,
            default="any",
            required=False,
            const=True,
            choices=("any", "all"),
        ),
    ),
    "InList": (Param(name="list", type=STR, const=True), _p("value", STR)),
    "Count": (
        _p("key", LIST),
        Param(name="window", type=STR, const=True),
        _o("where", BOOL, None),
    ),
    "CountDistinct": (
        _p("of", ANY),
        _p("key", LIST),
        Param(name="window", type=STR, const=True),
        _o("where", BOOL, None),
    ),
    "Rule": (_p("when_all", LIST), _p("description", STR)),
}
"""Calls with a meaning of their own. Only Fact, is_missing and default may be called by place."""

BY_PLACE: Final = frozenset({"Fact", "is_missing", "default"})
