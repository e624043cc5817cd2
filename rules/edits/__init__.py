"""Claim editing: what can stop a claim, in the order in which it is reported."""

from rules.edits.activities import activities_are_documented
from rules.edits.claim_format import (
    claim_is_filed_in_time,
    lines_have_a_charge,
    lines_name_who_treated,
    lines_point_to_a_diagnosis,
    modifiers_agree,
    modifiers_fit_the_line,
)
from rules.edits.clinicians import (
    assistants_are_paid,
    codes_are_of_the_discipline,
    evaluations_are_a_clinicians,
    minutes_are_a_clinicians,
)
from rules.edits.day import Edit
from rules.edits.note import (
    note_is_of_this_visit,
    note_is_signed,
    one_on_one_is_stated,
    treatment_time_agrees,
    treatment_time_is_recorded,
)
from rules.edits.payer import (
    authorization_is_not_used_up,
    authorization_is_on_file,
    daily_limits_are_kept,
    therapies_are_usual,
)
from rules.edits.plans import (
    certifying_npi_is_named,
    goals_are_in_the_plan,
    plan_of_care_is_certified,
    plan_of_care_is_on_file,
)
from rules.edits.progress import (
    continued_use_is_justified,
    progress_report_is_on_file,
)
from rules.edits.thresholds import (
    attestation_is_needed,
    balance_is_reported,
    kx_is_attested,
    kx_stands_without_abn,
    review_threshold_is_not_passed,
)
from rules.edits.time import (
    one_on_one_times_are_apart,
    start_and_stop_are_recorded,
    times_agree_with_minutes,
)

EDITS: tuple[Edit, ...] = (
    minutes_are_a_clinicians,
    assistants_are_paid,
    evaluations_are_a_clinicians,
    codes_are_of_the_discipline,
    note_is_signed,
    treatment_time_is_recorded,
    treatment_time_agrees,
    one_on_one_is_stated,
    start_and_stop_are_recorded,
    times_agree_with_minutes,
    one_on_one_times_are_apart,
    note_is_of_this_visit,
    activities_are_documented,
    goals_are_in_the_plan,
    plan_of_care_is_on_file,
    plan_of_care_is_certified,
    certifying_npi_is_named,
    progress_report_is_on_file,
    continued_use_is_justified,
    kx_is_attested,
    attestation_is_needed,
    review_threshold_is_not_passed,
    balance_is_reported,
    authorization_is_on_file,
    authorization_is_not_used_up,
    daily_limits_are_kept,
    therapies_are_usual,
    lines_point_to_a_diagnosis,
    lines_name_who_treated,
    lines_have_a_charge,
    modifiers_fit_the_line,
    modifiers_agree,
    kx_stands_without_abn,
    claim_is_filed_in_time,
)
"""The table of contents of claim editing: an edit runs on every visit day that has a line.

Code pairs and unit limits act on all days of a date at once: spend reports them.
"""
