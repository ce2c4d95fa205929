//! Which object lies under a point.

use plantroom_scene::{Object, ObjectId, Place, Point, Rect, Scene, Symbol};

/// How far beside a line still counts, in the screen's units.
const REACH: f32 = 5.0;

/// The object that a person means: the uppermost one; a panel only where nothing else is.
pub fn object_at(scene: &Scene, at: Point, is_shown: impl Fn(ObjectId) -> bool) -> Option<ObjectId> {
    let under = |object: &&Object| *object.visible.get() && is_shown(object.id) && holds(object, at);
    let is_ground = |object: &&Object| matches!(object.symbol, Symbol::Panel(_) | Symbol::Image(_) | Symbol::Tabs(_));
    let upward = || scene.objects().iter().rev();
    let found = upward().find(|object| under(object) && !is_ground(object)).or_else(|| upward().find(under));
    found.map(|object| object.id)
}

fn holds(object: &Object, at: Point) -> bool {
    match &object.symbol {
        Symbol::Pipe(pipe) => near_line(&pipe.points, at, pipe.width / 2.0 + REACH),
        Symbol::Bus(bus) => near_line(&bus.points, at, bus.width / 2.0 + REACH),
        _ => {
            let Rect { x, y, w, h } = object.rect;
            at.x >= x && at.x <= x + w && at.y >= y && at.y <= y + h
        }
    }
}

fn near_line(points: &[Point], at: Point, reach: f32) -> bool {
    points.windows(2).any(|ends| {
        let (from, to) = (ends[0], ends[1]);
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx * dx + dy * dy;
        let share = if length > 0.0 { (((at.x - from.x) * dx + (at.y - from.y) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (from.x + share * dx - at.x, from.y + share * dy - at.y);
        x * x + y * y <= reach * reach
    })
}

/// Where an object is moved: the placing of its part, or its own call with `inner` (and where it has no part).
pub fn handle(object: &Object, inner: bool) -> &Place {
    match &object.placed_by {
        Some(placed) if !inner => placed,
        _ => &object.place,
    }
}

/// Everything that moves with it: what the same call drew, in each turn of a loop.
pub fn companions(scene: &Scene, place: &Place, inner: bool) -> Vec<ObjectId> {
    scene.objects().iter().filter(|object| handle(object, inner) == place).map(|object| object.id).collect()
}

#[cfg(test)]
mod tests {
    use plantroom_scene::{Params, Screens};

    use super::*;

    #[test]
    fn the_uppermost_thing_is_meant_and_a_panel_only_where_nothing_else_is() {
        let script = "screen(\"S\");\npanel(0, 0, #{ w: 300, h: 300 });\ntank(10, 10, #{ tag: \"a\", w: 50, h: 50 });\n\
            pipe([[10, 100], [200, 100], [200, 200]]);\nvalue(20, 20, \"a\", #{ w: 20, h: 20 });\n\
            value(20, 120, \"a\", #{ visible: false });\n";
        let screens = Screens::new(&[("s.rhai".to_owned(), script.to_owned())], &[]);
        let scene = screens.open("s", &Params::new()).unwrap();
        for (x, y, line) in
            [(25.0, 25.0, 5), (55.0, 55.0, 3), (100.0, 104.0, 4), (198.0, 150.0, 4), (100.0, 120.0, 2), (30.0, 130.0, 2)]
        {
            let found = object_at(&scene, Point { x, y }, |_| true).and_then(|id| scene.object(id)).unwrap();
            assert_eq!(found.place.line, line, "{x}, {y}");
        }
        assert_eq!(object_at(&scene, Point { x: 400.0, y: 1.0 }, |_| true), None);
        assert_eq!(object_at(&scene, Point { x: 25.0, y: 25.0 }, |id| id.0 == 0), Some(ObjectId(0)));
    }

    #[test]
    fn what_one_call_drew_moves_together() {
        let script = "screen(\"S\");\npart(\"two\", |p| { lamp(0, 0, true); lamp(0, 30, true); });\n\
            place(\"two\", 50, 50);\nfor i in 0..3 { value(i * 50, 200, i); }\n";
        let screens = Screens::new(&[("s.rhai".to_owned(), script.to_owned())], &[]);
        let scene = screens.open("s", &Params::new()).unwrap();
        let objects = scene.objects();
        assert_eq!(handle(&objects[0], false).line, 3);
        assert_eq!(handle(&objects[0], true).line, 2);
        assert_eq!(companions(&scene, handle(&objects[1], false), false).len(), 2);
        assert_eq!(companions(&scene, handle(&objects[1], true), true).len(), 1);
        assert_eq!(companions(&scene, handle(&objects[2], false), false).len(), 3);
    }
}
