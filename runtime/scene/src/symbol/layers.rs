//! What lies over something else, and pictures.

use std::sync::Arc;

use crate::picture::Picture;
use crate::{ObjectId, Prop};

/// On which page of which tabs, or in which pop-up, an object is. It is painted only while that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// The [`Tabs`] or the [`Popup`]; that may lie on a layer itself.
    pub of: ObjectId,
    /// The page, from 0; of a pop-up 0.
    pub page: u32,
}

/// Pages of which one is shown. Which one is the console's to know; it begins with the first.
#[derive(Clone, Debug)]
pub struct Tabs {
    /// The words of each tab.
    pub labels: Vec<Prop<String>>,
    /// Height of the row of tabs, in the screen's units; the pages lie below it.
    pub tab_h: f32,
}

/// A button that shows more, over the screen, until it is pressed again, Esc is pressed or something beside it is.
#[derive(Clone, Debug)]
pub struct Popup {
    /// What the button says.
    pub label: Prop<String>,
    /// Width and height of what opens, in the screen's units.
    pub size: (f32, f32),
    /// Where the upper left corner of what opens lies; everything in it was placed from there.
    pub corner: crate::Point,
}

/// A picture of the project.
#[derive(Clone, Debug)]
pub struct Image {
    /// File below `images/`.
    pub file: String,
    /// The picture, or why there is none: painted as a marked box.
    pub picture: Result<Arc<Picture>, String>,
}
