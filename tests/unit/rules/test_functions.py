"""The standard functions, each through a rule set."""

import hashlib

import pytest

from fieldfare.kernel import Unknown
from fieldfare.records import FactValue
from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.rule_sets import a_rule_set, evaluated

SINCE = "TimeSince(timestamp=T)"
CHOPPED = "DomainChopper(urls=StringSplit(s=T), fld=True)"
CASES = [
    ("StringLength(s=T)", "abc", "3"),
    ("StringToLower(s=T)", "ABC", "abc"),
    ("StringToUpper(s=T)", "abc", "ABC"),
    ("StringStartsWith(s=T, start='ab')", "abc", "True"),
    ("StringEndsWith(s=T, end='ab')", "abc", "False"),
    ("StringStrip(s=T)", "  a ", "a"),
    ("StringStrip(s=T, chars='x')", "xax", "a"),
    ("StringLStrip(s=T)", " a ", "a "),
    ("StringRStrip(s=T)", " a ", " a"),
    ("StringReplace(s=T, old='a', new='b')", "aca", "bcb"),
    ("StringJoin(s='-', iterable=StringSplit(s=T))", "a b  c", "a-b-c"),
    ("StringSplit(s=T, sep=',', maxsplit=1)", "a,b,c", "['a', 'b,c']"),
    ("StringSlice(s=T, start=1, end=3)", "abcd", "bc"),
    ("StringClean(s=T, lower=True)", "\uff21\t\u0412", "a b"),
    ("StringClean(s=T, l33t=True, remove_space=True)", "z0 0", "zo0"),
    ("StringClean(s=T, l33t=True)", "33 n3ttl3s, h4t |7", "33 nettles, hat 17"),
    (
        "StringClean(s=T)",
        "\U0001d413\u24d7\u0456\u0455\U0001d6d5l\U0001d41e @ \ufb01g",
        "thistle a fg",
    ),
    ("StringClean(s=T, homoglyph=False, form='NFKD')", "\u00c7a", "Ca"),
    (
        "StringClean(s=T, homoglyph=False, unidecode=True)",
        "\u039a\u03bd\u03c9\u03c3\u03cc\u03c2",
        "Knosos",
    ),
    ("StringClean(s=T, remove_emoji=True)", "\U0001f1f3et\U0001f170\U0001f600", "neta "),
    ("StringClean(s=T, remove_punctuation=True, remove_emoji=True)", "a!\U0001f600b", "a b"),
    ("StringExtractURLs(s=T)", "see https://a.example/x and", "['https://a.example/x']"),
    (
        "StringExtractDomains(s=T)",
        "https://a.example:80/x http://[::1/ https://a.example/y",
        "['a.example']",
    ),
    ("ListLength(list=StringSplit(s=T))", "a b c", "3"),
    ("ListRead(list=StringSplit(s=T), index=1)", "a b", "b"),
    ("ListRead(list=StringSplit(s=T), index=7)", "a b", "Unknown"),
    ("ListSort(list=StringSplit(s=T), reverse=True)", "a c b", "['c', 'b', 'a']"),
    ("HashMd5(input=T)", "a", hashlib.md5(b"a", usedforsecurity=False).hexdigest()),
    ("HashSha1(input=T)", "a", hashlib.sha1(b"a", usedforsecurity=False).hexdigest()),
    ("HashSha256(input=T)", "ä", hashlib.sha256("ä".encode()).hexdigest()),
    ("HashSha512(input=T)", "a", hashlib.sha512(b"a").hexdigest()),
    ("Base64Encode(input=T)", "a", "YQ=="),
    ("Base64Decode(input=T)", "YQ==", "a"),
    ("Base64Decode(input=T)", "%", "Unknown"),
    ("ParseInt(s=T)", "-12", "-12"),
    ("ParseInt(s=T)", "twelve", "Unknown"),
    ("EmailDomain(email=T)", "a@B.example", "b.example"),
    ("EmailDomain(email=T)", "nobody", "Unknown"),
    ("EmailDomain(email=T)", "a@X.b.co.uk", "b.co.uk"),
    ("EmailDomain(email=T)", "a@co.uk", "co.uk"),
    ("EmailDomain(email=T)", "a@", "Unknown"),
    ("EmailSubdomain(email=T)", "a@X.b.co.uk", "x.b.co.uk"),
    ("EmailSubdomain(email=T)", "a.b", "Unknown"),
    ("EmailLocalPart(email=T)", "a@b.example", "a"),
    ("EmailLocalPart(email=T)", "a", "Unknown"),
    ("DomainTld(domain=T)", "https://a.b.co.uk:8/x?y", "co.uk"),
    ("DomainTld(domain=T)", "localhost", "Unknown"),
    ("DomainTld(domain=T)", "a" * 3000, "Unknown"),
    ("DomainTld(domain=T)", "http://[::1", "Unknown"),
    (
        CHOPPED,
        "https://x.a.com/q b.co.uk",
        "['a.com', 'b.co.uk']",
    ),
    (CHOPPED, "a.com localhost", "Unknown"),
    (CHOPPED, "co.uk", "['']"),
    ("DomainChopper(urls=StringSplit(s=T))", "a.com", "[]"),
    ("PhoneCountry(phone_number=T)", "+351912345678", "PT"),
    ("PhoneCountry(phone_number=T)", "14165550123", "CA"),
    ("PhoneCountry(phone_number=T)", "+4400", "GB"),
    ("PhoneCountry(phone_number=T)", "+800 1234 5678", "Unknown"),
    ("PhoneCountry(phone_number=T)", "thistle", "Unknown"),
    ("PhoneCountry(phone_number=T)", "1" * 50, "Unknown"),
    ("PhonePrefix(phone_number=T)", "5558675309", "555867"),
    ("PhonePrefix(phone_number=T)", "5309", "Unknown"),
    ("CountRegexMatches(patterns=['a+b', 'c', 'c', 'z'], target=T)", "aab c", "2"),
    ("CountRegexMatches(patterns=['A'], target=T, case_insensitive=True)", "a", "1"),
    ("TimeDelta(weeks=1, days=1, hours=1, minutes=1, seconds=1)", "", "1w 1d"),
    ("TimeDelta(seconds=0)", "", "0ms"),
    (SINCE, "2025-12-31T20:00:00Z", "4h"),
    (SINCE, "2026-01-01T01:00:00+05:00", "4h"),
    (SINCE, "2025-12-29 23:58:59", "2d 1m"),
    (SINCE, "Wed, 31 Dec 2025 23:59:30 +0000", "30s"),
    (SINCE, "2027-01-01", "0ms"),
    (SINCE, "yesterday", "Unknown"),
    (SINCE, "0001-01-01T00:00:00+23:59", "105659w 3d"),
    (f"GetTimedeltaBucket(timedelta={SINCE}, granularity_seconds=3600)", "2025-12-31", "86400"),
    ("GetTimedeltaBucket(timedelta=TimeDelta(hours=-1), granularity_seconds=7200)", "", "-7200"),
    ("GetTimestampBucket(timestamp=ParseInt(s=T), granularity_seconds=3600)", "7205", "7200"),
    ("GetSnowflakeBucket(snowflake=GetActionId(), granularity_seconds=86400)", "", "1767225600"),
    ("GetSnowflakeBucket(snowflake=1 << 40, granularity_seconds=3600, epoch_ms=0)", "", "0"),
    ("RandomBool(percentage=0.9999999999)", "", "True"),
    ("RandomInt(start=3, end=4) in [3, 4]", "", "True"),
    ("MXLookup(domain=T)", "mail.example", "192.0.2.9"),
    ("MXLookup(domain=T)", "other.example", "Unknown"),
    ("IpNetwork(ip=T)", "192.0.2.77", "192.0.2.0"),
    ("IpNetwork(ip=T)", "2001:0db8::1", "2001:db8:0:0:0:0:0:1"),
    ("IpNetwork(ip=T)", "fe80::1%eth0", "Unknown"),
    ("IpPrefix(ip=T)", "192.0.2.77", "192.0.2.0/24"),
    ("IpPrefix(ip=T, v6=48)", "2001:db8::1", "2001:db8::/48"),
    ("IpPrefix(ip=T)", "somewhere", "Unknown"),
    ("IpNetwork(ip=T)", "somewhere", "Unknown"),
    ("ExtractCookie(header=T, key='b')", "a=1; b=2", "2"),
    ("ExtractCookie(header=T, key='c')", "a=1; b=2", "Unknown"),
    ("HashMatch(bank='known_fakes')", "", "True"),
    ("HashMatch(bank='others')", "", "False"),
    ("HashDistance(bank='known_fakes')", "", "12"),
    ("HashDistance(bank='others')", "", "Unknown"),
    ("ResolveOptional(optional_value=T, default_value='z')", None, "z"),
    ("ResolveOptional(optional_value=T)", "a", "a"),
    ("RegexMatch(pattern='a+b$', target=T)", "xaab", "True"),
    ("RegexMatch(pattern='A', target=T, case_insensitive=True)", "a", "True"),
    ("RegexMatchMap(pattern='a', target=StringSplit(s=T))", "xa y", "True"),
    ("RegexMatchMap(pattern='a', target=StringSplit(s=T), mode='all')", "xa y", "False"),
    ("f'{T}-{T}'", "a", "a-a"),
    ("'a' in T", "cab", "True"),
    ("T not in ['a', 'b', 'c']", "d", "True"),
]


