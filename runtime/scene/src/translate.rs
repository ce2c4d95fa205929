//! Every text of a scene that people read, in one place: for translating it, and for listing what is to be translated.

use std::sync::Arc;

use crate::event::Does;
use crate::slot::Slot;
use crate::{Action, Object, Place, Scene, Source, Symbol, Texts};

impl Scene {
    /// Puts translations into what stands fixed; what closures and tags say is translated as it comes.
    pub(crate) fn translate(&mut self, texts: Arc<Texts>) {
        if !texts.is_empty() {
            self.each_fixed_text(&mut |text, _| texts.put(text));
        }
        self.texts = texts;
    }

    /// Every fixed text with letters in it, and where it was written. Units and descriptions of tags are the project's.
    pub fn fixed_texts(&mut self) -> Vec<(String, Place)> {
        let (mut all, mut units) = (Vec::new(), Vec::new());
        for object in &mut self.objects {
            object.each_slot(&mut |slot| {
                if let Slot::Reading(reading) = slot {
                    units.extend(reading.overrides.unit.clone());
                }
            });
        }
        for object in &self.objects {
            // A pen without words of its own has its tag's last word in the legend.
            if let Symbol::Trend(trend) = &object.symbol {
                let bare = trend.pens.iter().filter(|pen| pen.label.is_empty() && !trend.spark).filter_map(crate::Pen::tag);
                all.extend(bare.map(|tag| (tag.rsplit('/').next().unwrap_or(tag).to_owned(), object.place.clone())));
            }
        }
        self.each_fixed_text(&mut |text, place| {
            if text.chars().any(char::is_alphabetic) && !units.contains(text) {
                all.push((text.clone(), place.clone()));
            }
        });
        all
    }

    fn each_fixed_text(&mut self, act: &mut dyn FnMut(&mut String, &Place)) {
        let place = self.header.place.clone();
        act(&mut self.header.title, &place);
        act(&mut self.header.subtitle, &place);
        for entry in &mut self.relatives {
            act(&mut entry.title, &place);
        }
        for object in &mut self.objects {
            object.each_fixed_text(act);
        }
        for event in &mut self.events {
            let place = event.place.clone();
            act(&mut event.label, &place);
            let Does::Actions(actions) = &mut event.does else { continue };
            for action in actions {
                if let Action::Request { prompt, .. } = action {
                    act(prompt, &place);
                }
            }
        }
    }
}

impl Object {
    fn each_fixed_text(&mut self, act: &mut dyn FnMut(&mut String, &Place)) {
        let place = self.place.clone();
        self.each_slot(&mut |slot| match slot {
            Slot::Text(prop) if prop.source == Source::Constant => act(&mut prop.now, &place),
            Slot::Reading(reading) => {
                if let Some(unit) = &mut reading.overrides.unit {
                    act(unit, &place);
                }
                for (_, word) in reading.overrides.states.iter_mut().flatten() {
                    act(word, &place);
                }
            }
            Slot::Text(_) | Slot::Flag(..) => {}
        });
        match &mut self.symbol {
            Symbol::Switch(switch) => switch.choices.iter_mut().for_each(|(_, word)| act(word, &place)),
            Symbol::Pipe(pipe) => act(&mut pipe.label, &place),
            Symbol::Trend(trend) => trend.pens.iter_mut().for_each(|pen| act(&mut pen.label, &place)),
            Symbol::Navigation(tabs) => tabs.entries.iter_mut().for_each(|entry| act(&mut entry.title, &place)),
            Symbol::Table(table) => {
                act(&mut table.names, &place);
                table.columns.iter_mut().for_each(|column| act(&mut column.title, &place));
                table.rows.iter_mut().for_each(|row| act(&mut row.name, &place));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{NoTags, Params, Screens, Symbol, Texts};

    #[test]
    fn what_a_screen_says_is_said_in_the_language() {
        let script = "screen(\"High-lift pumps\", #{ level: 2, size: [400, 300] });\n\
            text(10, 10, \"Clear well\");\ntext(10, 40, || \"stands\");\n\
            button(10, 80, \"Reset\", |op| op.request(\"a/b\", 1));\n";
        let files = [("1_pumps.rhai".to_owned(), script.to_owned())];
        let (texts, wrong) = Texts::read(
            "\"High-lift pumps\" = \"Reinwasserpumpen\"\n\"Clear well\" = \"Behälter\"\n\"stands\" = \"steht\"\n\"Reset\" = \"Quittieren\"\n",
        );
        assert_eq!(wrong, []);
        let plain = Screens::new(&files, &[]);
        let screens = plain.clone().in_language(Arc::new(texts));
        let mut scene = screens.open("1_pumps", &Params::new()).unwrap();
        scene.update(&NoTags);
        assert_eq!(scene.header().title, "Reinwasserpumpen");
        let said: Vec<String> = scene
            .objects()
            .iter()
            .filter_map(|object| match &object.symbol {
                Symbol::Text(text) => Some(text.text.get().clone()),
                Symbol::Button(button) => Some(button.label.get().clone()),
                _ => None,
            })
            .collect();
        assert_eq!(said, ["Behälter", "steht", "Quittieren"]);
        assert_eq!(screens.titles().next().map(|(_, title)| title.to_owned()).as_deref(), Some("Reinwasserpumpen"));
        let listed: Vec<String> =
            plain.open("1_pumps", &Params::new()).unwrap().fixed_texts().into_iter().map(|(text, _)| text).collect();
        for wanted in ["High-lift pumps", "Clear well", "Reset"] {
            assert!(listed.iter().any(|text| text == wanted), "{wanted} in {listed:?}");
        }
    }
}
