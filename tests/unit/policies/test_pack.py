import re
from pathlib import Path

import pytest
import yaml

import fieldfare
from fieldfare.kernel import Unavailable
from fieldfare.policies import (
    DSA_CATEGORIES,
    DSA_KEYWORDS,
    OnEdit,
    OnUnknown,
    PackDoesNotLoad,
    Severity,
    UnknownPolicy,
    load_default_pack,
    load_pack,
    packs_dir,
)

HEAD = """\
name: test
version: "1"
effective_from: "2026-01-01T00:00:00Z"
"""
POLICY = """\
    area: Harassment
    severity: S2
    queue: harassment
    at_high_confidence: [hold]
    on_confirm: [remove]
    strike_bucket: harassment
    dsa_category: STATEMENT_CATEGORY_CYBER_VIOLENCE
    dsa_keyword: KEYWORD_CYBER_HARASSMENT
    texts:
      en: {title: Bullying, rule: Do not bully., notice: You bullied.}
      de: {title: Mobbing, notice: Du hast gemobbt.}
"""
PACK = f"{HEAD}policies:\n  HB.BULLY:\n{POLICY}"
SHIPPED = load_default_pack()


def test_a_policy_gets_the_defaults_of_its_severity() -> None:
    policy = load_pack(PACK).policy("HB.BULLY")

    assert (policy.harm_weight, policy.deadline_min) == (10, 240)
    assert (policy.on_unknown, policy.on_edit) == (OnUnknown.REVIEW, OnEdit.HOLD)
    assert (policy.review, policy.strike_points, policy.judged_by) == (True, 0, ())


@pytest.mark.parametrize(
    ("code", "severity", "unknown", "edit"),
    [
        ("HB.BULLY", "S0", OnUnknown.ALLOW, OnEdit.KEEP),
        ("HB.BULLY", "S1", OnUnknown.ALLOW, OnEdit.KEEP),
        ("HB.BULLY", "S3", OnUnknown.HOLD, OnEdit.HOLD),
        ("HB.BULLY", "S4", OnUnknown.HOLD, OnEdit.HOLD),
        ("IN.SPAM", "S3", OnUnknown.ALLOW, OnEdit.HOLD),
        ("IP.COPY", "S2", OnUnknown.ALLOW, OnEdit.HOLD),
    ],
)
def test_the_unknown_and_the_edited_wait_as_the_severity_asks(
    code: str, severity: str, unknown: OnUnknown, edit: OnEdit
) -> None:
    policy = load_pack(PACK.replace("HB.BULLY", code).replace("S2", severity)).policy(code)

    assert (policy.on_unknown, policy.on_edit) == (unknown, edit)


def test_the_words_come_in_the_language_asked_for_or_in_english() -> None:
    policy = load_pack(PACK).policy("HB.BULLY")

    assert policy.text("de-AT").title == "Mobbing"
    assert policy.text("fr").title == policy.title == "Bullying"


def test_the_hash_names_the_content_and_not_the_layout() -> None:
    same = load_pack(PACK.replace("[hold]", "\n    - hold") + "# a comment\n")
    other = load_pack(PACK.replace("You bullied.", "You have bullied."))

    assert same.hash == load_pack(PACK).hash
    assert other.hash != same.hash


def test_an_overlay_is_part_of_the_hash_and_the_last_that_fits_wins() -> None:
    pack = load_pack(
        PACK
        + """\
overlays:
  - name: strict
    markets: ["DE"]
    policies: {HB.BULLY: {severity: S3, harm_weight: 30}}
  - name: young
    ages: ["13_15"]
    policies: {HB.BULLY: {queue: child_safety}}
"""
    )

    in_germany = pack.policy("HB.BULLY", market="DE")
    young_german = pack.policy("HB.BULLY", market="DE", age_band="13_15")

    assert (in_germany.severity, in_germany.queue) == (Severity.S3, "harassment")
    assert (young_german.severity, young_german.queue) == (Severity.S2, "child_safety")
    assert pack.policy("HB.BULLY", market="FR").severity is Severity.S2
    assert pack.hash != load_pack(PACK).hash