@pytest.mark.parametrize(("call", "text", "expected"), CASES)
def test_a_function_gives_what_it_says(call: str, text: str | None, expected: str) -> None:
    rules = a_rule_set(
        f"T: str = JsonData(path='$.t')\nV = {call}\n"
        "R = Rule(when_all=[True], description=f'{V}')\n"
        "WhenRules(rules_any=[R], then=[Review(queue='adult')])"
    )

    facts: dict[str, FactValue | Unknown] = {
        "domain.mx": {"mail.example": "192.0.2.9"},
        "hash.match.banks": {"known_fakes": 12},
    }
    outcome = evaluated(rules, {"t": text}, facts=facts)

    assert outcome.errors == ()
    assert outcome.verdicts[0].reasons[0].description == expected


def test_every_standard_function_has_a_case() -> None:
    assert [
        name
        for name in [*FUNCTIONS, "CountRegexMatches"]
        if not any(name in call for call, _, _ in CASES)
    ] == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("X + 2", "9"),
        ("X - 2", "5"),
        ("X * 2", "14"),
        ("X / 2", "3.5"),
        ("X // 2", "3"),
        ("X % 4", "3"),
        ("-X % 3", "2"),
        ("X ** 2", "49"),
        ("X << 1", "14"),
        ("X >> 1", "3"),
        ("X & 3", "3"),
        ("X | 8", "15"),
        ("X ^ 1", "6"),
        ("X / 0", "Unknown"),
        ("X % 0", "Unknown"),
        ("X * 1e308", "Unknown"),
        ("0 ** (0 - X)", "Unknown"),
        ("(0 - X) ** 0.5", "Unknown"),
    ],
)
def test_arithmetic_is_pythons_where_it_has_an_answer(expression: str, expected: str) -> None:
    rules = a_rule_set(
        f"X: int = JsonData(path='$.x')\nV = {expression}\n"
        "R = Rule(when_all=[True], description=f'{V}')\n"
        "WhenRules(rules_any=[R], then=[Review(queue='adult')])"
    )

    outcome = evaluated(rules, {"x": 7})

    assert outcome.errors == ()
    assert outcome.verdicts[0].reasons[0].description == expected


