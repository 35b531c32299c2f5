"""The editor of the rules: a draft is typed, checked, and kept as a version.

The whole draft travels with the form, a field a file, so that nothing of it is kept here before
it is saved, and the page works without script.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.backtest.planning import Wanted
from fieldfare.engine.rule_drafts import CheckedDraft, check_draft
from fieldfare.engine.rule_moves import Proposal
from fieldfare.kernel import BadInput, Conflict, FieldfareError, Overloaded
from fieldfare.metrics import DAY_MS
from fieldfare.web.console.pages.asking import done, read_form
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.rule_editor import Trouble, editor_view
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Writer = Annotated[Principal, requires(Permission.RULES_WRITE)]
Named = Annotated[str, Query(max_length=200)]
FILE: Final = "file:"
MAX_FILES: Final = 500
MAX_NAME: Final = 100
WEEK_MS: Final = 7 * DAY_MS
_KINDS: Final = (".sml", ".yaml")


async def read_draft(request: Request) -> dict[str, str]:
    """Read the fields of the editor, with line ends as rules have them."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        await request.form(max_files=0, max_fields=2 * MAX_FILES)  # kept by the request
    fields = await read_form(request)
    return {name: text.replace("\r\n", "\n") for name, text in fields.items()}


Draft = Annotated[dict[str, str], Depends(read_draft)]


@router.get("/rules/edit")
async def editor_page(
    request: Request, who: Writer, platform: Platform, base: Named = "", file: Named = ""
) -> Response:
    """Open a version in the editor; left out, the one in force."""
    if base:
        row = await run_in_threadpool(platform.versioning.find, who.org, base)
        files = await run_in_threadpool(platform.versioning.files, who.org, row.version.hash)
        began, note = row.version.hash, ""
    else:
        rule_set = platform.rule_set(who.org)
        files, began, note = dict(rule_set.sources), rule_set.hash, ""
    return await _page(
        request, who, platform, files, {"base": began, "note": note, "current": file}
    )


@router.post("/rules/edit")
async def edit(request: Request, who: Writer, platform: Platform, fields: Draft) -> Response:
    """Check the draft, keep it as a version, or take a file in or out of it.

    `do` says which: check, save, backtest (over the last seven days), add (with new_file), or
    remove:NAME.
    """
    files = {
        name.removeprefix(FILE): text for name, text in fields.items() if name.startswith(FILE)
    }
    what, _, named = fields.get("do", "check").partition(":")
    try:
        match what:
            case "add":
                fields["current"] = _added(files, fields.get("new_file", "").strip())
            case "remove":
                files.pop(named, None)
            case "save":
                return await _save(request, who, platform, files, fields)
            case "backtest":
                return await _try(request, who, platform, files)
            case "check":
                pass
            case _:
                hint = "One of check, save, backtest, add, remove:NAME."
                raise BadInput(f"{what!r} is nothing to do with a draft.", hint=hint, pointer="/do")
    except FieldfareError as error:
        return await _page(request, who, platform, files, fields, error)
    return await _page(request, who, platform, files, fields)


def _added(files: dict[str, str], name: str) -> str:
    """Add an empty file. Raises BadInput for what is no name of one, Conflict if it is there."""
    parts = name.split("/")
    plain = all(part and part.strip(".") and part.isprintable() for part in parts)
    if not plain or not name.endswith(_KINDS) or len(name) > MAX_NAME or "\\" in name:
        hint = "Such as spam.sml, models/account.sml or tests/spam.yaml."
        raise BadInput(f"{name!r} is no name for a file of rules.", hint=hint, pointer="/new_file")
    if name in files:
        raise Conflict(f"There is a file {name!r} already.", hint="Choose another name.")
    files[name] = ""
    return name


async def _save(
    request: Request,
    who: Principal,
    platform: Served,
    files: Mapping[str, str],
    fields: Mapping[str, str],
) -> Response:
    proposal = Proposal(
        by=who.pseudonym, note=fields.get("note", "").strip(), base=fields.get("base", "")
    )
    version = await run_in_threadpool(
        in_turn, lambda: platform.versioning.propose(who.org, files, proposal)
    )
    return done(request, f"/rules/versions/{version.hash}", {"hash": version.hash})


async def _try(
    request: Request, who: Principal, platform: Served, files: Mapping[str, str]
) -> Response:
    """Start a backtest of the draft over the last seven days, up to now."""
    now_ms = platform.clock.now_ms()
    wanted = Wanted(from_ms=now_ms - WEEK_MS, to_ms=now_ms, files=files)
    record = await run_in_threadpool(
        in_turn, lambda: platform.backtests.start(who.org, wanted, by=who.pseudonym)
    )
    return done(request, f"/backtests/{record.id}", {"id": str(record.id)})


async def _page(  # noqa: PLR0917 -- what a page of the editor is made of
    request: Request,
    who: Principal,
    platform: Served,
    files: Mapping[str, str],
    fields: Mapping[str, str],
    error: FieldfareError | None = None,
) -> Response:
    if len(files) > MAX_FILES:
        raise BadInput(f"A rule set has at most {MAX_FILES} files.")
    in_force = platform.books.of(who.org)
    try:
        checked = await run_in_threadpool(in_turn, lambda: check_draft(files, in_force))
    except Overloaded as busy:
        # The page goes back with what was typed, which is nowhere else.
        checked, error = CheckedDraft(problems=(), rules=None), error or busy
    # What does not compile is told problem by problem beside the files.
    told = error if error is not None and not (checked.problems and error.slug == _BROKEN) else None
    view = editor_view(
        files,
        checked,
        in_force,
        base=fields.get("base", ""),
        note=fields.get("note", ""),
        current=fields.get("current", ""),
        trouble=Trouble(message=told.message, hint=told.hint) if told else None,
    )
    status = error.status if error else 200
    return answer(request, "rule_editor.html", view, current="rules", status=status)


_BROKEN: Final = "rule-set-does-not-compile"
