//! What stands in headers: challenges, dates, `Retry-After`.

use evergrant::base::date::{epoch, epoch_fraction, parse_http_date, parse_timestamp};
use evergrant::base::retry_after::{LONGEST_DELAY_MS, parse_retry_after};
use evergrant::message::www_authenticate;
use evergrant_tests::fuzz::mutation::cases;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Milliseconds of the years 1970 to 9999.
fn moment() -> impl Strategy<Value = i64> {
    prop_oneof![0_i64..253_402_300_800_000, 1_500_000_000_000_i64..2_000_000_000_000]
}

fn at(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap()
}

fn fixdate(ms: i64) -> String {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    at(ms).format(&form).unwrap()
}

/// A challenge as a list of parameters or a token68.
#[derive(Clone, Debug)]
enum Rest {
    Nothing,
    Token68(String),
    Parameters(Vec<(String, String, bool)>),
}

fn challenge() -> impl Strategy<Value = (String, Rest)> {
    let token = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,8}";
    let quoted = (token, "[ -~\u{e9}\t]{0,12}", Just(true));
    let bare = (token, "[A-Za-z0-9!#$%&'*+.^_`|~/:-]{1,8}", Just(false));
    let rest = prop_oneof![
        Just(Rest::Nothing),
        "[A-Za-z0-9._~+/-]{1,12}={0,2}".prop_map(Rest::Token68),
        proptest::collection::vec(prop_oneof![quoted, bare], 1..5).prop_map(Rest::Parameters),
    ];
    (token, rest)
}

