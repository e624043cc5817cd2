"""The closed lists of the contract, each an enum in the order in which the contract states it."""

from enum import StrEnum

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Discipline(StrEnum):
    """The discipline of the plan of care, not of the person who treated."""

    PT = "PT"
    OT = "OT"
    SLP = "SLP"


class Program(StrEnum):
    """The kind of payer; its own profile serves where no profile has the payer's id."""

    MEDICARE_FFS = "medicare_ffs"
    MEDICARE_ADVANTAGE = "medicare_advantage"
    MEDICAID = "medicaid"
    TRICARE = "tricare"
    VA = "va"
    WORKERS_COMPENSATION = "workers_compensation"
    COMMERCIAL = "commercial"


class Setting(StrEnum):
    """Where the billing provider furnishes therapy; it picks the NCCI and MUE tables."""

    PRIVATE_PRACTICE = "private_practice"
    PHYSICIAN_OFFICE = "physician_office"
    REHAB_AGENCY = "rehab_agency"
    CORF = "corf"
    SNF_PART_B = "snf_part_b"
    HOME_HEALTH_PART_B = "home_health_part_b"
    HOSPITAL_OUTPATIENT = "hospital_outpatient"
    CRITICAL_ACCESS_HOSPITAL = "critical_access_hospital"


class Role(StrEnum):
    """What a clinician of a session, or the author of a document, is."""

    THERAPIST = "therapist"
    ASSISTANT = "assistant"
    PHYSICIAN = "physician"
    NPP = "npp"
    STUDENT = "student"
    AIDE = "aide"


class ThresholdGroup(StrEnum):
    """The two yearly ledgers of therapy spend (SSA §1833(g)): PT and SLP share one."""

    PT_SLP = "pt_slp"
    OT = "ot"


class Threshold(StrEnum):
    """What a running total can pass, lowest first."""

    APPROACHING_KX = "approaching_kx"
    KX = "kx"
    REVIEW = "review"


class Severity(StrEnum):
    """How much a finding weighs."""

    INFO = "info"
    WARNING = "warning"
    BLOCKING = "blocking"


class Effect(StrEnum):
    """What a finding makes of a visit day; most have none."""

    NOT_BILLABLE = "not-billable"
    HELD = "held"
    NEEDS_DOCUMENTATION = "needs-documentation"


class Owner(StrEnum):
    """Who can cure a finding."""

    THERAPIST = "therapist"
    PHYSICIAN = "physician"
    FRONT_OFFICE = "front_office"
    BILLING_OFFICE = "billing_office"


class UnitRule(StrEnum):
    """How a payer turns minutes into units."""

    CMS_TOTAL_TIME = "cms_total_time"
    CPT_MIDPOINT = "cpt_midpoint"
    DAY_TOTAL_ROUNDED = "day_total_rounded"
    """The day's minutes divided by a unit's, the remainder rounded at the first unit's fewest."""
    DAY_TOTAL_ROUNDED_DOWN = "day_total_rounded_down"
    DAY_TOTAL_ROUNDED_UP = "day_total_rounded_up"
    MIDPOINT_WITHIN_TOTAL = "midpoint_within_total"
    """Each code by its own midpoint, and no more in all than the day's total earns."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe an open list: a payer profile may name a rule that is new."""
        closed = handler.resolve_ref_schema(handler(schema))
        closed["examples"] = closed.pop("enum")
        return closed


class Unpriced(StrEnum):
    """Why a line has no allowed amount."""

    NO_VALUE_IN_FORCE = "no_value_in_force"
    LOCALITY_MISSING = "locality_missing"
    CONTRACTOR_PRICED = "contractor_priced"
    NO_FEE_SCHEDULE = "no_fee_schedule"
    NOT_PAYABLE = "not_payable"
    UNDECIDED = "undecided"


class Unbilled(StrEnum):
    """Why a service is not on the claim."""

    NO_UNIT_EARNED = "no_unit_earned"
    BUNDLED = "bundled"
    NCCI_PAIR = "ncci_pair"


