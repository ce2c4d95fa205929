//! The symbols of the guide: each example is built over the example tags, and reads as it did.

use super::{Board, files, open};
use crate::{Object, Params, Scene, Screens, Symbol, examples, guide};
use plantroom_model::Value;

/// A board with the tags of the examples.
fn board() -> Board {
    let mut board = Board::default();
    for tag in examples::tags() {
        board.set_with(&tag.info.name, tag.value, tag.status, 1);
        board.change_info(&tag.info.name, |info| *info = tag.info.clone());
    }
    board
}

fn example(body: &str) -> Scene {
    let text = format!("screen(\"Example\", #{{ size: [640, 300] }});\n{body}");
    let files = files(&[("example.rhai", &text), ("images/site.svg", examples::SITE_SVG)]);
    let mut scene = Screens::new(&files, &[]).open("example", &Params::new()).unwrap_or_else(|error| panic!("{body}\n{error}"));
    scene.update(&board());
    scene
}

#[test]
fn each_symbol_reads_as_it_did() {
    let mut all = String::new();
    for function in guide::functions().filter(|function| !function.example.is_empty()) {
        let scene = example(function.example);
        let text = scene.to_text();
        let drawn = match function.name {
            "row" => "value",
            "repeat" => "pump",
            "selector" => "switch",
            name => name,
        };
        assert!(text.contains(drawn), "{} isn't in its own example:\n{text}", function.name);
        assert!(!text.contains("no such tag"), "{}:\n{text}", function.name);
        let wrong: Vec<_> = scene.errors().filter(|(_, error)| !error.message.contains("missing.svg")).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", function.name);
        let lines: Vec<_> = text.lines().skip(1).collect();
        all.push_str(&format!("{}\n  {}\n", function.name, lines.join("\n  ")));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_function_that_is_seen_has_an_example() {
    let unseen = ["screen", "faceplate", "instances", "part", "place", "navigation", "link"];
    for function in guide::functions() {
        assert_eq!(function.example.is_empty(), unseen.contains(&function.name), "{}", function.name);
    }
}

#[test]
fn bad_options_are_told_with_a_suggestion_and_the_line() {
    for (body, words) in [
        ("boiler(1, 1, \"a\", #{ size: 3 });", "boiler() has no option `size`"),
        ("fan(1, 1, \"a\", #{ labels: \"x\" });", "did you mean `label`"),
        ("breaker(1, 1);", "breaker() needs x, y and a tag prefix"),
        ("bus_bar([[1, 1]]);", "needs 2 to"),
        ("bus_bar([[1, 1], [2, 2]], #{ flow: \"a\" });", "has no option `flow`"),
        ("instrument(1, 1, \"clear_well/level\");", "finds no ISA-5.1 letters in `clear_well/level`"),
        ("instrument(1, 1, \"a/pic601\", #{ location: \"roof\" });", "it may be \"field\""),
        ("gauge(1, 1, \"a\", #{ w: 3 });", "has no option `w`"),
        ("table(1, 1, #{ columns: [#{ tag: \"a\" }] });", "needs `rows`"),
        ("table(1, 1, #{ rows: [\"a\"], columns: [] });", "needs 1 to 24 `columns`"),
        ("table(1, 1, #{ rows: [\"a\"], columns: [#{ titl: \"a\" }] });", "did you mean `title`?"),
        ("table(1, 1, #{ rows: [\"a\"], columns: [#{ tag: \"b\" }], sort: \"c\" });", "has no column `c` to `sort` by"),
        ("table(1, 1, #{ rows: [\"a\"], labels: [\"x\", \"y\"], columns: [#{ tag: \"b\" }] });", "2 `labels` for 1 rows"),
        ("sparkline(1, 1, \"a\", #{ span: \"5y\" });", "can't show a span"),
        ("alarm_banner(1, 1, #{ tags: \"a\" });", "needs a list of tags"),
        ("tabs(1, 1, []);", "needs 1 to 12 pages"),
        ("tabs(1, 1, [[\"a\", 3]]);", "needs a block"),
        ("popup(1, 1, \"a\", #{ size: [3] }, || {});", "two numbers as `size`"),
        ("popup(1, 1, \"a\");", "needs a block"),
        ("repeat(\"pump\", \"a/*\", #{ across: 0 }, |p, i| {});", "a whole number from 1"),
        ("repeat(\"pump\", \"a/*\", #{ acros: 1 }, |p, i| {});", "did you mean `across`?"),
        ("repeat(\"pump\", \"a/*\");", "needs a block"),
        ("screen_(1);", "no function screen_"),
    ] {
        let error = open(body).expect_err(body);
        assert!(error.message.contains(words), "{body}\n{error}");
        assert_eq!(error.line, 2, "{body}\n{error}");
    }
}

#[test]
fn a_picture_that_is_none_is_told_and_the_rest_of_the_screen_lives() {
    let scene = example("image(1, 1, \"sight.svg\");\ntext(1, 200, \"still here\");");
    let errors: Vec<_> = scene.errors().map(|(_, error)| (error.line, error.message.clone())).collect();
    assert_eq!(errors, [(2, "there is no picture `sight.svg`; did you mean `site.svg`?".to_owned())]);
    assert_eq!(scene.objects().len(), 2);
}

#[test]
fn a_block_is_repeated_on_its_grid() {
    let scene =
        open("repeat(\"pump\", \"**\", #{ x: 10, y: 20, dx: 100, dy: 50, across: 2 }, |p, i| { text(1, 2, `${i} ${p}`); });")
            .unwrap();
    let at = |object: &Object| (object.rect.x, object.rect.y);
    assert_eq!(scene.objects().iter().map(at).collect::<Vec<_>>(), [(11.0, 22.0), (111.0, 22.0), (11.0, 72.0)]);
    let few = open("repeat([\"a\", \"b\", \"c\"], #{ at_most: 2 }, |p, i| { text(1, 2, p); });").unwrap();
    assert!(few.to_text().ends_with("\"and 1 more that don't fit here\"\n"), "{}", few.to_text());
}

#[test]
fn what_lies_on_a_page_knows_it() {
    let scene = open(
        "text(1, 1, \"a\");\ntabs(10, 10, [[\"x\", || { text(5, 5, \"b\"); popup(1, 1, \"p\", #{}, || { text(2, 2, \"c\"); \
            }); }], [\"y\", || { text(5, 5, \"d\"); }]], #{ tab_h: 30 });\ntext(1, 1, \"e\");",
    )
    .unwrap();
    let layers: Vec<_> = scene.objects().iter().map(|object| object.layer.map(|layer| (layer.of.0, layer.page))).collect();
    assert_eq!(layers, [None, None, Some((1, 0)), Some((1, 0)), Some((3, 0)), Some((1, 1)), None]);
    assert_eq!((scene.objects()[2].rect.x, scene.objects()[2].rect.y), (15.0, 45.0));
    let deep = "fn deep(n) { popup(1, 1, \"p\", || { deep(n + 1); }); }\ndeep(0);";
    assert!(open(deep).unwrap_err().message.contains("deep"), "pop-ups within pop-ups end");
}

#[test]
fn a_table_sorts_by_any_column_with_nothing_last() {
    let scene = example(
        "table(1, 1, #{ rows: [\"x/high\", \"x/none\", \"x/low\", \"x/good\"], labels: [\"b 10\", \"b 2\", \"a\", \"B 1\"], \
            names: \"Tag\", columns: [#{ title: \"now\" }] });",
    );
    let Symbol::Table(table) = &scene.objects()[0].symbol else { panic!("a table") };
    let order = |column, descending| table.order(Some(crate::Order { column, descending }));
    assert_eq!(order(1, false), [2, 3, 0, 1]);
    assert_eq!(order(1, true), [0, 3, 2, 1]);
    assert_eq!(order(0, false), [2, 3, 1, 0], "digits count as numbers");
    assert_eq!(table.order(None), [0, 1, 2, 3]);
}

#[test]
fn rows_open_what_the_table_says_with_their_prefix() {
    let mut scene =
        open("table(1, 1, #{ rows: [\"a/p1\", \"a/p2\"], columns: [#{ tag: \"speed\" }], faceplate: \"pump\" });").unwrap();
    let Symbol::Table(table) = &scene.objects()[0].symbol else { panic!("a table") };
    let event = table.rows[1].event.expect("a click does something");
    let actions = scene.fire(event, None, &Board::default()).unwrap();
    let expected =
        crate::Action::Faceplate { part: "pump".into(), params: Params::from([("name".to_owned(), Value::Text("a/p2".into()))]) };
    assert_eq!(actions, [expected]);
    assert!(scene.objects()[0].click.is_none(), "the rows do, not the table");
}

#[test]
fn one_changed_cell_leaves_the_others_as_they_were() {
    let mut board = board();
    let files = files(&[(
        "t.rhai",
        "screen(\"T\");\ntable(1, 1, #{ rows: [\"x/good\", \"x/half\"], columns: [#{ title: \"now\" }] \
            });",
    )]);
    let mut scene = Screens::new(&files, &[]).open("t", &Params::new()).unwrap();
    scene.update(&board);
    board.set("x/half", Value::Float(51.0));
    assert_eq!(scene.update(&board).objects.len(), 1);
    assert!(scene.to_text().contains("x/half now=51.0") && scene.to_text().contains("x/good now=62.4"), "{}", scene.to_text());
}

#[test]
fn the_guide_in_style_md_is_the_guide() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../screens/STYLE.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- functions: from the table in runtime/scene/src/guide -->\n", "<!-- end of functions -->");
    let from = text.find(begin).expect("the table's beginning") + begin.len();
    let to = text.find(end).expect("the table's end");
    let wanted = format!("\n{}", guide::markdown());
    if std::env::var_os("UPDATE_STYLE").is_some() {
        std::fs::write(&path, format!("{}{wanted}{}", &text[..from], &text[to..])).unwrap();
    } else {
        let hint = "screens/STYLE.md is behind: UPDATE_STYLE=1 cargo test -p plantroom-scene the_guide";
        assert!(text[from..to] == wanted, "{hint}");
    }
}