@pytest.mark.parametrize(
    "expression",
    [
        "X ** X",
        "X << X",
        "((((((((X * X) * (X * X)) ** 2) ** 2) ** 2) ** 2) ** 2) ** 2)",
        "StringLength(s=StringReplace(s=T, old='', new=T)) ",
        "StringLength(s=StringJoin(s=T, iterable=StringSplit(s=T, sep='a'))) ",
    ],
)
def test_what_would_grow_without_bound_is_refused_at_run_time(expression: str) -> None:
    rules = a_rule_set(
        "X: int = JsonData(path='$.x')\nT: str = JsonData(path='$.t')\n"
        f"R = Rule(when_all=[{expression} > 0], description='')\n"
        "S = Rule(when_all=[X > 0], description='')"
    )

    outcome = evaluated(rules, {"x": 10**6, "t": "a" * 5000})

    assert outcome.fired == ("S",)
    assert len(outcome.errors) == 1
    assert "rule R" in outcome.errors[0]


def test_a_function_is_called_by_name_only() -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="arguments are given by name"):
        a_rule_set("V = StringLength('a')")


def test_names_that_double_again_and_again_stay_bounded() -> None:
    numbers = "".join(f"N{at + 1} = N{at} * N{at}\n" for at in range(40))
    texts = "".join(f"T{at + 1} = f'{{T{at}}}{{T{at}}}'\n" for at in range(40))
    rules = a_rule_set(
        f"N0: int = JsonData(path='$.n')\nT0: str = JsonData(path='$.t')\n{numbers}{texts}"
        "R = Rule(when_all=[N40 == None, T40 == None], description='')"
    )

    outcome = evaluated(rules, {"n": 3, "t": "abc"})

    assert outcome.fired == ("R",)
    assert len(outcome.errors) == 2
