use super::*;

type Small = Grant<6>;

const MINUTE: i64 = 60_000;

fn pair(number: u32) -> PairId {
    PairId(number)
}

fn issued(verdict: RefreshVerdict) -> (u32, Issue) {
    match verdict {
        RefreshVerdict::Issued { access, refresh, how } => {
            assert!(access == refresh || how == Issue::Kept);
            (access.0, how)
        }
        other => panic!("not issued: {other:?}"),
    }
}

#[test]
fn no_window_allows_one_use_and_reuse_kills() {
    let policy = Policy::no_window();
    let mut grant = Small::new(&policy, 0);
    assert_eq!(issued(grant.refresh(&policy, 10, pair(0))), (1, Issue::Rotated));
    assert_eq!(grant.refresh(&policy, 10, pair(0)), RefreshVerdict::KilledByReuse);
    assert_eq!(
        grant.refresh(&policy, 11, pair(1)),
        RefreshVerdict::Invalid(Invalid::Ended(Reason::Reuse))
    );
    assert_eq!(grant.access(&policy, 11, pair(1)), AccessVerdict::Killed);
}

#[test]
fn harmless_reuse_leaves_the_grant_alone() {
    let policy = Policy::no_window().harmless();
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 10, pair(0)));
    let before = grant;
    assert_eq!(
        grant.refresh(&policy, 11, pair(0)),
        RefreshVerdict::Invalid(Invalid::Retired)
    );
    assert_eq!(grant, before);
    assert_eq!(issued(grant.refresh(&policy, 12, pair(1))), (2, Issue::Rotated));
}

#[test]
fn without_rotation_the_token_stays() {
    let policy = Policy::no_rotation();
    let mut grant = Small::new(&policy, 0);
    for access in 1..20 {
        let verdict = grant.refresh(&policy, i64::from(access), pair(0));
        assert_eq!(
            verdict,
            RefreshVerdict::Issued {
                access: pair(access),
                refresh: pair(0),
                how: Issue::Kept
            }
        );
    }
    assert_eq!(
        grant.refresh(&policy, 30, pair(77)),
        RefreshVerdict::Invalid(Invalid::Unknown)
    );
}

#[test]
fn same_pair_repeats_inside_the_window_only() {
    let policy = Policy::same_pair(MINUTE);
    let mut grant = Small::new(&policy, 0);
    assert_eq!(issued(grant.refresh(&policy, 0, pair(0))), (1, Issue::Rotated));
    assert_eq!(
        issued(grant.refresh(&policy, MINUTE - 1, pair(0))),
        (1, Issue::Repeated)
    );
    assert_eq!(issued(grant.refresh(&policy, MINUTE - 1, pair(1))), (2, Issue::Rotated));
    assert_eq!(grant.refresh(&policy, MINUTE, pair(0)), RefreshVerdict::KilledByReuse);
}

#[test]
fn siblings_all_live() {
    let policy = Policy::siblings(MINUTE);
    let mut grant = Small::new(&policy, 0);
    assert_eq!(issued(grant.refresh(&policy, 0, pair(0))), (1, Issue::Rotated));
    assert_eq!(issued(grant.refresh(&policy, 1, pair(0))), (2, Issue::Sibling));
    assert_eq!(issued(grant.refresh(&policy, 2, pair(1))), (3, Issue::Rotated));
    assert_eq!(issued(grant.refresh(&policy, 3, pair(2))), (4, Issue::Rotated));
    assert_eq!(grant.refresh(&policy, MINUTE, pair(0)), RefreshVerdict::KilledByReuse);
}