def test_a_pack_declares_kinds_of_its_own() -> None:
    declared = f"{HEAD}kinds: {{shush: {{scope: item, order: 25, gate: warn}}}}\npolicies:\n"
    pack = load_pack(declared + "  HB.BULLY:\n" + POLICY.replace("[hold]", "[shush]"))

    assert pack.kinds["shush"].gate == "warn"
    assert pack.kinds["shush"].webhook == "effect.shush"


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ("severity: S2", "severty: S2", "HB.BULLY", "Did you mean 'severity'"),
        ("severity: S2", "severity: S7", "HB.BULLY.severity", ""),
        ("severity: S2", "severity: S2\n    deadline_min: 0", "HB.BULLY.deadline_min", ""),
        ("severity: S2", "severity: S2\n    strike_points: -1", "HB.BULLY.strike_points", ""),
        ("severity: S2", "severity: S2\n    flags: [no-thumb]", "HB.BULLY.flags", "capitals"),
        ("severity: S2", "severity: S2\n    judged_by: [nsfw]", "HB.BULLY.judged_by", "dots"),
        ("[hold]", "[hodl]", "HB.BULLY.at_high_confidence", "Did you mean 'hold'"),
        ("[hold]", "[ban]", "HB.BULLY.at_high_confidence", ""),
        ("[hold]", "[age_gate]", "HB.BULLY.at_high_confidence", ""),
        (
            "[hold]",
            "[{kind: hold, surfaces: [fed]}]",
            "HB.BULLY.at_high_conf",
            "Did you mean 'feed'",
        ),
        ("[hold]", "[{kind: hold, markets: [de]}]", "HB.BULLY.at_high_conf", "two capital letters"),
        ("[hold]", "[{kind: hold, markets: [NO]}]", "HB.BULLY", "Quote words"),
        ("[hold]", "[]\n    review: false", "HB.BULLY.review", "review: true"),
        ("[hold]", "[hold]\n    review: false", "HB.BULLY.review", "review: true"),
        ("S2", "S3\n    review: false", "HB.BULLY.review", "review: true"),
        ("KEYWORD_CYBER_HARASSMENT", "KEYWORD_CYBER_HARASMENT", "dsa_keyword", "Did you mean"),
        ("CYBER_VIOLENCE", "CYBER", "dsa_category", ""),
        ("      en:", "      fr:", "HB.BULLY.texts", ""),
        ("rule: Do not bully., ", "", "HB.BULLY.texts.en.rule", ""),
        ("HB.BULLY:", "bully:", "bully", "area and a name"),
        ("2026-01-01T00:00:00Z", "2026-01-01", "effective_from", ""),
        ("    queue: harassment", "    queue: a\n    queue: b", "line 9", ""),
        ("    area: Harassment", "    area: [", "pack", ""),
    ],
)
def test_a_mistake_names_its_place_and_how_to_mend_it(
    old: str, new: str, where: str, hint: str
) -> None:
    text = PACK.replace("[hold]", "[limit]") if "S3" in new else PACK

    with pytest.raises(PackDoesNotLoad) as caught:
        load_pack(text.replace(old, new))

    assert where in caught.value.where
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("extra", "where"),
    [
        ("overlays: [{name: x, policies: {HB.BULY: {}}}]", "overlay x: HB.BULY"),
        ("overlays: [{name: x, policies: {HB.BULLY: {queu: y}}}]", "overlay x: HB.BULLY"),
        ("overlays: [{name: x, ages: [teen], policies: {}}]", "overlay x.ages"),
        ("kinds: {hold: {scope: item, order: 1}}", "kinds.hold"),
        ("kinds: {shush: {scope: everything, order: 1}}", "kinds.shush"),
        ("kinds: {shush: {scope: item, order: 1, gate: wide}}", "kinds.shush"),
    ],
)
def test_a_mistake_beside_the_policies_is_told_as_well(extra: str, where: str) -> None:
    with pytest.raises(PackDoesNotLoad) as caught:
        load_pack(f"{PACK}{extra}\n")
    assert where in caught.value.where


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackDoesNotLoad, match=re.escape(str(tmp_path))):
        load_pack(tmp_path)
    with pytest.raises(PackDoesNotLoad):
        load_pack("just text")


def test_an_unknown_policy_is_refused_with_the_closest_name() -> None:
    with pytest.raises(UnknownPolicy, match=r"HB\.BULLY"):
        SHIPPED.policy("HB.BULY")


def test_packs_are_found_in_the_installed_package_before_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "fieldfare"
    package.mkdir(parents=True)
    monkeypatch.setattr(fieldfare, "__file__", str(package / "__init__.py"))

    with pytest.raises(Unavailable, match="no policy packs"):
        packs_dir()
    (tmp_path / "packs" / "default").mkdir(parents=True)
    assert packs_dir() == tmp_path / "packs"
    (package / "packs" / "default").mkdir(parents=True)
    assert packs_dir() == package / "packs"


def test_the_shipped_pack_has_every_policy_in_two_languages_and_files_it_under_the_dsa() -> None:
    assert len(SHIPPED.policies) == 69
    for policy in SHIPPED.policies.values():
        english, german = policy.texts["en"], policy.texts["de"]
        assert policy.dsa_category in DSA_CATEGORIES
        assert policy.dsa_keyword in DSA_KEYWORDS
        assert english.rule.endswith(".")
        assert english.notice.endswith(".")
        assert english.do_not
        assert english.allowed
        assert german.title
        assert german.notice.endswith(".")


