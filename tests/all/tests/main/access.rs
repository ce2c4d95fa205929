//! Who may, and who may not: on every endpoint, on the live connection, from every page.

mod endpoints;
mod live;
mod raw;
mod sessions;
mod slow;
mod web_page;

use plantroom_tests::{Project, Station};

/// A tag that operators may write, and one that only engineers may.
const PUMP: &str = "line/pump";
const LIMIT: &str = "line/limit";

fn plant() -> (Project, Station) {
    let project = Project::new();
    project.memory(PUMP, "int", "0", "write = true");
    project.memory(LIMIT, "int", "0", "write = { role = \"engineer\" }");
    let station = Station::start(&project);
    (project, station)
}

/// A tag's path in a URL.
fn value_of(tag: &str) -> String {
    format!("/api/v1/tags/{}/value", tag.replace('/', "%2F"))
}
