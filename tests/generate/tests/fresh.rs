//! The committed files are those that the generator writes; and what each language gets of a small source.

use evergrant_generate::value::Value;
use evergrant_generate::{NOTE, errors_page, generate, mobile, python, repository, stale, typescript, values_of};

const SMALL: &str = r#"
pub mod base {
    pub mod weather {
        /// The sky,
        /// seen from [`crate::base::Earth`].
        #[derive(Clone, Copy, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
        pub enum ErrorCode {
            /// No "clouds".
            BlueSky,
            /// Rain. */
            ///
            /// Take an umbrella | stay.
            Rain,
        }

        /// What to do.
        #[derive(Clone, Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
        pub enum Plan {
            /// Nothing.
            StayHome,
            /// A walk.
            GoOut {
                /// For how long.
                for_ms: Option<i64>,
            },
        }

        /// All of it.
        #[derive(Clone, Serialize)]
        #[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
        pub struct ErrorDetails {
            /// The sky of every hour.
            pub sky_by_hour: Vec<ErrorCode>,
            /// What to do.
            pub plan: Plan,
            /// Whether it is sure.
            pub sure: bool,
            /// Words, "quoted"
            pub words: Option<Vec<String>>,
        }

        /// Not a value.
        #[derive(Clone)]
        pub struct Secret(String);
    }
}
"#;

fn small() -> Vec<Value> {
    values_of(SMALL).unwrap()
}

#[track_caller]
fn holds(text: &str, block: &str) {
    let block = block.trim_start_matches('\n');
    assert!(text.contains(block), "not found:\n{block}\nin:\n{text}");
}

#[test]
fn every_file_is_fresh() {
    let stale = stale(&repository()).unwrap();
    assert!(
        stale.is_empty(),
        "stale: {stale:?}; run: cargo run -p evergrant-generate"
    );
}

#[test]
fn two_runs_write_the_same_and_say_who_wrote_it() {
    let first = generate(&repository()).unwrap();
    assert_eq!(first, generate(&repository()).unwrap());
    for output in first {
        assert!(output.text.lines().next().unwrap().contains(NOTE), "{}", output.path);
        assert!(
            output.text.ends_with('\n') && !output.text.ends_with("\n\n"),
            "{}",
            output.path
        );
        assert!(
            output.text.lines().all(|line| line.trim_end() == line),
            "{}",
            output.path
        );
    }
}

#[test]
fn typescript_of_a_small_source() {
    let text = typescript::write(&small());
    holds(
        &text,
        r#"
/** The sky, seen from `Earth`. */
export type ErrorCode =
  | "blue_sky"
  | "rain";

/** Every {@link ErrorCode} by name, so that none has to be typed. */
export const errorCodes = {
  /** No "clouds". */
  blueSky: "blue_sky",
  /**
   * Rain. *\/
   *
   * Take an umbrella | stay.
   */
  rain: "rain",
} as const;

/** What to do. */
export type Plan =
  | PlanStayHome
  | PlanGoOut;

/** Nothing. */
export interface PlanStayHome {
  readonly type: "stay_home";
}

/** A walk. */
export interface PlanGoOut {
  readonly type: "go_out";
  /** For how long. */
  readonly forMs: number | undefined;
}

/** All of it. */
export interface ErrorDetails {
  /** The sky of every hour. */
  readonly skyByHour: readonly ErrorCode[];
  /** What to do. */
  readonly plan: Plan;
  /** Whether it is sure. */
  readonly sure: boolean;
  /** Words, "quoted" */
  readonly words: readonly string[] | undefined;
}

/** Reads {@link ErrorCode} from core's JSON. */
export function decodeErrorCode(json: unknown): ErrorCode {
  return text(json, "ErrorCode") as ErrorCode;
}

/** Reads {@link Plan} from core's JSON. */
export function decodePlan(json: unknown): Plan {
  const read = members(json, "Plan");
  const type = read("type", text);
  switch (type) {
    case "stay_home":
      return { type: "stay_home" };
    case "go_out":
      return {
        type: "go_out",
        forMs: read("for_ms", optional(integer)),
      };
    default:
      return { type } as unknown as Plan;
  }
}

/** Reads {@link ErrorDetails} from core's JSON. */
export function decodeErrorDetails(json: unknown): ErrorDetails {
  const read = members(json, "ErrorDetails");
  return {
    skyByHour: read("sky_by_hour", list(decodeErrorCode)),
    plan: read("plan", decodePlan),
    sure: read("sure", flag),
    words: read("words", optional(list(text))),
  };
}
"#,
    );
}

