"""Our own checks, in the order in which they run: a new one is a function and a line here."""

from tests.style.figures import (
    no_date_in_the_law,
    no_decimal_figure_in_python,
    no_float_in_the_law,
    no_number_in_the_law,
    no_procedure_code_in_python,
)
from tests.style.layout import (
    rules_have_tests_at_their_path,
    rules_say_what_they_do,
    values_inside_are_frozen,
)
from tests.style.names import modules_are_named_for_what_they_hold, names_are_the_glossary_s
from tests.style.pages import every_event_and_topic_is_described, every_finding_is_described
from tests.style.sizes import (
    functions_are_short,
    modules_are_short,
    most_functions_are_very_short,
)
from tests.style.traces import no_path_of_a_machine_is_named, no_registry_is_named
from tests.style.tree import Check

CHECKS: tuple[Check, ...] = (
    functions_are_short,
    modules_are_short,
    most_functions_are_very_short,
    no_procedure_code_in_python,
    no_decimal_figure_in_python,
    no_number_in_the_law,
    no_float_in_the_law,
    no_date_in_the_law,
    names_are_the_glossary_s,
    modules_are_named_for_what_they_hold,
    rules_have_tests_at_their_path,
    rules_say_what_they_do,
    values_inside_are_frozen,
    every_finding_is_described,
    every_event_and_topic_is_described,
    no_registry_is_named,
    no_path_of_a_machine_is_named,
)