def test_the_shipped_policies_answer_the_unknown_as_their_severity_asks() -> None:
    for code, policy in SHIPPED.policies.items():
        lenient = code.startswith(("IN.", "IP.")) or policy.severity in {Severity.S0, Severity.S1}
        expected = OnUnknown.ALLOW if lenient else OnUnknown.HOLD
        if policy.severity is Severity.S2 and not lenient:
            expected = OnUnknown.REVIEW
        assert policy.on_unknown is expected, code


def test_a_shipped_policy_of_zero_tolerance_closes_the_account_or_has_a_reason_not_to() -> None:
    strict = {code for code, one in SHIPPED.policies.items() if one.zero_tolerance}

    assert all(SHIPPED.policy(code).strike_points == 10 for code in strict)
    assert all(
        [action.kind for action in SHIPPED.policy(code).account] == ["ban"] for code in strict
    )
    assert {"CS.CSAM", "VE.TERROR", "VC.THREAT", "IN.CIO"} < strict


def test_nobody_is_punished_for_being_in_danger() -> None:
    for code in ("SH.PLAN", "SH.DEPICT", "SH.RECOV"):
        policy = SHIPPED.policy(code)
        assert (policy.strike_points, policy.account, policy.zero_tolerance) == (0, (), False)


def test_a_hash_match_removes_only_where_the_policy_says_so() -> None:
    banked = {code for code, one in SHIPPED.policies.items() if one.on_match}

    assert banked == {
        "AN.BEST",
        "CS.CSAM",
        "CS.CSAM_SYN",
        "GV.MURDER",
        "GV.TORTURE",
        "SA.NCII",
        "SA.NCII_SYN",
        "VE.TERROR",
    }
    assert [one.kind for one in SHIPPED.policy("GV.MURDER").when_matched] == ["remove"]
    assert [one.kind for one in SHIPPED.policy("HB.LOW").when_matched] == ["limit"]


def test_only_three_facts_can_judge_and_most_grave_policies_wait_for_people() -> None:
    assert set(SHIPPED.judging) == {
        "visual.nsfw.max",
        "hash.match.policy",
        "text.lexicon.policy",
    }
    assert [one.code for one in SHIPPED.judging["visual.nsfw.max"]] == ["AD.SEX", "AD.NUDE"]
    assert SHIPPED.policy("VC.TRAFF").judged_by == ()


def test_shipped_overlays_hold_forbidden_signs_and_guard_young_authors() -> None:
    signs = SHIPPED.policy("HS.IDEOL", market="DE")
    young = SHIPPED.policy("AD.SUGG", age_band="13_15")

    assert [one.kind for one in signs.at_high_confidence] == ["hold"]
    assert SHIPPED.policy("HS.IDEOL", market="US").at_high_confidence == ()
    assert (young.queue, [one.kind for one in young.on_confirm]) == ("child_safety", ["remove"])


def test_no_key_of_the_shipped_file_is_read_as_a_truth_value() -> None:
    raw = yaml.safe_load((packs_dir() / "default" / "policies.yaml").read_text("utf-8"))

    def keys(node: object) -> list[object]:
        if isinstance(node, dict):
            return [*node, *(key for value in node.values() for key in keys(value))]
        return [key for value in node for key in keys(value)] if isinstance(node, list) else []

    assert all(isinstance(key, str) for key in keys(raw))


@pytest.mark.parametrize("code", SHIPPED.policies)
def test_nothing_for_the_safety_of_children_is_pictured(code: str) -> None:
    sealed = {"NO_THUMB", "RESTRICTED_QUEUE"} & SHIPPED.policy(code).flags or code.startswith("CS.")

    assert SHIPPED.may_picture(code) is not bool(sealed)


@pytest.mark.parametrize("flags", ["[]", "[NO_THUMB]", "[RESTRICTED_QUEUE]"])
def test_what_may_be_pictured_is_one_rule_and_an_overlay_may_forbid_it(flags: str) -> None:
    may = flags == "[]"
    child = PACK.replace("HB.BULLY", "CS.OTHER")
    overlay = f"overlays: [{{name: x, markets: [DE], policies: {{HB.BULLY: {{flags: {flags}}}}}}}]"

    assert load_pack(f"{PACK}    flags: {flags}\n").may_picture("HB.BULLY") is may
    assert load_pack(f"{PACK}{overlay}\n").may_picture("HB.BULLY") is may
    assert not load_pack(f"{child}    flags: {flags}\n").may_picture("CS.OTHER")
    assert not load_pack(PACK).may_picture("HB.UNKNOWN")
