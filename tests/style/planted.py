"""A violation for every check, and what comes close to one but is allowed."""

from tests.style import figures, layout, names, pages, sizes, traces
from tests.style.tree import Check

LONG_FUNCTION = "def long() -> None:\n" + "    pass\n" * 60
LONG_BUT_DOCUMENTED = (
    'def short() -> None:\n    """Says much.\n' + "\n" * 60 + '    """\n' + "    pass\n" * 58
)
MIDDLING_FUNCTIONS = "".join(f"def middling_{n}() -> None:\n" + "    pass\n" * 9 for n in "abc")
ONE_LONG_IN_FIVE = "".join(f"def short_{n}() -> None: ...\n" for n in "abcd") + LONG_FUNCTION
LONG_MODULE = "pass\n" * 401
FINDINGS = 'class FindingCode(StrEnum):\n    NOTE_NOT_SIGNED = "NOTE_NOT_SIGNED"\n'
EVENTS = 'class EventType(StrEnum):\n    CLAIM_READY = "therapy.claim.ready.v1"\n'
TOPICS = 'class Topic(StrEnum):\n    UNITS = "therapy.units"\n'
SLOTTED = "@dataclass(frozen=True, slots=True)\nclass Line: ...\n"
# In two pieces, so that this file itself keeps the check.
REGISTRY_ADDRESS = "see https://" + "pypi" + ".org/simple"
MACHINE_FOLDER = "cd " + "/" + "home/somebody/therapy"

Case = tuple[Check, str, str]

PLANTED: tuple[Case, ...] = (
    (sizes.functions_are_short, "services/spend/planted.py", LONG_FUNCTION),
    (sizes.functions_are_short, "tests/rules/test_planted.py", LONG_FUNCTION),
    (sizes.modules_are_short, "schemas/planted.py", LONG_MODULE),
    (sizes.most_functions_are_very_short, "rules/planted.py", MIDDLING_FUNCTIONS),
    (sizes.most_functions_are_very_short, "rules/planted.py", ONE_LONG_IN_FIVE),
    (figures.no_procedure_code_in_python, "rules/planted.py", 'CODES = {"97530"}'),
    (figures.no_procedure_code_in_python, "services/planted.py", 'CODE = "G0283"'),
    (figures.no_procedure_code_in_python, "runtime/planted.py", 'CODE = "0552T"'),
    (figures.no_procedure_code_in_python, "commands/planted.py", 'print(f"{day}: 97110.")'),
    (figures.no_decimal_figure_in_python, "runtime/planted.py", 'FACTOR = "33.4009"'),
    (figures.no_decimal_figure_in_python, "rules/planted.py", 'SHARE = Decimal("0.50")'),
    (figures.no_number_in_the_law, "rules/planted.py", "THRESHOLD = 2480"),
    (figures.no_number_in_the_law, "rules/planted.py", 'THRESHOLD = Decimal("2480")'),
    (figures.no_number_in_the_law, "rules/planted.py", "units = (minutes + 7) // 15"),
    (figures.no_number_in_the_law, "services/planted.py", "MINUTES = 15"),
    (figures.no_number_in_the_law, "rules/planted.py", "SEGMENT_ENTRIES = 32"),
    (figures.no_float_in_the_law, "services/planted.py", "share = amount * 1.5"),
    (figures.no_float_in_the_law, "services/planted.py", "share = float(amount)"),
    (figures.no_date_in_the_law, "rules/planted.py", "if day.year >= 2026: ..."),
    (figures.no_date_in_the_law, "rules/planted.py", "if day < date(2024, 3, 9): ..."),
    (figures.no_date_in_the_law, "services/planted.py", 'FROM = "2022-01-01"'),
    (names.names_are_the_glossary_s, "rules/planted.py", "def visit_date() -> None: ..."),
    (names.names_are_the_glossary_s, "schemas/planted.py", "class ClientRecord: ..."),
    (names.names_are_the_glossary_s, "services/planted.py", "def f(care_plan_id: str): ..."),
    (names.names_are_the_glossary_s, "reference/planted.py", "discount: Decimal"),
    (names.names_are_the_glossary_s, "rules/encounter.py", ""),
    (names.modules_are_named_for_what_they_hold, "rules/date_utils.py", ""),
    (names.modules_are_named_for_what_they_hold, "runtime/common/planted.py", ""),
    (layout.rules_have_tests_at_their_path, "rules/planted.py", ""),
    (layout.rules_say_what_they_do, "rules/planted.py", "def price() -> None: ..."),
    (layout.values_inside_are_frozen, "rules/planted.py", "@dataclass\nclass Line: ..."),
    (pages.every_finding_is_described, "schemas/values.py", FINDINGS),
    (pages.every_event_and_topic_is_described, "schemas/events.py", EVENTS),
    (pages.every_event_and_topic_is_described, "schemas/events.py", TOPICS),
    (traces.no_registry_is_named, "docs/planted.md", REGISTRY_ADDRESS),
    (traces.no_path_of_a_machine_is_named, "requirements/planted.txt", MACHINE_FOLDER),
)

ALLOWED: tuple[Case, ...] = (
    (sizes.functions_are_short, "rules/near.py", LONG_BUT_DOCUMENTED),
    (figures.no_procedure_code_in_python, "rules/near.py", '"""A 97530 needs a goal."""'),
    (figures.no_procedure_code_in_python, "tests/rules/test_near.py", 'CODE = "97530"'),
    (figures.no_procedure_code_in_python, "rules/near.py", 'MODIFIERS = ("GP", "KX", "59")'),
    (figures.no_decimal_figure_in_python, "rules/near.py", 'CENT = Decimal("0.01")'),
    (figures.no_number_in_the_law, "rules/near.py", "half = lines[0] + lines[1] / 2 + True"),
    (figures.no_number_in_the_law, "rules/near.py", 'has_modifier("59")'),
    (figures.no_number_in_the_law, "services/near.py", "SEGMENT_ENTRIES = 32"),
    (figures.no_number_in_the_law, "runtime/near.py", "BATCH_RECORDS_MAX = 500"),
    (figures.no_date_in_the_law, "rules/near.py", "if day.year == other.year: ..."),
    (names.names_are_the_glossary_s, "runtime/near.py", "client = 1"),
    (names.names_are_the_glossary_s, "rules/near.py", "def date_of_service() -> None: ..."),
    (layout.values_inside_are_frozen, "rules/near.py", SLOTTED),
    (traces.no_path_of_a_machine_is_named, "docs/near.md", "https://example.org/home/page"),
)