class FindingCode(StrEnum):
    """Every finding there is; the catalogue, ``reference/findings.yaml``, says what each means."""

    NO_BILLABLE_TIME = "NO_BILLABLE_TIME"
    CLINICIAN_CHOICE_OF_UNIT = "CLINICIAN_CHOICE_OF_UNIT"
    SESSION_REVISION_CONFLICT = "SESSION_REVISION_CONFLICT"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    NO_VALUE_IN_FORCE = "NO_VALUE_IN_FORCE"
    LOCALITY_MISSING = "LOCALITY_MISSING"
    CODE_NOT_PAYABLE = "CODE_NOT_PAYABLE"
    CODE_BUNDLED = "CODE_BUNDLED"
    LINE_NOT_PRICED = "LINE_NOT_PRICED"
    NOTE_NOT_SIGNED = "NOTE_NOT_SIGNED"
    TREATMENT_TIME_MISSING = "TREATMENT_TIME_MISSING"
    TREATMENT_TIME_DISAGREES = "TREATMENT_TIME_DISAGREES"
    ONE_ON_ONE_NOT_STATED = "ONE_ON_ONE_NOT_STATED"
    FUNCTIONAL_ACTIVITY_MISSING = "FUNCTIONAL_ACTIVITY_MISSING"
    FUNCTIONAL_LIMITATION_MISSING = "FUNCTIONAL_LIMITATION_MISSING"
    GOAL_LINK_MISSING = "GOAL_LINK_MISSING"
    GOAL_NOT_IN_PLAN_OF_CARE = "GOAL_NOT_IN_PLAN_OF_CARE"
    SKILLED_NEED_MISSING = "SKILLED_NEED_MISSING"
    PATIENT_RESPONSE_MISSING = "PATIENT_RESPONSE_MISSING"
    PLAN_OF_CARE_MISSING = "PLAN_OF_CARE_MISSING"
    PLAN_OF_CARE_NOT_CERTIFIED = "PLAN_OF_CARE_NOT_CERTIFIED"
    CERTIFICATION_EXPIRED = "CERTIFICATION_EXPIRED"
    PROGRESS_REPORT_DUE = "PROGRESS_REPORT_DUE"
    CONTINUED_USE_NOT_JUSTIFIED = "CONTINUED_USE_NOT_JUSTIFIED"
    KX_ATTESTATION_MISSING = "KX_ATTESTATION_MISSING"
    REVIEW_THRESHOLD_PASSED = "REVIEW_THRESHOLD_PASSED"
    BALANCE_IS_A_FLOOR = "BALANCE_IS_A_FLOOR"
    NCCI_PAIR_NOT_ALLOWED = "NCCI_PAIR_NOT_ALLOWED"
    NCCI_PAIR_NEEDS_DISTINCT_SERVICE = "NCCI_PAIR_NEEDS_DISTINCT_SERVICE"
    DISTINCT_SERVICE_NOT_NEEDED = "DISTINCT_SERVICE_NOT_NEEDED"
    DISTINCT_INTERVALS_OVERLAP = "DISTINCT_INTERVALS_OVERLAP"
    UNITS_OVER_ABSOLUTE_LIMIT = "UNITS_OVER_ABSOLUTE_LIMIT"
    UNITS_OVER_CLINICAL_LIMIT = "UNITS_OVER_CLINICAL_LIMIT"
    TOO_MANY_MODIFIERS = "TOO_MANY_MODIFIERS"
    ASSISTANT_WRONG_DISCIPLINE = "ASSISTANT_WRONG_DISCIPLINE"
    STUDENT_OR_AIDE_MINUTES = "STUDENT_OR_AIDE_MINUTES"
    EVALUATION_BY_ASSISTANT = "EVALUATION_BY_ASSISTANT"
    DISCIPLINE_CODE_MISMATCH = "DISCIPLINE_CODE_MISMATCH"
    KX_NOT_REQUIRED = "KX_NOT_REQUIRED"
    AUTHORIZATION_MISSING = "AUTHORIZATION_MISSING"
    AUTHORIZATION_EXHAUSTED = "AUTHORIZATION_EXHAUSTED"
    UNITS_OVER_PAYER_LIMIT = "UNITS_OVER_PAYER_LIMIT"
    MODALITIES_OVER_PAYER_NORM = "MODALITIES_OVER_PAYER_NORM"
    INTERVALS_MISSING = "INTERVALS_MISSING"
    INTERVALS_DISAGREE_WITH_MINUTES = "INTERVALS_DISAGREE_WITH_MINUTES"
    OVERLAPPING_INTERVALS = "OVERLAPPING_INTERVALS"
    MINUTES_PER_UNIT_LOW = "MINUTES_PER_UNIT_LOW"
    NOTE_LOOKS_COPIED = "NOTE_LOOKS_COPIED"
    DIAGNOSIS_POINTER_MISSING = "DIAGNOSIS_POINTER_MISSING"
    LATE_FILING = "LATE_FILING"
    MODIFIER_DISAGREES = "MODIFIER_DISAGREES"
    KX_WITH_ABN = "KX_WITH_ABN"
    ASSISTANT_SPLIT_CHOICE = "ASSISTANT_SPLIT_CHOICE"
    CERTIFYING_NPI_MISSING = "CERTIFYING_NPI_MISSING"
    RENDERING_PROVIDER_MISSING = "RENDERING_PROVIDER_MISSING"
    CHARGE_MISSING = "CHARGE_MISSING"
    SESSIONS_DISAGREE = "SESSIONS_DISAGREE"


class Device(StrEnum):
    """What a device for remote therapeutic monitoring monitors."""

    RESPIRATORY = "respiratory"
    MUSCULOSKELETAL = "musculoskeletal"
    COGNITIVE_BEHAVIORAL = "cognitive_behavioral"


class DistinctModifier(StrEnum):
    """What a clinician may state a distinct service with."""

    M59 = "59"
    XE = "XE"
    XP = "XP"
    XS = "XS"
    XU = "XU"


class Certification(StrEnum):
    """How a plan of care is certified."""

    SIGNATURE = "signature"
    VERBAL = "verbal"
    ORDER_ON_FILE = "order_on_file"
    NONE = "none"


class AuthorizationUnit(StrEnum):
    """What an authorization counts."""

    VISIT = "visit"
    UNIT_15 = "unit_15"


class Origin(StrEnum):
    """Where a payer's report came from."""

    ELIGIBILITY_271 = "271"
    PORTAL = "portal"
    MANUAL = "manual"


class Basis(StrEnum):
    """What a balance rests on: sessions seen here alone, or a payer's report too."""

    FLOOR = "floor"
    REPORTED = "reported"


class Direction(StrEnum):
    """Which way a running total passed a threshold."""

    UP = "up"
    DOWN = "down"


class WithdrawalReason(StrEnum):
    """Why nothing is left to bill on a day whose claim is out."""

    VOIDED = "voided"
    MOVED = "moved"
    NO_UNIT = "no_unit"


class DeadLetterReason(StrEnum):
    """Why a record could not be read or handled."""

    NOT_JSON = "not_json"
    NOT_A_CLOUD_EVENT = "not_a_cloud_event"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_DATA = "invalid_data"
    KEY_MISMATCH = "key_mismatch"
    TOO_LARGE = "too_large"
    STEP_FAILED = "step_failed"


class EmptiedBy(StrEnum):
    """What took the last session of a visit day."""

    VOIDED = "voided"
    MOVED = "moved"
