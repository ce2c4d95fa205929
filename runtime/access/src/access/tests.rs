use std::time::{Duration, Instant};

use plantroom_model::TagId;
use plantroom_store::FaultyDisk;

use super::*;
use crate::{AuditFilter, DeniedKind, Entry};

const PASSWORD: &str = "correct horse battery";

fn at(s: u64) -> Now {
    Now { mono: Mono(0).plus_ms(s * 1_000), utc: Utc(1_700_000_000_000_000_000 + s as i64 * 1_000_000_000) }
}

fn on_disk(disk: &FaultyDisk) -> Access {
    Access::open_on(Arc::new(disk.clone()), Path::new("data"), None, at(0).utc).unwrap()
}

/// An engineer `eve` and an operator `otto`.
fn plant() -> Access {
    let access = on_disk(&FaultyDisk::new(1));
    access.create_user(By::Machine, "eve", PASSWORD, Role::Engineer, at(0)).unwrap();
    access.create_user(By::Machine, "otto", PASSWORD, Role::Operate, at(0)).unwrap();
    access
}

fn login(access: &Access, user: &str) -> Session {
    access.login(user, PASSWORD, Door::Console, "10.0.0.1", at(1)).unwrap()
}

fn trail(access: &Access) -> Vec<String> {
    access.audit.flush();
    let records = access.audit.list(&AuditFilter::default()).unwrap();
    records.into_iter().rev().map(|r| format!("{} {} {}: {}", r.user, r.act, r.target, r.result)).collect()
}

fn write() -> Act {
    Act::write(&"intake/p1/run".into(), TagId(3))
}

#[test]
fn there_is_nobody_at_first() {
    let access = on_disk(&FaultyDisk::new(1));
    assert!(!access.has_users());
    for (user, password) in [("admin", "admin"), ("", ""), ("operator", "operator"), ("root", "")] {
        let denied = access.login(user, password, Door::Api, "::1", at(0)).unwrap_err();
        assert_eq!(denied.kind, DeniedKind::Wrong);
    }
}

#[test]
fn each_role_may_what_it_may_and_refusals_are_recorded() {
    let access = plant();
    let otto = login(&access, "OTTO");
    assert_eq!(&*otto.user, "otto", "one person has one name");
    assert!(access.authorise(&otto, Door::Console, Role::View, write(), at(1)).is_ok());
    assert!(access.authorise(&otto, Door::Console, Role::Operate, write(), at(1)).is_ok());
    let refusal = access.authorise(&otto, Door::Console, Role::Engineer, write(), at(1)).unwrap_err();
    assert!(matches!(refusal, Refusal::Role { has: Role::Operate, needed: Role::Engineer, .. }));
    let error = access.create_user(By::User(&otto, Door::Api), "mallory", PASSWORD, Role::Engineer, at(1)).unwrap_err();
    assert!(matches!(error, AccessError::Refused(_)), "{error}");
    let trail = trail(&access);
    assert!(trail.iter().any(|line| line.starts_with("otto write tag intake/p1/run: refused")), "{trail:#?}");
    assert!(trail.iter().any(|line| line.starts_with("otto create user mallory: refused")), "{trail:#?}");
    assert!(trail.contains(&"otto log in otto: done".to_owned()), "{trail:#?}");
}