#[test]
fn newest_wins_kills_the_lower_answer() {
    let policy = Policy::newest_wins(MINUTE).lives(5 * MINUTE, 0);
    let mut grant = Small::new(&policy, 0);
    assert_eq!(issued(grant.refresh(&policy, 0, pair(0))), (1, Issue::Rotated));
    assert_eq!(issued(grant.refresh(&policy, 1, pair(0))), (2, Issue::Newest));
    assert_eq!(grant.access(&policy, 2, pair(1)), AccessVerdict::Killed);
    assert_eq!(grant.access(&policy, 2, pair(0)), AccessVerdict::Live);
    assert_eq!(grant.access(&policy, 2, pair(2)), AccessVerdict::Live);
    let mut lower = grant;
    assert_eq!(lower.refresh(&policy, 2, pair(1)), RefreshVerdict::KilledByReuse);
    assert_eq!(issued(grant.refresh(&policy, 2, pair(2))), (3, Issue::Rotated));
}

#[test]
fn the_window_runs_from_the_first_use() {
    let policy = Policy::newest_wins(MINUTE);
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 100, pair(0)));
    issued(grant.refresh(&policy, 100 + MINUTE - 1, pair(0)));
    assert!(!grant.accepts(&policy, 100 + MINUTE, pair(0)));
    assert!(grant.accepts(&policy, 100 + MINUTE, pair(2)));
}

#[test]
fn until_used_ends_with_the_use_of_the_successor() {
    let policy = Policy::until_used();
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 0, pair(0)));
    assert_eq!(grant.access(&policy, 1, pair(1)), AccessVerdict::Live);
    assert_eq!(issued(grant.refresh(&policy, i64::MAX, pair(0))), (2, Issue::Newest));
    assert_eq!(issued(grant.refresh(&policy, i64::MAX, pair(2))), (3, Issue::Rotated));
    assert_eq!(grant.refresh(&policy, i64::MAX, pair(0)), RefreshVerdict::KilledByReuse);
}

#[test]
fn until_access_used_ends_with_the_use_of_the_access_token() {
    let policy = Policy::until_access_used();
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 0, pair(0)));
    assert!(grant.accepts(&policy, 1, pair(0)));
    // The access token of the retired pair itself says nothing about the successor.
    assert_eq!(grant.access(&policy, 1, pair(0)), AccessVerdict::Live);
    assert!(grant.accepts(&policy, 1, pair(0)));
    assert_eq!(grant.access(&policy, 1, pair(1)), AccessVerdict::Live);
    assert!(!grant.accepts(&policy, 1, pair(0)));
    assert!(grant.accepts(&policy, 1, pair(1)));
}

#[test]
fn until_used_can_be_capped() {
    let mut policy = Policy::until_used();
    policy.window_ms = MINUTE;
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 0, pair(0)));
    assert!(grant.accepts(&policy, MINUTE - 1, pair(0)));
    assert!(!grant.accepts(&policy, MINUTE, pair(0)));
}

#[test]
fn once_allows_one_retry() {
    let policy = Policy::once(MINUTE).harmless();
    let mut grant = Small::new(&policy, 0);
    issued(grant.refresh(&policy, 0, pair(0)));
    assert_eq!(issued(grant.refresh(&policy, 1, pair(0))), (2, Issue::Sibling));
    assert_eq!(
        grant.refresh(&policy, 2, pair(0)),
        RefreshVerdict::Invalid(Invalid::Retired)
    );
    assert_eq!(issued(grant.refresh(&policy, 3, pair(1))), (3, Issue::Rotated));
    assert_eq!(issued(grant.refresh(&policy, 3, pair(2))), (4, Issue::Rotated));
}

#[test]
fn the_same_token_twice_at_once_is_concurrent_where_refused() {
    let mut policy = Policy::newest_wins(MINUTE);
    let mut grant = Small::new(&policy, 0);
    assert_eq!(grant.begin(&policy, pair(0)), Ok(()));
    assert_eq!(grant.begin(&policy, pair(0)), Ok(()));
    policy.refuses_concurrent = true;
    assert_eq!(grant.begin(&policy, pair(0)), Err(RefreshVerdict::Concurrent));
    grant.finish(pair(0));
    assert_eq!(grant.begin(&policy, pair(0)), Ok(()));
}

