//! The API's document, made from the table of routes: what isn't documented isn't routed.

use utoipa::OpenApi;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, InfoBuilder, LicenseBuilder, ObjectBuilder, PathsBuilder, Ref, Required, ResponseBuilder, Type,
};

use crate::door::Needs;
use crate::routes::{Answer, ROUTES, Route, Verb};
use crate::views;

#[derive(OpenApi)]
#[openapi(components(schemas(
    crate::outlets::DeliveryLine,
    crate::outlets::OutletStatus,
    views::DeliveriesView,
    views::OutletTryBody,
    views::OutletsView,
    views::AlarmActBody,
    views::AlarmActOn,
    views::AlarmActsBody,
    views::AlarmJournalView,
    views::AlarmOutcomeView,
    views::AlarmOutcomesView,
    views::AlarmLineView,
    views::AlarmView,
    views::AlarmsView,
    views::AuditRecordView,
    views::AuditReportView,
    views::AuditView,
    views::AutomationLogView,
    views::AutomationsView,
    views::ModeBody,
    views::ReasonBody,
    views::OverrideView,
    views::OverridesView,
    crate::control::AutomationEntry,
    crate::control::AutomationNow,
    crate::control::RegisterNow,
    crate::control::Why,
    views::RegistersView,
    crate::control::WhyStep,
    views::ChangeBody,
    views::ChangeDoneView,
    views::ChangeView,
    views::ChangesView,
    views::ConnectionView,
    views::ConnectionsView,
    views::DiagnosticView,
    views::DoneView,
    views::ErrorView,
    views::HealthView,
    views::LimitsView,
    views::LoginBody,
    views::MessageView,
    views::NewTokenBody,
    views::NewTokenView,
    views::NewUserBody,
    views::OutcomeView,
    views::OwnPasswordBody,
    views::PasswordBody,
    views::PluginView,
    views::PluginsView,
    views::ProjectFileView,
    views::ProjectFilesView,
    views::ProjectView,
    views::RoleBody,
    views::RoleWord,
    views::RollbackBody,
    views::ScreenView,
    views::ScreensView,
    views::SessionView,
    views::TagView,
    views::TagsView,
    views::TokenView,
    views::UserView,
    views::UsersView,
    views::WriteBody,
)))]
struct Schemas;

/// The document as JSON text.
pub(crate) fn document() -> String {
    let mut document = Schemas::openapi();
    document.info = InfoBuilder::new()
        .title("Plantroom")
        .version("1")
        .description(Some("A station's API. Times are RFC 3339 in UTC, values are in engineering units."))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        let method = match route.verb {
            Verb::Get => HttpMethod::Get,
            Verb::Post => HttpMethod::Post,
            Verb::Put => HttpMethod::Put,
            Verb::Delete => HttpMethod::Delete,
        };
        paths = paths.path(route.path, utoipa::openapi::PathItem::new(method, operation(route)));
    }
    document.paths = paths.build();
    if let Some(components) = &mut document.components {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("From POST /api/v1/login, or an API token.")).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
    // Plain data: serialising it has no way to fail.
    document.to_json().unwrap_or_default()
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new().summary(Some(route.summary)).operation_id(Some(operation_id(route)));
    for segment in route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(parameter(segment, ParameterIn::Path, Required::True, "One percent-encoded segment."));
    }
    for (name, meaning) in route.query {
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, meaning));
    }
    if let Some(schema) = route.body {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
        operation = operation.request_body(Some(body));
    }
    operation = match route.answer {
        Answer::Json(schema) => operation.response("200", json("Done.", schema)),
        Answer::Other(kind) => {
            let content = ContentBuilder::new().build();
            operation.response("200", ResponseBuilder::new().description("Done.").content(kind, content).build())
        }
        Answer::Socket => {
            operation.response("101", ResponseBuilder::new().description("From here on it is a WebSocket.").build())
        }
    };
    match route.needs {
        Needs::Nothing | Needs::FirstMessage => operation.response("403", json("A page from elsewhere.", "ErrorView")).build(),
        Needs::Role(role) | Needs::RoleUnlessLocal(role) => operation
            .security(SecurityRequirement::new("token", [role.word()]))
            .description(Some(format!("Needs the role {}.", role.word())))
            .response("401", json("No login, or it has ended.", "ErrorView"))
            .response("403", json("The role is too low, or it is a page from elsewhere.", "ErrorView"))
            .response("default", json("It can't be done; the sentence says why.", "ErrorView"))
            .build(),
    }
}

fn json(words: &str, schema: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new().description(words).content("application/json", content).build()
}

fn parameter(name: &str, place: ParameterIn, required: Required, words: &str) -> utoipa::openapi::path::Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
    parameter.description(Some(words)).schema(Some(schema)).build()
}

/// `get_tags_name_value`: unique, because verb and path are.
pub(crate) fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/v1").replace(|c: char| !c.is_ascii_alphanumeric(), " ");
    let words: Vec<_> = path.split_whitespace().collect();
    format!("{}_{}", format!("{:?}", route.verb).to_lowercase(), words.join("_"))
}