#[test]
fn a_session_ends_with_what_it_rests_on() {
    type Case = (&'static str, fn(&Access, &Session), bool);
    let engineer = |access: &Access| login(access, "eve");
    let cases: [Case; 6] = [
        ("demoted", |access, eve| access.set_role(By::User(eve, Door::Api), "otto", Role::View, at(2)).unwrap(), false),
        ("promoted", |access, eve| access.set_role(By::User(eve, Door::Api), "otto", Role::Engineer, at(2)).unwrap(), true),
        ("removed", |access, eve| access.remove_user(By::User(eve, Door::Api), "otto", at(2)).unwrap(), false),
        (
            "password",
            |access, eve| access.set_password(By::User(eve, Door::Api), "otto", "another password", at(2)).unwrap(),
            false,
        ),
        ("somebody else", |access, _| access.create_user(By::Machine, "vera", PASSWORD, Role::View, at(2)).unwrap(), true),
        ("nothing", |_, _| {}, true),
    ];
    for (what, change, lives) in cases {
        let access = plant();
        let (otto, eve) = (login(&access, "otto"), engineer(&access));
        change(&access, &eve);
        assert_eq!(access.current_role(&otto, at(3)).is_some(), lives, "{what}");
        assert_eq!(access.resume(otto.token(), Door::Api, "10.0.0.1", at(3)).is_ok(), lives, "{what}");
        let refusal = access.authorise(&otto, Door::Console, Role::View, write(), at(3)).err();
        assert_eq!(refusal, (!lives).then_some(Refusal::Ended), "{what}");
    }
}

#[test]
fn a_session_ends_by_logout_and_by_idling() {
    let access = plant();
    let otto = login(&access, "otto");
    access.logout(otto.token(), Door::Console, "10.0.0.1", at(2));
    assert_eq!(access.current_role(&otto, at(2)), None);
    let otto = login(&access, "otto");
    let idle = limits::IDLE_MS / 1_000;
    access.touch(&otto, at(idle));
    assert_eq!(access.current_role(&otto, at(idle + 100)), Some(Role::Operate));
    assert_eq!(access.current_role(&otto, at(2 * idle)), None);
}

#[test]
fn a_token_outlives_a_restart_and_not_its_revocation() {
    let disk = FaultyDisk::new(1);
    let access = on_disk(&disk);
    access.create_user(By::Machine, "eve", PASSWORD, Role::Engineer, at(0)).unwrap();
    let token = access.create_token(By::Machine, "eve", "prometheus", Role::View, at(0)).unwrap();
    let session = login(&access, "eve");
    drop(access);
    let access = on_disk(&disk);
    let resumed = access.resume(&token.secret, Door::Api, "10.0.0.9", at(5)).unwrap();
    assert_eq!((&*resumed.user, resumed.role), ("eve", Role::View), "at most what it was made for");
    assert!(access.resume(session.token(), Door::Api, "10.0.0.9", at(5)).is_err(), "sessions don't outlive the process");
    let idle = at(10 * limits::IDLE_MS / 1_000);
    assert_eq!(access.current_role(&resumed, idle), Some(Role::View), "tokens don't idle");
    access.revoke_token(By::Machine, &token.id, at(6)).unwrap();
    assert_eq!(access.current_role(&resumed, at(6)), None);
    let file = plantroom_store::read_file(&disk, Path::new("data/users.json"), 1 << 20).unwrap().unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(file.contains("$argon2id$") && !file.contains(PASSWORD) && !file.contains(&token.secret), "{file}");
}

#[test]
fn guessing_locks_the_guesser_only() {
    let access = plant();
    let guess = |source: &str| access.login("otto", "wrong password", Door::Api, source, at(1)).unwrap_err().kind;
    for _ in 0..limits::FREE_FAILURES {
        assert_eq!(guess("10.0.0.66"), DeniedKind::Wrong);
    }
    assert_eq!(guess("10.0.0.66"), DeniedKind::Locked { retry_after_ms: 1_000 });
    let right = access.login("otto", PASSWORD, Door::Api, "10.0.0.66", at(1)).unwrap_err();
    assert!(matches!(right.kind, DeniedKind::Locked { .. }), "also with the right password");
    assert!(access.login("otto", PASSWORD, Door::Console, "10.0.0.1", at(1)).is_ok(), "the user is not kept out elsewhere");
    let unknown = || access.login("nobody", "wrong password", Door::Api, "10.0.0.66", at(1)).unwrap_err();
    (0..limits::FREE_FAILURES).for_each(|_| assert_eq!(unknown().kind, DeniedKind::Wrong));
    assert!(matches!(unknown().kind, DeniedKind::Locked { .. }), "an unknown user is locked like a known one");
}

#[test]
fn unknown_user_and_wrong_password_cost_the_same() {
    let access = plant();
    let time = |user: &str, n: u32| {
        let start = Instant::now();
        let denied = access.login(user, "wrong password", Door::Api, &format!("10.0.1.{n}"), at(1)).unwrap_err();
        assert_eq!(denied, Denied::wrong());
        start.elapsed()
    };
    // In turns, and the shortest of each: other work on the machine only ever adds.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for n in 0..9 {
        known = known.min(time("otto", n));
        unknown = unknown.min(time("nobody", n));
    }
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "one answer takes {ratio:.2} times as long as the other");
}