#[test]
fn lives_end() {
    let policy = Policy::newest_wins(MINUTE).lives(5 * MINUTE, 60 * MINUTE);
    let mut grant = Small::new(&policy, 0);
    assert_eq!(grant.access(&policy, 5 * MINUTE - 1, pair(0)), AccessVerdict::Live);
    assert_eq!(grant.access(&policy, 5 * MINUTE, pair(0)), AccessVerdict::Expired);
    assert!(grant.accepts(&policy, 60 * MINUTE - 1, pair(0)));
    assert_eq!(
        grant.refresh(&policy, 60 * MINUTE, pair(0)),
        RefreshVerdict::Invalid(Invalid::Expired)
    );
    assert_eq!(grant.life(), Life::Live);
}

#[test]
fn a_refresh_may_kill_the_access_tokens_before_it() {
    for access_ms in [0, MINUTE] {
        let mut policy = Policy::no_window().lives(access_ms, 0);
        policy.refresh_kills_access = true;
        let mut grant = Small::new(&policy, 0);
        assert_eq!(grant.access(&policy, 0, pair(0)), AccessVerdict::Live);
        issued(grant.refresh(&policy, 1, pair(0)));
        assert_eq!(grant.access(&policy, 2, pair(0)), AccessVerdict::Killed);
        assert_eq!(grant.access(&policy, 2, pair(1)), AccessVerdict::Live);
    }
}

#[test]
fn a_new_login_does_what_the_policy_says() {
    let mut policy = Policy::no_window().lives(MINUTE, 0);
    let grant = Small::new(&policy, 0);
    for (login, life, access) in [
        (Login::Keeps, Life::Live, AccessVerdict::Live),
        (
            Login::KillsRefresh,
            Life::Ending(Reason::Superseded),
            AccessVerdict::Live,
        ),
        (Login::Kills, Life::Dead(Reason::Superseded), AccessVerdict::Killed),
    ] {
        policy.login = login;
        let mut older = grant;
        assert_eq!(older.superseded(&policy, 0), login != Login::Keeps);
        assert_eq!(older.life(), life);
        assert_eq!(older.access(&policy, 1, pair(0)), access);
        assert_eq!(older.accepts(&policy, 1, pair(0)), login == Login::Keeps);
    }
}

#[test]
fn a_code_is_used_once_and_in_time() {
    let mut policy = Policy::no_window();
    policy.code_ms = MINUTE;
    let mut code = Code::new(&policy, 5);
    assert_eq!({ code }.redeem(&policy, 5 + MINUTE), CodeVerdict::Expired);
    assert_eq!(code.redeem(&policy, 4 + MINUTE), CodeVerdict::Granted);
    assert_eq!({ code }.redeem(&policy, 5), CodeVerdict::ReusedKill);
    policy.code_reuse = Reuse::Harmless;
    assert_eq!(code.redeem(&policy, 5), CodeVerdict::Reused);
}

#[test]
fn equal_situations_are_equal_values() {
    // Two histories that differ only in what can no longer matter: when things happened.
    let policy = Policy::no_window();
    let (mut early, mut late) = (Small::new(&policy, 0), Small::new(&policy, 7));
    assert_eq!(early, late);
    issued(early.refresh(&policy, 1, pair(0)));
    issued(late.refresh(&policy, 900, pair(0)));
    assert_eq!(early, late);
    // Once the grace is over, it does not matter how it was used.
    let policy = Policy::once(MINUTE);
    let (mut one, mut two) = (Small::new(&policy, 0), Small::new(&policy, 0));
    issued(one.refresh(&policy, 0, pair(0)));
    issued(one.refresh(&policy, 1, pair(0)));
    issued(two.refresh(&policy, 0, pair(0)));
    issued(two.refresh(&policy, 7, pair(0)));
    assert_eq!(one, two);
}

