//! What presses and entered values ask for.

use super::{Board, open};
use crate::{Action, EventId, Scene, ScriptError, Symbol};
use plantroom_model::{Status, Value};

/// The event of the first object.
fn event(scene: &Scene) -> EventId {
    let object = &scene.objects()[0];
    match &object.symbol {
        Symbol::Button(button) => button.event,
        Symbol::Setpoint(setpoint) => setpoint.event,
        Symbol::Switch(switch) => switch.event,
        _ => object.click.expect("something to click"),
    }
}

fn fire(body: &str, input: Option<Value>, board: &Board) -> Result<Vec<Action>, ScriptError> {
    let mut scene = open(body)?;
    scene.update(board);
    let event = event(&scene);
    scene.fire(event, input, board)
}

fn request(tag: &str, value: Value, prompt: &str) -> Action {
    Action::Request { tag: tag.into(), value, prompt: prompt.to_owned() }
}

#[test]
fn a_press_asks_for_what_it_says() {
    let board = Board::of(&[("duty", Value::Uint(1)), ("standby", Value::Uint(3))]);
    for (body, expected) in [
        ("button(1, 1, \"Start\", #{ tag: \"duty\", value: 2 });", request("duty", Value::Int(2), "Start?")),
        ("button(1, 1, \"Start\", #{ tag: \"duty\", value: 2, ask: \"Sure?\" });", request("duty", Value::Int(2), "Sure?")),
        ("button(1, 1, \"Swap\", |op| op.request(\"duty\", tag(\"standby\")));", request("duty", Value::Int(3), "Swap?")),
        ("button(1, 1, \"Swap\", |op| op.request(\"duty\", 1.5, \"Really?\"));", request("duty", Value::Float(1.5), "Really?")),
        ("link(1, 1, \"There\", \"test\");", Action::Open { screen: "test".into(), params: Default::default() }),
        ("button(1, 1, \"x\", |op| op.close());", Action::Close),
    ] {
        assert_eq!(fire(body, None, &board).unwrap(), [expected], "{body}");
    }
}

#[test]
fn an_entered_value_is_asked_for_in_words() {
    let mut board = Board::of(&[("sp", Value::Float(4.5)), ("mode", Value::Uint(0))]);
    board.change_info("sp", |info| info.unit = "bar".into());
    board.change_info("mode", |info| info.states = vec![(0, "manual".into()), (1, "automatic".into())]);
    for (body, input, expected) in [
        ("setpoint(1, 1, \"sp\", #{ label: \"pressure\" });", Value::Float(4.8), "Set pressure to 4.8 bar?"),
        ("setpoint(1, 1, \"sp\");", Value::Float(4.8), "Set sp to 4.8 bar?"),
        ("selector(1, 1, \"mode\");", Value::Int(1), "Set mode to automatic?"),
        ("setpoint(1, 1, \"sp\", #{ on_enter: |op, v| op.request(\"sp\", v, `To ${v}?`) });", Value::Float(4.8), "To 4.8?"),
    ] {
        let actions = fire(body, Some(input.clone()), &board).unwrap_or_else(|error| panic!("{body}: {error}"));
        let [Action::Request { value, prompt, .. }] = actions.as_slice() else { panic!("{actions:?}") };
        assert_eq!((value, prompt.as_str()), (&input, expected), "{body}");
    }
}

#[test]
fn a_pump_opens_its_own_faceplate() {
    let actions = fire("pump(100, 100, \"a/p1\", #{ label: \"Pump 1\" });", None, &Board::default()).unwrap();
    let [Action::Faceplate { part, params }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(part, "pump");
    assert_eq!(params.get("name"), Some(&Value::Text("a/p1".into())));
    assert_eq!(params.get("label"), Some(&Value::Text("Pump 1".into())));
    assert!(open("pump(100, 100, \"a/p1\", #{ faceplate: false });").unwrap().objects()[0].click.is_none());
}

#[test]
fn nothing_is_sent_from_values_that_are_bad_or_missing() {
    let body = "button(1, 1, \"Swap\", |op| op.request(\"duty\", tag(\"standby\")));";
    let error = fire(body, None, &Board::default()).unwrap_err();
    assert!(error.message.contains("not arrived yet"), "{error}");
    let mut board = Board::default();
    board.set_with("standby", Value::Uint(2), Status::BAD_NO_COMMUNICATION, 1);
    let error = fire(body, None, &board).unwrap_err();
    assert!(error.message.contains("standby, which is bad (no communication); nothing was sent"), "{error}");
}

#[test]
fn a_failing_press_sends_nothing_of_what_it_asked_before() {
    let board = Board::of(&[("a", Value::Float(1.0))]);
    let error = fire("button(1, 1, \"x\", |op| { op.request(\"a\", 1.0); throw \"no\"; });", None, &board).unwrap_err();
    assert!(error.thrown && error.message == "no", "{error}");
    let error = fire("button(1, 1, \"x\", |op| { loop { op.request(\"a\", 1.0); } });", None, &board).unwrap_err();
    assert!(error.message.contains("at most 16 requests"), "{error}");
    let error = fire("button(1, 1, \"x\", |op| op.request(\"a\", [1]));", None, &board).unwrap_err();
    assert!(error.message.contains("can't write a list"), "{error}");
}

#[test]
fn tags_of_presses_are_subscribed_beforehand() {
    let scene = open("button(1, 1, \"x\", |op| op.request(\"a\", tag(\"b\"))); setpoint(1, 50, \"c\");").unwrap();
    let mut tags: Vec<_> = scene.tags().iter().map(|tag| tag.to_string()).collect();
    tags.sort();
    assert_eq!(tags, ["b", "c"]);
}

#[test]
fn a_press_makes_no_other_closure_run_and_loses_no_change() {
    let mut board = Board::of(&[("a", Value::Float(1.0)), ("b", Value::Float(1.0))]);
    let body = "button(1, 1, \"x\", |op| op.close()); text(1, 50, || `${tag(\"a\")}`); value(1, 80, \"b\");";
    let mut scene = open(body).unwrap();
    scene.update(&board);
    let runs = scene.evaluations();
    board.set("b", Value::Float(2.0));
    let event = event(&scene);
    scene.fire(event, None, &board).unwrap();
    assert_eq!(scene.update(&board).objects.len(), 1, "the change that the press saw first");
    assert_eq!(scene.evaluations(), runs);
    assert!(scene.to_text().contains("value=2.0"), "{}", scene.to_text());
}