fn print(challenges: &[(String, Rest)], comma: &str, equals: &str) -> String {
    let one = |(scheme, rest): &(String, Rest)| match rest {
        Rest::Nothing => scheme.clone(),
        Rest::Token68(text) => format!("{scheme} {text}"),
        Rest::Parameters(list) => {
            let pair = |(name, value, quoted): &(String, String, bool)| {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                let value = if *quoted {
                    format!("\"{escaped}\"")
                } else {
                    value.clone()
                };
                format!("{name}{equals}{value}")
            };
            format!("{scheme} {}", list.iter().map(pair).collect::<Vec<_>>().join(comma))
        }
    };
    challenges.iter().map(one).collect::<Vec<_>>().join(comma)
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn challenges_by_the_grammar_are_read_back(
        challenges in proptest::collection::vec(challenge(), 0..5),
        comma in proptest::sample::select(vec![",", ", ", " ,\t", ", ,"]),
        equals in proptest::sample::select(vec!["=", " = "]),
        split in any::<bool>(),
    ) {
        let values: Vec<String> = if split {
            challenges.iter().map(|one| print(std::slice::from_ref(one), comma, equals)).collect()
        } else {
            vec![print(&challenges, comma, equals)]
        };
        let read = www_authenticate::parse(values.iter().map(String::as_str));
        assert_eq!(read.len(), challenges.len(), "{:?}", values);
        for (read, (scheme, rest)) in read.iter().zip(&challenges) {
            assert_eq!(read.scheme(), scheme);
            let params: Vec<(&str, &str)> = read.params().collect();
            match rest {
                Rest::Nothing => assert!(params.is_empty() && read.token68().is_none()),
                Rest::Token68(text) => assert!(params.is_empty() && read.token68() == Some(text)),
                Rest::Parameters(list) => {
                    let list: Vec<(&str, &str)> = list.iter().map(|(name, value, _)| (name.as_str(), value.as_str())).collect();
                    assert_eq!(params, list);
                }
            }
        }
        www_authenticate_holds(&values);
    }

    #[test]
    fn any_text_as_challenges_is_read(values in proptest::collection::vec(".{0,40}", 0..4)) {
        www_authenticate_holds(&values);
    }

    #[test]
    fn timestamps_are_read_as_another_library_writes_them(ms in moment(), hours in -23_i8..=23, minutes in 0_i8..=59, form in 0..5) {
        let offset = time::UtcOffset::from_hms(hours, if hours < 0 { -minutes } else { minutes }, 0).unwrap();
        let Some(moment) = at(ms).checked_to_offset(offset).filter(|moment| (1970..=9999).contains(&moment.year())) else { return Ok(()) };
        let text = moment.format(&Rfc3339).unwrap();
        let text = match form {
            0 => text,
            1 => text.replace('T', " "),
            2 => text.to_ascii_lowercase(),
            // The offset without its colon, as servers write it.
            3 => match text.char_indices().rev().find(|(_, char)| *char == ':') {
                Some((at, _)) if text.len() - at == 3 && !text.ends_with('Z') => format!("{}{}", &text[..at], &text[at + 1..]),
                _ => text,
            },
            // Finer than a millisecond.
            _ => match text.find('.') {
                Some(dot) => {
                    let end = text[dot + 1..].find(|char: char| !char.is_ascii_digit()).unwrap() + dot + 1;
                    format!("{}{:0<3}999{}", &text[..=dot], &text[dot + 1..end], &text[end..])
                }
                None => text,
            },
        };
        assert_eq!(parse_timestamp(&text), Some(ms), "{}", text);
    }

    #[test]
    fn any_text_as_a_timestamp_reads_as_another_library_reads_it(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])") {
        let oracle = OffsetDateTime::parse(&text.replace(' ', "T"), &Rfc3339).ok();
        let oracle = oracle.filter(|moment| (1970..=9999).contains(&moment.year()));
        let oracle = oracle.map(|moment| i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap());
        assert_eq!(parse_timestamp(&text), oracle, "{}", text);
    }

    #[test]
    fn http_dates_are_read_in_all_three_forms(ms in moment()) {
        let ms = ms / 1_000 * 1_000;
        let asctime = format_description!("[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]");
        assert_eq!(parse_http_date(&fixdate(ms), 0), Some(ms));
        assert_eq!(parse_http_date(&at(ms).format(&asctime).unwrap(), 0), Some(ms));
        // The form with two digits means the year nearest to now, so now is close by.
        let rfc850 = format_description!("[weekday], [day]-[month repr:short]-[year repr:last_two] [hour]:[minute]:[second] GMT");
        let text = at(ms).format(&rfc850).unwrap();
        for years in [-45_i64, 0, 45] {
            let now = (ms + years * 31_557_600_000).clamp(0, 253_402_300_799_999);
            assert_eq!(parse_http_date(&text, now), Some(ms), "{} at {}", text, now);
        }
    }

    #[test]
    fn delays_are_read(seconds in 0_i64..200_000, millis in 0_i64..1_000, now in moment(), host in any::<i64>()) {
        let expected = (seconds * 1_000 + millis).min(LONGEST_DELAY_MS);
        let text = format!("{seconds}.{millis:03}");
        assert_eq!(parse_retry_after(&text, None, host), Some(expected));
        assert_eq!(parse_retry_after(&seconds.to_string(), None, host), Some((seconds * 1_000).min(LONGEST_DELAY_MS)));
        // A date is read against the server's own clock, so the host's does not matter.
        let now = (now / 1_000 * 1_000).min(253_402_300_799_000 - 200_000_000);
        let later = fixdate(now + seconds * 1_000);
        assert_eq!(parse_retry_after(&later, Some(&fixdate(now)), host), Some((seconds * 1_000).min(LONGEST_DELAY_MS)));
        assert_eq!(parse_retry_after(&later, None, now), Some((seconds * 1_000).min(LONGEST_DELAY_MS)));
        assert_eq!(parse_retry_after(&fixdate(now), Some(&later), host), Some(0));
    }

    #[test]
    fn any_text_as_a_date_or_delay_is_bounded(text in ".{0,40}", date in ".{0,40}", now in any::<i64>(), number in any::<f64>(), whole in any::<i64>()) {
        assert!(parse_retry_after(&text, Some(&date), now).is_none_or(|delay| (0..=LONGEST_DELAY_MS).contains(&delay)));
        for moment in [parse_timestamp(&text), parse_http_date(&text, now), epoch_fraction(number), Some(epoch(whole))].into_iter().flatten() {
            assert!(moment.abs() < 253_402_300_800_000 + 86_400_000);
        }
    }
}

fn www_authenticate_holds(values: &[String]) {
    let challenges = www_authenticate::parse(values.iter().map(String::as_str));
    evergrant_tests::fuzz::www_authenticate::check(&challenges);
}
