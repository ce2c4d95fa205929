//! Every route, with the role it needs. There is no other way to add one.

use std::future::Future;
use std::pin::Pin;

use axum::response::Response;
use plantroom_model::Role::{Engineer, Operate, View};

use crate::api::{alarms, audit, control, front, outlets, project, session, state, tags, users};
use crate::door::{Call, Needs};
use crate::error::ApiError;
use crate::live;

/// What a route's function returns.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// HTTP methods that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// What a route answers with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// JSON of this schema.
    Json(&'static str),
    /// Something else, by content type.
    Other(&'static str),
    /// A WebSocket.
    Socket,
}

/// One route: all there is to know about it, for the router, the door and the API document.
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    pub(crate) summary: &'static str,
    /// Query parameters: name, meaning.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// Schema of the body.
    pub(crate) body: Option<&'static str>,
    pub(crate) answer: Answer,
    pub(crate) run: fn(Call) -> Answering,
}

const fn get(path: &'static str, needs: Needs, answer: Answer, run: fn(Call) -> Answering) -> Route {
    Route { verb: Verb::Get, path, needs, summary: "", query: &[], body: None, answer, run }
}

const fn post(path: &'static str, needs: Needs, answer: Answer, run: fn(Call) -> Answering) -> Route {
    Route { verb: Verb::Post, ..get(path, needs, answer, run) }
}

const fn put(path: &'static str, needs: Needs, answer: Answer, run: fn(Call) -> Answering) -> Route {
    Route { verb: Verb::Put, ..get(path, needs, answer, run) }
}

const fn delete(path: &'static str, needs: Needs, answer: Answer, run: fn(Call) -> Answering) -> Route {
    Route { verb: Verb::Delete, ..get(path, needs, answer, run) }
}

const DONE: Answer = Answer::Json("DoneView");
const OUTCOME: Answer = Answer::Json("OutcomeView");

const ALARM_QUERY: &[(&str, &str)] = &[
    ("filter", "Only names that match; `*` stands for anything: `high_lift/*`."),
    ("area", "Only this area and those below it."),
    ("priority", "Only event, low, medium, high or critical."),
    ("state", "all, active, unacknowledged, acknowledged, returned, normal, shelved, suppressed or out-of-service."),
    ("text", "Only with this text in name or message."),
    ("instance", "Only alarms of this instance of a type."),
    ("limit", "At most so many; 100 without it, 10000 at most."),
    ("offset", "Leaves out so many before."),
];

const TIME_QUERY: &[(&str, &str)] = &[("since", "From this time (RFC 3339)."), ("until", "Until before this time (RFC 3339).")];

const JOURNAL_QUERY: &[(&str, &str)] = &[
    ("since", "From this time (RFC 3339)."),
    ("until", "Until before this time (RFC 3339)."),
    ("area", "Only this area and those below it."),
    ("alarm", "Only this alarm; `*` stands for anything."),
    ("priority", "Only event, low, medium, high or critical."),
    ("user", "Only what this user did."),
    ("text", "Only with this text in name, message, user or comment."),
    ("oldest_first", "true: the oldest first."),
    ("cursor", "`next` of the page before."),
    ("limit", "At most so many; 100 without it, 10000 at most."),
];

const DELIVERY_QUERY: &[(&str, &str)] = &[
    ("outlet", "Only of this outlet."),
    ("state", "Only sent, failed, given-up, dropped or unreached."),
    ("text", "Only with this text in address, alarm, subject, name or reason."),
    ("since", "From this time (RFC 3339)."),
    ("until", "Until before this time (RFC 3339)."),
    ("limit", "At most so many; 100 without it, 10000 at most."),
];

