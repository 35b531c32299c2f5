"""The functions of the language: the standard ones by name, and the calls that are syntax.

The checker, the compiler and the reference all read these tables. The calls of SYNTAX (JsonData,
Rule, Count, RegexMatch, ...) have a meaning of their own and are read in `calls`.
"""

from collections.abc import Mapping
from typing import Final

from fieldfare.rules import (
    addresses,
    chance,
    cleaning,
    digests,
    domains,
    named_lists,
    phones,
    texts,
    times,
)
from fieldfare.rules.counter_calls import CALLS
from fieldfare.rules.signatures import AnyFunction, Default, Function, Param
from fieldfare.rules.sml_types import ANY, BOOL, FLOAT, INT, LIST, STR, STRINGS, SmlType

__all__ = ["BY_PLACE", "FUNCTIONS", "SYNTAX", "Function", "Param"]

_TABLE: Final[tuple[AnyFunction, ...]] = (
    texts.length,
    texts.lowered,
    texts.raised,
    texts.starts_with,
    texts.ends_with,
    texts.stripped,
    texts.stripped_left,
    texts.stripped_right,
    texts.replaced,
    texts.joined,
    texts.split,
    texts.sliced,
    cleaning.clean,
    texts.list_length,
    texts.list_read,
    texts.list_sort,
    digests.md5,
    digests.sha1,
    digests.sha256,
    digests.sha512,
    digests.base64_encode,
    digests.base64_decode,
    digests.parse_int,
    addresses.ip_network,
    addresses.ip_prefix,
    addresses.extract_cookie,
    addresses.extract_urls,
    addresses.extract_domains,
    domains.domain_tld,
    domains.domain_chopper,
    domains.email_domain,
    domains.email_subdomain,
    domains.email_local_part,
    domains.mx_lookup,
    phones.phone_country,
    phones.phone_prefix,
    times.time_delta,
    times.time_since,
    times.timestamp_bucket,
    times.timedelta_bucket,
    times.snowflake_bucket,
    named_lists.hash_match,
    named_lists.hash_distance,
    chance.random_bool,
    chance.random_int,
)
FUNCTIONS: Final[Mapping[str, AnyFunction]] = {function.name: function for function in _TABLE}
"""The standard functions. A Vocabulary has these and those of installed packages."""


def _p(name: str, of: SmlType) -> Param:
    return Param(name=name, type=of)


def _o(name: str, of: SmlType, default: Default, *, const: bool = False) -> Param:
    return Param(name=name, type=of, default=default, required=False, const=const)


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
    "CountRegexMatches": (
        Param(name="patterns", type=STRINGS, const=True),
        _p("target", STR),
        _o("case_insensitive", BOOL, False, const=True),
    ),
    "Experiment": (
        _p("entity", SmlType("entity")),
        Param(name="buckets", type=STRINGS, const=True),
        Param(name="bucket_sizes", type=SmlType("list", FLOAT), const=True),
        Param(name="version", type=INT, const=True),
        Param(name="revision", type=INT, const=True),
    ),
    "ExperimentWhen": (_p("experiment", ANY),),
    "HasLabel": (
        _p("entity", SmlType("entity")),
        Param(name="label", type=STR, const=True),
        _o("manual", ANY, None, const=True),
        _o("status", STR, "added", const=True),
        _o("min_label_age", ANY, None),
        _o("error_on_empty", BOOL, False, const=True),
    ),
    "InList": (Param(name="list", type=STR, const=True), _p("value", STR)),
    "TextMatch": (Param(name="list", type=STR, const=True), _p("target", STR)),
    **{name: call.params for name, call in CALLS.items() if not call.keyed_only},
    "Rule": (_p("when_all", LIST), _p("description", STR)),
}
"""Calls with a meaning of their own. Only Fact, is_missing and default may be called by place."""

BY_PLACE: Final = frozenset({"Fact", "is_missing", "default"})
