//! Changes of the project over the network: who may, and how refusals look.

use plantroom_access::Session;
use plantroom_model::{Diagnostic, Door, Utc};

use super::fake::{Fake, serve};
use crate::{ChangeDone, ChangeError, ChangeInfo, ProjectDoor, ProjectNow, ProjectWord};

/// A project with one change, one quarantined plugin, and a folder with a mistake.
pub(super) struct FakeProject;

fn info() -> ChangeInfo {
    ChangeInfo {
        number: 1,
        kind: "apply",
        of: None,
        at: Utc(1_700_000_000_000_000_000),
        user: "eve".into(),
        comment: "why".into(),
        preview: "1 tag is new".into(),
        files: vec!["tags/a.toml".into()],
        diff: "+1\n".into(),
    }
}

impl ProjectDoor for FakeProject {
    fn now(&self) -> ProjectNow {
        ProjectNow { state: ProjectWord::Refused, message: "It has a mistake.".into(), change: 1, ..ProjectNow::default() }
    }

    fn files(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        Ok(vec![("images/x.png".into(), vec![0xff, 0]), ("plant.toml".into(), b"name = \"x\"".to_vec())])
    }

    fn list(&self) -> Vec<ChangeInfo> {
        vec![info()]
    }

    fn change(&self, number: u64) -> Option<ChangeInfo> {
        (number == 1).then(info)
    }

    fn apply(&self, _: (&Session, Door), _: &str) -> Result<ChangeDone, ChangeError> {
        let diagnostics = vec![Diagnostic::error("tags/a.toml", (3, 1), "this is wrong", "write it otherwise")];
        Err(ChangeError::Mistakes { message: "It has a mistake.".into(), diagnostics })
    }

    fn roll_back(&self, (session, _): (&Session, Door), before: Option<u64>, comment: &str) -> Result<ChangeDone, ChangeError> {
        let message = format!("{} went back before {before:?}: {comment}", session.user);
        Ok(ChangeDone { number: 2, message, kept: vec!["plant.toml.orig".into()] })
    }

    fn release(&self, _: (&Session, Door), plugin: &str, _: &str) -> Result<String, ChangeError> {
        if plugin == "bad" { Ok("It starts again.".into()) } else { Err(ChangeError::NotNow("It is not in quarantine.".into())) }
    }
}

#[tokio::test]
async fn only_engineers_change_the_project_and_everybody_sees_how_it_is() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let (otto, eve) = (fake.token("otto"), fake.token("eve"));
    for (verb, path) in [
        ("POST", "/api/v1/project/apply"),
        ("POST", "/api/v1/project/rollback"),
        ("GET", "/api/v1/project/files"),
        ("GET", "/api/v1/project/changes"),
        ("GET", "/api/v1/project/changes/1"),
        ("POST", "/api/v1/plugins/bad/release"),
    ] {
        assert_eq!(served.call(&otto, verb, path, "").await.status, 403, "{verb} {path}");
    }
    let now = served.call(&otto, "GET", "/api/v1/project", "").await.json();
    assert_eq!((now["state"].as_str(), now["change"].as_u64()), (Some("refused"), Some(1)), "{now}");
    let files = served.call(&eve, "GET", "/api/v1/project/files", "").await.json();
    assert_eq!(files["files"][0]["base64"], "/wA=", "{files}");
    assert_eq!(files["files"][1]["text"], "name = \"x\"", "{files}");
    let list = served.call(&eve, "GET", "/api/v1/project/changes", "").await.json();
    assert!(list["changes"][0]["number"] == 1 && list["changes"][0].get("diff").is_none(), "{list}");
    let one = served.call(&eve, "GET", "/api/v1/project/changes/1", "").await.json();
    assert_eq!(one["diff"], "+1\n", "{one}");
}

#[tokio::test]
async fn a_refused_change_says_everything_that_is_wrong() {
    let fake = Fake::new();
    let served = serve(&fake).await;
    let eve = fake.token("eve");
    let refused = served.call(&eve, "POST", "/api/v1/project/apply", "").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.json()["help"].as_str().is_some_and(|help| help.contains("tags/a.toml:3:1: error: this is wrong")));
    let done = served.call(&eve, "POST", "/api/v1/project/rollback", r#"{"before": 7, "comment": "oops"}"#).await.json();
    assert_eq!(done["message"], "eve went back before Some(7): oops");
    assert_eq!(done["kept"][0], "plant.toml.orig");
    for (path, body, status) in [
        ("/api/v1/project/rollback", r#"{"befor": 7}"#, 400),
        ("/api/v1/plugins/bad/release", "", 200),
        ("/api/v1/plugins/good/release", r#"{"comment": "x"}"#, 409),
        ("/api/v1/project/changes/9", "", 405),
    ] {
        let answer = served.call(&eve, "POST", path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    assert_eq!(served.call(&eve, "GET", "/api/v1/project/changes/9", "").await.status, 404);
    assert_eq!(served.call(&eve, "GET", "/api/v1/project/changes/x", "").await.status, 404);
}
