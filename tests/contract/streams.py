"""Random streams of a few patients: whatever a bus may bring, in any order."""

from hypothesis import strategies as st

from tests.clinic import (
    COMMERCIAL,
    MEDICARE,
    Json,
    device_days,
    document,
    event,
    interaction,
    plan_of_care,
    report,
    service,
    session,
)

VA = {"payer_id": "va-ccn", "program": "va"}
PATIENTS = ("P-1", "P-2", "P-3")
SESSIONS = ("S-1", "S-2", "S-3")
DATES = ("2025-12-31", "2026-03-02", "2026-03-03", "2027-01-04")
CODES = ("97110", "97116", "97140", "97530", "97161", "97010", "97139", "97129", "99999")
MONITORED = ("98975", "98977", "98980", "98981", "98985")
KX = {"statement": "reasonable and necessary", "threshold_group": "pt_slp", "year": 2026}

BOTH = [
    {"npi": "1558888882", "role": "therapist"},
    {"npi": "1777777772", "role": "assistant"},
]
SERVICES = st.lists(
    st.tuples(
        st.sampled_from(CODES + MONITORED),
        st.integers(0, 60),
        st.sampled_from([0, 0, 0, 4, 20]),
    ),
    min_size=1,
    max_size=3,
).map(
    lambda done: [
        service(line, code, spent, assistant_minutes=helped)
        for line, (code, spent, helped) in enumerate(done, 1)
    ]
)


def authorization(number: str, quantity: int, **content: object) -> Json:
    """Return an authorization of VA's for the whole of the dates."""
    stated = {
        "number": number,
        "payer_id": VA["payer_id"],
        "unit": "visit",
        "quantity": quantity,
        "valid_from": "2025-01-01",
        "valid_through": "2027-12-31",
    }
    return document("authorization", f"D-{number}", {**stated, **content})


@st.composite
def _session(draw: st.DrawFn) -> tuple[str, Json]:
    signed = draw(st.booleans())
    note: Json = {"note_id": "N", "one_on_one": True}
    if signed:
        note["signed_at"] = "2026-03-02T15:00:00-06:00"
    data = session(
        draw(st.sampled_from(SESSIONS)),
        draw(SERVICES),
        revision=draw(st.integers(1, 3)),
        date_of_service=draw(st.sampled_from(DATES)),
        discipline=draw(st.sampled_from(["PT", "OT", "SLP"])),
        payer=draw(st.sampled_from([MEDICARE, COMMERCIAL, VA])),
        note=note,
        clinicians=draw(st.sampled_from([BOTH, BOTH, BOTH[:1]])),
    )
    return draw(st.sampled_from(["session.completed", "session.amended"])), data


@st.composite
def _void(draw: st.DrawFn) -> tuple[str, Json]:
    data = {"session_id": draw(st.sampled_from(SESSIONS)), "revision": draw(st.integers(1, 9))}
    return "session.voided", {**data, "patient_id": "P-1", "reason": "entered twice"}


@st.composite
def _document(draw: st.DrawFn) -> tuple[str, Json]:
    revision = draw(st.integers(1, 2))
    signature = {
        "session_id": draw(st.sampled_from(SESSIONS)),
        "signed_at": "2026-03-04T09:00:00-06:00",
    }
    data = draw(
        st.sampled_from(
            [
                plan_of_care(),
                plan_of_care(certification="none", certified_on=None),
                document("kx_attestation", "D-KX", KX),
                authorization("A-1", draw(st.integers(0, 2))),
                authorization("A-2", draw(st.integers(0, 2)), unit="unit_15"),
                document("note_addendum", "D-A", signature),
                document("note_addendum", "D-A", signature, signed_at=None),
            ]
        )
    )
    return "documentation.received", {**data, "revision": revision}


@st.composite
def _record(draw: st.DrawFn) -> tuple[str, Json]:
    revision, name = draw(st.integers(1, 2)), draw(st.sampled_from(["R-1", "R-2"]))
    dated, minutes = draw(st.sampled_from(DATES)), draw(st.integers(0, 60))
    if draw(st.booleans()):
        return "monitoring.recorded", interaction(name, dated, minutes, revision=revision)
    return "monitoring.recorded", device_days(name, dated, minutes, revision=revision)


@st.composite
def _report(draw: st.DrawFn) -> tuple[str, Json]:
    amount = draw(st.sampled_from(["0.00", "1200.00", "2440.00", "2480.00", "2990.00"]))
    as_of = draw(st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-02T15:00:00Z"]))
    more = draw(st.sampled_from([{}, {"includes_through": "2026-03-02"}]))
    return "accrual.reported", report(amount, as_of, **more)


@st.composite
def streams(draw: st.DrawFn, patients: tuple[str, ...] = PATIENTS) -> list[Json]:
    """Draw a stream of events of these patients; each event has an id and a time of its own."""
    acts = st.one_of(
        _session(), _session(), _session(), _void(), _document(), _record(), _report()
    )
    drawn = draw(st.lists(st.tuples(st.sampled_from(patients), acts), min_size=1, max_size=16))
    return [
        event(
            kind,
            {**data, "patient_id": patient},
            time=f"2026-03-02T{8 + number // 60:02}:{number % 60:02}:00-06:00",
            event_id=f"e-{number}",
        )
        for number, (patient, (kind, data)) in enumerate(drawn)
    ]
