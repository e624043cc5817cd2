"""The decision that the README shows: that of the worked example of a completed session."""

from reference.rulebook import RuleBook
from schemas.events import EventType
from tests.docs.examples import Json, layout, run

KEPT = ("date_of_service", "discipline", "version", "claim_id", "frequency_code")


def decision(rulebook: RuleBook) -> str:
    """Return the parts of the decision that fit a README, and its arithmetic."""
    ready = run(EventType.SESSION_COMPLETED, rulebook)[-1]
    data: Json = ready["data"]
    told = {name: data[name] for name in KEPT}
    told["lines"] = [_line(line) for line in data["lines"]]
    told |= {"total_allowed": data["total_allowed"], "unbilled": data["unbilled"]}
    told["steps"] = data["steps"]
    return f"```json\n{layout({'type': ready['type'], 'data': told})}\n```\n"


def _line(line: Json) -> Json:
    return {name: line[name] for name in ("line", "code", "modifiers", "units", "allowed_amount")}