#[test]
fn a_full_grant_forgets_the_least_valuable_pair() {
    let policy = Policy::siblings(MINUTE).harmless();
    let mut grant = Grant::<4>::new(&policy, 0);
    for number in 1..=6 {
        assert_eq!(issued(grant.refresh(&policy, 0, pair(0))).0, number);
    }
    assert!(
        grant.accepts(&policy, 0, pair(0)),
        "the token being retried is never forgotten"
    );
    assert!(grant.accepts(&policy, 0, pair(6)));
    assert!(!grant.accepts(&policy, 0, pair(1)));
}

#[test]
fn states_are_small() {
    assert!(size_of::<Small>() <= 256, "{}", size_of::<Small>());
}

#[derive(Clone, Copy)]
struct Explored {
    grant: Small,
    now: i64,
    steps: u32,
}

/// All short histories under a policy: each pair's refresh token, each pair's access token, time passing.
fn explore(policy: &Policy, at: Explored, deepest: u32, seen: &mut u32) {
    *seen += 1;
    let Explored { grant, now, steps } = at;
    let newest = grant.newest();
    if grant.life() == Life::Live {
        let holder = if policy.rotates { newest } else { PairId::FIRST };
        assert!(
            grant.accepts(policy, now, holder),
            "a live grant has a live token: {policy:?} {grant:?}"
        );
        let accepted = (0..=newest.0)
            .filter(|number| grant.accepts(policy, now, PairId(*number)))
            .count();
        let most = match (policy.rotates, policy.grace, policy.retry) {
            (false, ..) | (_, Grace::None, _) => 1,
            (_, Grace::UntilSuccessorUsed | Grace::UntilAccessUsed, Retry::NewestWins) => 2,
            _ => usize::MAX,
        };
        assert!(accepted <= most, "{policy:?} {grant:?}");
    } else {
        assert!((0..=newest.0).all(|number| !grant.accepts(policy, now, PairId(number))));
    }
    if steps == deepest {
        return;
    }
    for number in 0..=newest.0 {
        let (mut refreshed, mut used, token) = (grant, grant, PairId(number));
        let verdict = refreshed.refresh(policy, now, token);
        assert_eq!(
            grant.accepts(policy, now, token),
            matches!(verdict, RefreshVerdict::Issued { .. })
        );
        match verdict {
            RefreshVerdict::KilledByReuse => assert_eq!(refreshed.life(), Life::Dead(Reason::Reuse)),
            RefreshVerdict::Invalid(Invalid::Retired) => assert_eq!(policy.reuse, Reuse::Harmless),
            RefreshVerdict::Issued { access, refresh, .. } => {
                assert_eq!({ refreshed }.access(policy, now, access), AccessVerdict::Live);
                assert!(refreshed.accepts(policy, now, refresh));
            }
            RefreshVerdict::Invalid(_) | RefreshVerdict::Concurrent => assert_ne!(grant.life(), Life::Live),
        }
        explore(
            policy,
            Explored {
                grant: refreshed,
                now,
                steps: steps + 1,
            },
            deepest,
            seen,
        );
        used.access(policy, now, token);
        explore(
            policy,
            Explored {
                grant: used,
                now,
                steps: steps + 1,
            },
            deepest,
            seen,
        );
    }
    explore(
        policy,
        Explored {
            grant,
            now: now + MINUTE / 2,
            steps: steps + 1,
        },
        deepest,
        seen,
    );
}

#[test]
fn all_short_histories_keep_the_rules() {
    let mut seen = 0;
    for policy in [
        Policy::no_rotation(),
        Policy::no_window(),
        Policy::same_pair(MINUTE),
        Policy::siblings(MINUTE),
        Policy::newest_wins(MINUTE),
        Policy::once(MINUTE),
        Policy::until_used(),
        Policy::until_access_used(),
    ] {
        for policy in [policy, policy.harmless(), policy.lives(5 * MINUTE, 0)] {
            let grant = Small::new(&policy, 0);
            explore(
                &policy,
                Explored {
                    grant,
                    now: 0,
                    steps: 0,
                },
                5,
                &mut seen,
            );
        }
    }
    assert!(seen > 50_000, "{seen}");
}