const EXPORT_QUERY: &[(&str, &str)] = &[
    ("format", "csv (without it) or parquet."),
    ("since", "From this time (RFC 3339)."),
    ("until", "Until before this time (RFC 3339)."),
    ("area", "Only this area and those below it."),
    ("alarm", "Only this alarm; `*` stands for anything."),
    ("priority", "Only event, low, medium, high or critical."),
    ("user", "Only what this user did."),
    ("text", "Only with this text in name, message, user or comment."),
];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        summary: "What this is, for people.",
        ..get("/", Needs::Nothing, Answer::Other("text/html"), |call| Box::pin(front::page(call)))
    },
    Route {
        summary: "Whether the station is well: 200, or 503.",
        ..get("/healthz", Needs::Nothing, Answer::Json("HealthView"), |call| Box::pin(state::health(call)))
    },
    Route {
        summary: "Figures for Prometheus. Over loopback no token is needed, unless a proxy has forwarded the request.",
        ..get("/metrics", Needs::RoleUnlessLocal(View), Answer::Other("text/plain"), |call| Box::pin(state::metrics(call)))
    },
    Route {
        summary: "This document.",
        ..get("/api/v1/openapi.json", Needs::Nothing, Answer::Other("application/json"), |call| Box::pin(front::openapi(call)))
    },
    Route {
        summary: "Live values and commands for consoles: a WebSocket with binary messages (crate plantroom-wire). \
                  The first message must log in.",
        ..get("/api/v1/live", Needs::FirstMessage, Answer::Socket, |call| Box::pin(live::open(call)))
    },
    Route {
        summary: "Logs a user in. The token ends with a logout, after 12 hours without use, and when the user is \
                  removed, demoted or gets a new password.",
        body: Some("LoginBody"),
        ..post("/api/v1/login", Needs::Nothing, Answer::Json("SessionView"), |call| Box::pin(session::login(call)))
    },
    Route {
        summary: "Ends the session of the token that is sent.",
        ..post("/api/v1/logout", Needs::Role(View), DONE, |call| Box::pin(session::logout(call)))
    },
    Route {
        summary: "Who is logged in.",
        ..get("/api/v1/session", Needs::Role(View), Answer::Json("SessionView"), |call| Box::pin(session::who(call)))
    },
    Route {
        summary: "Changes one's own password; all of one's sessions end.",
        body: Some("OwnPasswordBody"),
        ..put("/api/v1/session/password", Needs::Role(View), DONE, |call| Box::pin(session::password(call)))
    },
    Route {
        summary: "Tags with their values, page by page.",
        query: &[
            ("filter", "Only names that match; `*` stands for anything: `high_lift/*`."),
            ("limit", "At most so many; 1000 without it, 10000 at most."),
            ("offset", "Leaves out so many before."),
        ],
        ..get("/api/v1/tags", Needs::Role(View), Answer::Json("TagsView"), |call| Box::pin(tags::list(call)))
    },
    Route {
        summary: "One tag. Its name is one percent-encoded segment: `intake%2Flevel`.",
        ..get("/api/v1/tags/{name}", Needs::Role(View), Answer::Json("TagView"), |call| Box::pin(tags::read(call)))
    },
    Route {
        summary: "Writes a tag through the command path: authorised, audited, ordered, read back. Answers when the \
                  outcome is known; `kind` says what it is.",
        body: Some("WriteBody"),
        ..put("/api/v1/tags/{name}/value", Needs::Role(Operate), OUTCOME, |call| Box::pin(tags::write(call)))
    },
    Route {
        summary: "The same as PUT.",
        body: Some("WriteBody"),
        ..post("/api/v1/tags/{name}/value", Needs::Role(Operate), OUTCOME, |call| Box::pin(tags::write(call)))
    },
    Route {
        summary: "Why a tag holds what it holds: connection, device, raw registers, scaling, inputs, who has taken it over, \
                  the last write and the last refusal.",
        ..get("/api/v1/tags/{name}/why", Needs::Role(View), Answer::Json("Why"), |call| Box::pin(control::why(call)))
    },
    Route {
        summary: "Takes a tag over (off-scan, substituted, simulated) or puts it back (normal), with a reason. Substituting \
                  needs the role operate, the others engineer.",
        body: Some("ModeBody"),
        ..put("/api/v1/tags/{name}/mode", Needs::Role(Operate), OUTCOME, |call| Box::pin(control::set_mode(call)))
    },
    Route {
        summary: "Every tag that somebody has taken over, with who, why and since when.",
        ..get("/api/v1/overrides", Needs::Role(View), Answer::Json("OverridesView"), |call| Box::pin(control::overrides(call)))
    },
    Route {
        summary: "What the station does by itself: station scripts, and plugins whose outputs are written.",
        ..get("/api/v1/automations", Needs::Role(View), Answer::Json("AutomationsView"), |call| {
            Box::pin(control::automations(call))
        })
    },
    Route {
        summary: "Stops an automation, starts it again, or restarts one that has failed (`verb` is stop, start or restart). A \
                  stop takes a reason and outlives restarts of the station; a restart takes the role engineer.",
        body: Some("ReasonBody"),
        ..post("/api/v1/automations/{name}/{verb}", Needs::Role(Operate), OUTCOME, |call| Box::pin(control::steer(call)))
    },
    Route {
        summary: "What automations did and why, newest first; the last 200 entries of each.",
        query: &[("name", "Only this automation."), ("limit", "At most so many; 100 without it, 10000 at most.")],
        ..get("/api/v1/automations/log", Needs::Role(View), Answer::Json("AutomationLogView"), |call| {
            Box::pin(control::automation_log(call))
        })
    },
    Route {
        summary: "Alarms, the most urgent first; without `state` those that are active or unacknowledged and not hidden.",
        query: ALARM_QUERY,
        ..get("/api/v1/alarms", Needs::Role(View), Answer::Json("AlarmsView"), |call| Box::pin(alarms::list(call)))
    },
    Route {
        summary: "One alarm: how it stands, and what the project says of it. Its name is one percent-encoded segment.",
        ..get("/api/v1/alarms/{name}", Needs::Role(View), Answer::Json("AlarmView"), |call| Box::pin(alarms::read(call)))
    },
    Route {
        summary: "Acts on an alarm: acknowledge, reset, shelve, unshelve, suppress, unsuppress, out-of-service, in-service or \
                  remark. Authorised and audited; answers when it is in the journal on the disk. What hides alarms by hand \
                  but for the shelf takes the role engineer.",
        body: Some("AlarmActBody"),
        ..post("/api/v1/alarms/{name}/{verb}", Needs::Role(Operate), OUTCOME, |call| Box::pin(alarms::act(call)))
    },
    Route {
        summary: "Acts on up to 500 alarms at once with one comment: each is authorised, audited and decided by itself, and has \
                  its own outcome. What takes the role engineer is refused alarm by alarm to others.",
        body: Some("AlarmActsBody"),
        ..post("/api/v1/alarm-acts", Needs::Role(Operate), Answer::Json("AlarmOutcomesView"), |call| {
            Box::pin(alarms::act_on_many(call))
        })
    },
    Route {
        summary: "The alarm journal, newest first, page by page.",
        query: JOURNAL_QUERY,
        ..get("/api/v1/alarm-journal", Needs::Role(View), Answer::Json("AlarmJournalView"), |call| {
            Box::pin(alarms::journal(call))
        })
    },
    Route {
        summary: "The same as a file for other programs.",
        query: EXPORT_QUERY,
        ..get("/api/v1/alarm-journal/export", Needs::Role(View), Answer::Other("text/csv"), |call| Box::pin(alarms::export(call)))
    },
    Route {
        summary: "The key figures of alarm management (IEC 62682), of each operator position; without times of the last 24 hours.",
        query: TIME_QUERY,
        ..get("/api/v1/alarm-kpi", Needs::Role(View), Answer::Other("application/json"), |call| Box::pin(alarms::kpi(call)))
    },
    Route {
        summary: "The same as a page for printing.",
        query: TIME_QUERY,
        ..get("/api/v1/alarm-report", Needs::Role(View), Answer::Other("text/html"), |call| Box::pin(alarms::report(call)))
    },
    Route {
        summary: "Ways on which people are told of alarms, and how they are.",
        ..get("/api/v1/outlets", Needs::Role(View), Answer::Json("OutletsView"), |call| Box::pin(outlets::list(call)))
    },
    Route {
        summary: "Sends a trial message through an outlet, once; answers when it is out or has failed. Audited.",
        body: Some("OutletTryBody"),
        ..post("/api/v1/outlets/{name}/try", Needs::Role(Engineer), OUTCOME, |call| Box::pin(outlets::try_out(call)))
    },
    Route {
        summary: "What came of messages to people: attempts, failures, what found no room; the newest first.",
        query: DELIVERY_QUERY,
        ..get("/api/v1/deliveries", Needs::Role(Operate), Answer::Json("DeliveriesView"), |call| {
            Box::pin(outlets::deliveries(call))
        })
    },
    Route {
        summary: "All screen scripts.",
        ..get("/api/v1/screens", Needs::Role(View), Answer::Json("ScreensView"), |call| Box::pin(state::screens(call)))
    },
    Route {
        summary: "Links to devices, and how they are.",
        ..get("/api/v1/connections", Needs::Role(View), Answer::Json("ConnectionsView"), |call| {
            Box::pin(state::connections(call))
        })
    },
    Route {
        summary: "The tags of a connection with the registers they were decoded from, for commissioning; at most 2000.",
        ..get("/api/v1/connections/{name}/registers", Needs::Role(Engineer), Answer::Json("RegistersView"), |call| {
            Box::pin(control::registers(call))
        })
    },
    Route {
        summary: "Plugins, and how they are.",
        ..get("/api/v1/plugins", Needs::Role(View), Answer::Json("PluginsView"), |call| Box::pin(state::plugins(call)))
    },
    Route {
        summary: "Starts a plugin again out of quarantine.",
        body: Some("ChangeBody"),
        ..post("/api/v1/plugins/{name}/release", Needs::Role(Engineer), Answer::Json("MessageView"), |call| {
            Box::pin(project::release(call))
        })
    },
    Route {
        summary: "How the project folder stands to what runs: whether a change waits, or was refused and why.",
        ..get("/api/v1/project", Needs::Role(View), Answer::Json("ProjectView"), |call| Box::pin(project::now(call)))
    },
    Route {
        summary: "The text of the project that runs.",
        ..get("/api/v1/project/files", Needs::Role(Engineer), Answer::Json("ProjectFilesView"), |call| {
            Box::pin(project::files(call))
        })
    },
    Route {
        summary: "Applies what the project folder holds to the running plant, as a whole or not at all.",
        body: Some("ChangeBody"),
        ..post("/api/v1/project/apply", Needs::Role(Engineer), Answer::Json("ChangeDoneView"), |call| {
            Box::pin(project::apply(call))
        })
    },
    Route {
        summary: "Puts back the project as it was before a change, into its folder and into the running plant.",
        body: Some("RollbackBody"),
        ..post("/api/v1/project/rollback", Needs::Role(Engineer), Answer::Json("ChangeDoneView"), |call| {
            Box::pin(project::roll_back(call))
        })
    },
    Route {
        summary: "Changes of the project that are kept, newest first.",
        ..get("/api/v1/project/changes", Needs::Role(Engineer), Answer::Json("ChangesView"), |call| Box::pin(project::list(call)))
    },
    Route {
        summary: "One change, with its difference.",
        ..get("/api/v1/project/changes/{number}", Needs::Role(Engineer), Answer::Json("ChangeView"), |call| {
            Box::pin(project::show(call))
        })
    },
    Route {
        summary: "All users.",
        ..get("/api/v1/users", Needs::Role(Engineer), Answer::Json("UsersView"), |call| Box::pin(users::list(call)))
    },
    Route {
        summary: "Makes a user.",
        body: Some("NewUserBody"),
        ..post("/api/v1/users", Needs::Role(Engineer), DONE, |call| Box::pin(users::create(call)))
    },
    Route {
        summary: "Removes a user; sessions and API tokens end at once.",
        ..delete("/api/v1/users/{name}", Needs::Role(Engineer), DONE, |call| Box::pin(users::remove(call)))
    },
    Route {
        summary: "Gives a user a new password; their sessions end.",
        body: Some("PasswordBody"),
        ..put("/api/v1/users/{name}/password", Needs::Role(Engineer), DONE, |call| Box::pin(users::password(call)))
    },
    Route {
        summary: "Gives a user another role; when it is a lower one, their sessions end.",
        body: Some("RoleBody"),
        ..put("/api/v1/users/{name}/role", Needs::Role(Engineer), DONE, |call| Box::pin(users::role(call)))
    },
    Route {
        summary: "Makes an API token for a user.",
        body: Some("NewTokenBody"),
        ..post("/api/v1/tokens", Needs::Role(Engineer), Answer::Json("NewTokenView"), |call| Box::pin(users::create_token(call)))
    },
    Route {
        summary: "Revokes an API token.",
        ..delete("/api/v1/tokens/{id}", Needs::Role(Engineer), DONE, |call| Box::pin(users::revoke_token(call)))
    },
    Route {
        summary: "The audit trail, newest first.",
        query: &[
            ("before", "Only records with a lower number: for the next page."),
            ("since", "Only at or after this time (RFC 3339)."),
            ("until", "Only before this time (RFC 3339)."),
            ("user", "Only this user."),
            ("target", "Only this tag or user; with `*` at its end, all that start so."),
            ("category", "Only access, request, configuration, backup, audit or station."),
            ("limit", "At most so many; 100 without it, 10000 at most."),
        ],
        ..get("/api/v1/audit", Needs::Role(Engineer), Answer::Json("AuditView"), |call| Box::pin(audit::list(call)))
    },
    Route {
        summary: "Checks the whole audit trail.",
        ..get("/api/v1/audit/verify", Needs::Role(Engineer), Answer::Json("AuditReportView"), |call| {
            Box::pin(audit::verify(call))
        })
    },
];
