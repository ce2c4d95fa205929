use super::*;

fn sample(value: Value, status: Status, time: i64) -> Sample {
    Sample { value, status, source_time: Utc(time), server_time: Utc(time) }
}

fn inputs() -> Vec<Sample> {
    vec![
        sample(Value::Float(6.0), Status::GOOD, 5),
        sample(Value::Float(4.0), Status::UNCERTAIN_LAST_USABLE, 9),
        sample(Value::Float(2.0), Status::BAD_NO_COMMUNICATION, 7),
        sample(Value::Int(7), Status::GOOD, 1),
        sample(Value::Text("auto".into()), Status::GOOD, 1),
        sample(Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA, 0),
    ]
}

/// Over the tags good, uncertain, bad, whole, mode, none.
fn eval(text: &str) -> Computed {
    let names = ["good", "uncertain", "bad", "whole", "mode", "none"];
    let expression = Expression::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let place = |name: &Arc<str>| names.iter().position(|known| **known == **name).unwrap();
    let all = inputs();
    let samples: Vec<Sample> = expression.reads().iter().map(|name| all[place(name)].clone()).collect();
    expression.eval(&samples)
}

#[track_caller]
fn check(text: &str, value: impl Into<Option<Value>>, status: Status) {
    let computed = eval(text);
    assert_eq!((computed.value, computed.status), (value.into().unwrap_or(Value::Null), status), "{text}: {:?}", computed.reason);
}

#[test]
fn values_come_out_with_the_quality_of_what_was_read() {
    let float = |number| Value::Float(number);
    check(r#"tag("good") * 2"#, float(12.0), Status::GOOD);
    check(r#"tag( "good" ) - tag(`whole`)"#, float(-1.0), Status::GOOD);
    check(r#"tag("good") + tag("uncertain")"#, float(10.0), Status::UNCERTAIN_SUB_NORMAL);
    check(r#"tag("good") + tag("bad")"#, None, Status::BAD_NO_COMMUNICATION);
    check(r#"tag("none")"#, None, Status::BAD_WAITING_FOR_INITIAL_DATA);
    check(r#"if is_good("bad") { tag("bad") } else { tag("good") }"#, float(6.0), Status::GOOD);
    check(r#"tag_or("bad", 1.5) + tag_or("good", 0.0)"#, float(7.5), Status::GOOD);
    check(r#"max([tag("good"), tag("whole"), 1])"#, float(7.0), Status::GOOD);
    check(r#"avg(tag("good"), tag("whole")) + avg([1, 2.0])"#, float(8.0), Status::GOOD);
    check(r#"tag("mode") == "auto" && !is_bad("good")"#, Value::Bool(true), Status::GOOD);
    check(r#"`${tag("mode")}: ${quality("bad")}`"#, Value::Text("auto: no communication".into()), Status::GOOD);
    check(r#"tag("whole") / 2"#, Value::Int(3), Status::GOOD);
    check(r#"/* tag(nothing) */ tag("good") // tag("bad")"#, float(6.0), Status::GOOD);
    check(r#"sqrt(tag("good") - 2)"#, float(2.0), Status::GOOD);
}

#[test]
fn what_is_computed_from_before_a_restart_says_so() {
    let expression = Expression::compile(r#"tag("late") + tag("kept") + tag("late")"#).unwrap();
    let late = |status| sample(Value::Float(1.0), status, 1);
    for (other, expected) in [
        (Status::GOOD, Status::UNCERTAIN_INITIAL),
        (Status::UNCERTAIN_LAST_USABLE, Status::UNCERTAIN_INITIAL),
        (Status::BAD_NO_COMMUNICATION, Status::BAD_NO_COMMUNICATION),
    ] {
        assert_eq!(expression.eval(&[late(other), late(Status::UNCERTAIN_INITIAL)]).status, expected, "{other}");
    }
}

#[test]
fn what_cannot_be_computed_is_bad_and_says_why() {
    for (text, status, word) in [
        (r#"tag("good") / 0"#, Status::BAD_OUT_OF_RANGE, "divided by 0"),
        (r#"tag("whole") / 0"#, Status::BAD_OUT_OF_RANGE, "can't be computed"),
        (r#"sqrt(-tag("good"))"#, Status::BAD_OUT_OF_RANGE, "not a usable number"),
        (r#"tag("whole") * 9223372036854775807"#, Status::BAD_OUT_OF_RANGE, "can't be computed"),
        (r#"tag("mode") - 1"#, Status::BAD_CONFIGURATION, "doesn't work between"),
        (r#"[tag("good")]"#, Status::BAD_CONFIGURATION, "array"),
        (r#"turnover(tag("good"))"#, Status::BAD_CONFIGURATION, "there is no function turnover"),
        (r#"tag("bad") + nothing_known(1)"#, Status::BAD_NO_COMMUNICATION, "bad: no communication"),
    ] {
        let computed = eval(text);
        assert_eq!((computed.value, computed.status), (Value::Null, status), "{text}");
        assert!(computed.reason.as_ref().is_some_and(|reason| reason.contains(word)), "{text}: {:?}", computed.reason);
    }
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    for (text, place, word) in [
        ("1 + tag(name)", (1, 5), "in quotes"),
        ("1 +\n  tag(\"a\" + \"b\")", (2, 3), "nothing else"),
        ("tag(\"a/long/name\") + nothing", (1, 22), "no variable `nothing`"),
        ("tag(\n\"a\") + nothing", (2, 8), "no variable `nothing`"),
        ("tag(\"a\") + T0", (1, 12), "no variable `T0`"),
        ("tag(\"a\") +", (1, 11), "ends in the middle"),
        ("\"a\".tag()", (1, 5), "with a dot"),
        ("shown(\"a\")", (1, 1), "screens only"),
        ("let a = 1; a", (1, 1), ""),
        ("while true { }", (1, 1), ""),
        ("tag_or(\"a\")", (1, 1), "tag_or"),
        ("eval(\"1\")", (1, 1), ""),
    ] {
        let error = Expression::compile(text).map(|e| e.text().clone()).expect_err(text);
        assert_eq!((error.line, error.column), place, "{text}: {error}");
        assert!(error.message.contains(word), "{text}: {error}");
    }
    assert!(Expression::compile(&"1+".repeat(3_000)).is_err());
    let many: Vec<String> = (0..=limits::EXPRESSION_READS).map(|number| format!("tag(\"t{number}\")")).collect();
    assert!(Expression::compile(&format!("sum([{}])", many.join(","))).is_err());
}

#[test]
fn a_probe_finds_what_no_value_can_mend() {
    let probe = |text: &str, kind| Expression::compile(text).and_then(|e| e.probe(&vec![kind; e.reads().len()]));
    assert_eq!(probe(r#"tag("a") * 2"#, ValueKind::Float), Ok(Some(ValueKind::Float)));
    assert_eq!(probe(r#"tag("a") > 2"#, ValueKind::Int), Ok(Some(ValueKind::Bool)));
    assert_eq!(probe(r#"1 / (tag("a") - 1)"#, ValueKind::Int), Ok(None));
    assert!(probe(r#"tag("a") * 2"#, ValueKind::Text).is_err());
    assert!(probe(r#"tirnover(tag("a"))"#, ValueKind::Float).is_err());
    assert!(probe("[1]", ValueKind::Float).is_err());
}

#[test]
fn the_newest_input_dates_the_result() {
    assert_eq!(eval(r#"tag("good") + tag("uncertain") + if is_bad("bad") { 1 } else { 0 }"#).source_time, Utc(9));
    assert_eq!(eval("1 + 1").source_time, Utc(0));
}