#[test]
fn the_last_engineer_stays_and_names_are_unique() {
    let access = plant();
    let refused = |result: Result<(), AccessError>| result.unwrap_err().to_string();
    assert!(refused(access.remove_user(By::Machine, "eve", at(1))).contains("last engineer"));
    assert!(refused(access.set_role(By::Machine, "eve", Role::View, at(1))).contains("last engineer"));
    assert!(refused(access.create_user(By::Machine, "Otto", PASSWORD, Role::View, at(1))).contains("already"));
    for name in ["", "a b", "../x", "-x", "x\n", &"x".repeat(65)] {
        assert!(access.create_user(By::Machine, name, PASSWORD, Role::View, at(1)).is_err(), "{name:?}");
    }
    assert!(access.create_user(By::Machine, "jörg.m", PASSWORD, Role::View, at(1)).is_ok());
    assert!(refused(access.create_user(By::Machine, "vera", "short", Role::View, at(1))).contains("10"));
}

#[test]
fn a_user_changes_their_own_password_with_the_old_one() {
    let access = plant();
    let otto = login(&access, "otto");
    let change = |old: &str| access.change_own_password((&otto, Door::Console), old, "a new password", at(2));
    assert!(matches!(change("not the old one"), Err(AccessError::WrongPassword)));
    change(PASSWORD).unwrap();
    assert_eq!(access.current_role(&otto, at(2)), None);
    assert!(access.login("otto", "a new password", Door::Console, "10.0.0.1", at(3)).is_ok());
    assert!(access.login("otto", PASSWORD, Door::Console, "10.0.0.1", at(3)).is_err());
}

#[test]
fn without_a_record_no_user_is_changed() {
    let disk = FaultyDisk::new(1);
    let access = on_disk(&disk);
    access.create_user(By::Machine, "eve", PASSWORD, Role::Engineer, at(0)).unwrap();
    disk.trouble_at(0, plantroom_store::Trouble::Crash);
    let error = access.create_user(By::Machine, "otto", PASSWORD, Role::Operate, at(1)).unwrap_err();
    assert!(matches!(error, AccessError::Audit(_)), "{error}");
    assert_eq!(access.users().len(), 1);
}

#[test]
fn one_process_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Access::open(folder.path(), at(0).utc).unwrap();
    let error = Access::open(folder.path(), at(0).utc).unwrap_err();
    assert!(matches!(error, AccessError::InUse(_)), "{error}");
    drop(first);
    assert!(Access::open(folder.path(), at(0).utc).is_ok());
}

#[test]
fn user_changes_are_opened_and_closed() {
    let access = plant();
    access.audit.flush();
    let records = access.audit.list(&AuditFilter { target: Some("otto".to_owned()), ..AuditFilter::default() }).unwrap();
    let [created] = &*records else { panic!("{records:#?}") };
    assert_eq!((created.entry, created.act.as_str(), created.user.as_str()), (Entry::Open, "create user", "machine"));
    assert_eq!(access.audit.verify().unwrap().open, Vec::<u64>::new());
}