#[test]
fn python_of_a_small_source() {
    let text = python::write(&small());
    holds(
        &text,
        r#"
__all__ = [
    "ErrorCode",
    "ErrorDetails",
    "Plan",
    "PlanGoOut",
    "PlanStayHome",
]
"#,
    );
    holds(
        &text,
        r#"
class ErrorCode(_Word):
    """The sky, seen from `Earth`."""

    BLUE_SKY = "blue_sky"
    """No "clouds"."""
    RAIN = "rain"
    """Rain. */

    Take an umbrella | stay.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStayHome:
    """Nothing."""

    type: ClassVar[Literal["stay_home"]] = "stay_home"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanGoOut:
    """A walk."""

    type: ClassVar[Literal["go_out"]] = "go_out"
    for_ms: int | None
    """For how long."""


Plan: TypeAlias = PlanStayHome | PlanGoOut
"""What to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorDetails:
    """All of it."""

    sky_by_hour: tuple[ErrorCode, ...]
    """The sky of every hour."""
    plan: Plan
    """What to do."""
    sure: bool
    """Whether it is sure."""
    words: tuple[str, ...] | None
    """Words, "quoted" """


def decode_error_code(json: object, place: str = "ErrorCode") -> ErrorCode:
    """Reads `ErrorCode` from core's JSON."""
    return ErrorCode(_text(json, place))


def decode_plan(json: object, place: str = "Plan") -> Plan:
    """Reads `Plan` from core's JSON."""
    members = _Members(json, place)
    match members.read("type", _text):
        case "stay_home":
            return PlanStayHome()
        case "go_out":
            return PlanGoOut(
                for_ms=members.read("for_ms", _optional(_integer)),
            )
        case unknown:
            raise ValueError(f"{place}: {unknown!r} is no type of it")


def decode_error_details(json: object, place: str = "ErrorDetails") -> ErrorDetails:
    """Reads `ErrorDetails` from core's JSON."""
    members = _Members(json, place)
    return ErrorDetails(
        sky_by_hour=members.read("sky_by_hour", _list(decode_error_code)),
        plan=members.read("plan", decode_plan),
        sure=members.read("sure", _flag),
        words=members.read("words", _optional(_list(_text))),
    )
"#,
    );
}

#[test]
fn mobile_of_a_small_source() {
    let expected = format!(
        r#"// {NOTE}

//! The values of core, mirrored for Swift and Kotlin.

use evergrant::base::weather::ErrorCode;
use evergrant::base::weather::ErrorDetails;
use evergrant::base::weather::Plan;

/// The sky, seen from `Earth`.
#[uniffi::remote(Enum)]
pub enum ErrorCode {{
    /// No "clouds".
    BlueSky,
    /// Rain. */
    ///
    /// Take an umbrella | stay.
    Rain,
}}

/// What to do.
#[uniffi::remote(Enum)]
pub enum Plan {{
    /// Nothing.
    StayHome,
    /// A walk.
    GoOut {{
        /// For how long.
        for_ms: Option<i64>,
    }},
}}

/// All of it.
#[uniffi::remote(Record)]
pub struct ErrorDetails {{
    /// The sky of every hour.
    pub sky_by_hour: Vec<ErrorCode>,
    /// What to do.
    pub plan: Plan,
    /// Whether it is sure.
    pub sure: bool,
    /// Words, "quoted"
    pub words: Option<Vec<String>>,
}}

/// The stable word of an error code, the same in every language, for logs and metrics.
#[uniffi::export]
pub fn error_code_word(code: ErrorCode) -> String {{
    let word = match code {{
        ErrorCode::BlueSky => "blue_sky",
        ErrorCode::Rain => "rain",
    }};
    String::from(word)
}}
"#
    );
    assert_eq!(mobile::write(&small()), expected);
}

#[test]
fn errors_page_of_a_small_source() {
    let text = errors_page::write(&small());
    holds(
        &text,
        r#"
| field | holds | meaning |
| --- | --- | --- |
| `sky_by_hour` | list of [`ErrorCode`](#errorcode) | The sky of every hour. |
"#,
    );
    holds(
        &text,
        r#"
| word | meaning | what to do |
| --- | --- | --- |
| `blue_sky` | No "clouds". | |
| `rain` | Rain. */ | Take an umbrella \| stay. |
"#,
    );
    holds(
        &text,
        "| `go_out` | A walk. | `for_ms`: integer or nothing. For how long. |\n",
    );
}

#[test]
fn long_names_and_docs_are_wrapped() {
    let name = "A".repeat(10) + &"bcdefghij".repeat(4);
    let source = SMALL
        .replace("Plan", &name)
        .replace("A walk.", &"A long walk. ".repeat(20));
    let values = values_of(&source).unwrap();
    for text in [
        typescript::write(&values),
        python::write(&values),
        mobile::write(&values),
    ] {
        for line in text.lines().filter(|line| !line.starts_with("export function")) {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
