//! What people ask the journal.

use std::sync::Arc;

use plantroom_model::{AlarmEventKind, Priority, Utc};

use super::block::{Block, Glance};
use super::segment::{Chunk, Contents, Segment, Segments};
use super::{AlarmTexts, Gap, JournalRow};
use crate::bytes::Unreadable;
use crate::{JournalError, limits};

/// In which order rows come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The last recorded first.
    #[default]
    NewestFirst,
    /// The first recorded first.
    OldestFirst,
}

/// A question. What is empty or `None` doesn't matter; everything else has to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// From this time on.
    pub from: Option<Utc>,
    /// Before this time.
    pub until: Option<Utc>,
    /// One of these areas, or an area below one of them (`high_lift` is also `high_lift/pumps`).
    pub areas: Vec<String>,
    /// One of these alarms; `*` stands for anything.
    pub alarms: Vec<String>,
    /// One of these priorities.
    pub priorities: Vec<Priority>,
    /// One of these kinds; without any, all but [`AlarmEventKind::Standing`].
    pub kinds: Vec<AlarmEventKind>,
    /// This user did it; letters' case doesn't matter.
    pub by: Option<String>,
    /// Name, message, user or comment contain this; letters' case doesn't matter.
    pub text: Option<String>,
    /// In which order.
    pub order: Order,
    /// Behind this row: [`Page::next`] of the page before.
    pub after: Option<u64>,
    /// At most so many rows; [`limits::PAGE_ROWS`] is the most.
    pub limit: usize,
    /// At most so many rows are looked at for one page.
    pub look_at: u64,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            from: None,
            until: None,
            areas: Vec::new(),
            alarms: Vec::new(),
            priorities: Vec::new(),
            kinds: Vec::new(),
            by: None,
            text: None,
            order: Order::default(),
            after: None,
            limit: 100,
            look_at: limits::LOOKED_AT_ROWS,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The rows, in the order asked for.
    pub rows: Vec<JournalRow>,
    /// What is missing where these rows come from, in the same order.
    pub gaps: Vec<Gap>,
    /// Where the next page begins; `None` when nothing is left. A page can have few rows, or none, and still have a next one.
    pub next: Option<u64>,
    /// Rows that were looked at.
    pub looked_at: u64,
    /// What couldn't be read, in sentences.
    pub notes: Vec<String>,
}

/// A question, made ready.
struct Asked<'a> {
    query: &'a Query,
    kinds: u32,
    text: Option<String>,
    by: Option<String>,
    newest_first: bool,
    limit: usize,
}

/// What of a question is about a file's names.
struct Wanted {
    /// By place: area, name and priority are right.
    names: Vec<bool>,
    /// By place: the text is in name or message.
    texts: Vec<bool>,
}

impl Query {
    /// Answers from these files.
    pub(crate) fn ask(&self, segments: &Segments) -> Result<Page, JournalError> {
        let kinds = match self.kinds.as_slice() {
            [] => !(1 << AlarmEventKind::Standing as u32),
            kinds => kinds.iter().fold(0, |mask, kind| mask | 1 << *kind as u32),
        };
        let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase()).filter(|text| !text.is_empty());
        let asked = Asked {
            query: self,
            kinds,
            text: lower(&self.text),
            by: lower(&self.by),
            newest_first: self.order == Order::NewestFirst,
            limit: self.limit.clamp(1, limits::PAGE_ROWS),
        };
        let mut page = Page::default();
        let list = segments.list();
        let mut gaps = Vec::new();
        let order: Vec<_> = if asked.newest_first { list.iter().rev().collect() } else { list.iter().collect() };
        let mut is_full = false;
        for segment in order {
            if is_full && !asked.may_tell_of(segments, segment, &page) {
                break;
            }
            match segments.contents(segment) {
                Ok(contents) => {
                    gaps.extend(contents.gaps.iter().cloned());
                    is_full = is_full || asked.file(segments, &contents, &mut page)?;
                }
                Err(JournalError::Store(error)) if error.is_missing() => {}
                Err(error) => page.notes.push(error.to_string()),
            }
        }
        asked.gaps(gaps, &mut page);
        Ok(page)
    }
}

impl Asked<'_> {
    /// Looks into a file; whether the page is full.
    fn file(&self, segments: &Segments, contents: &Contents, page: &mut Page) -> Result<bool, JournalError> {
        let wanted = self.wanted(&contents.names);
        if !wanted.names.contains(&true) {
            return Ok(false);
        }
        let chunks: Vec<&Chunk> = contents.chunks.iter().filter(|chunk| self.may_be_in(chunk)).collect();
        let order: Vec<_> = if self.newest_first { chunks.into_iter().rev().collect() } else { chunks };
        for chunk in order {
            let found = self.chunk(segments, contents, chunk, &wanted)?;
            page.looked_at += chunk.rows;
            page.rows.extend(found);
            if page.rows.len() > self.limit {
                page.rows.truncate(self.limit);
                page.next = page.rows.last().map(|row| row.row);
                return Ok(true);
            }
            if page.looked_at >= self.query.look_at {
                page.next = Some(if self.newest_first { chunk.first_row } else { chunk.first_row + chunk.rows - 1 });
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a file behind a full page may still tell of a gap among the page's rows: how many rows are missing is written
    /// when there is room again, behind the rows of people that waited meanwhile, and a file may have ended in between.
    fn may_tell_of(&self, segments: &Segments, segment: &Segment, page: &Page) -> bool {
        let most = (limits::WAITING_ROWS + limits::WAITING_ACTS) as u64;
        let reach = page.next.unwrap_or(0).saturating_add(most);
        !self.newest_first && segments.head(segment).is_ok_and(|head| head.first_row <= reach)
    }

    fn is_behind(&self, row: u64) -> bool {
        self.query.after.is_none_or(|after| if self.newest_first { row < after } else { row > after })
    }

    fn is_in_time(&self, at: i64) -> bool {
        self.query.from.is_none_or(|from| at >= from.0) && self.query.until.is_none_or(|until| at < until.0)
    }

    fn may_be_in(&self, chunk: &Chunk) -> bool {
        let is_in_time =
            self.query.from.is_none_or(|from| chunk.max >= from.0) && self.query.until.is_none_or(|to| chunk.min < to.0);
        let last = (chunk.first_row + chunk.rows).saturating_sub(1);
        is_in_time && chunk.kinds & self.kinds != 0 && (self.is_behind(chunk.first_row) || self.is_behind(last))
    }

    fn wanted(&self, names: &[Arc<AlarmTexts>]) -> Wanted {
        let query = self.query;
        let is_wanted = |texts: &Arc<AlarmTexts>| {
            let in_area = |area: &String| {
                texts.area.strip_prefix(area.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            (query.areas.is_empty() || query.areas.iter().any(in_area))
                && (query.alarms.is_empty() || query.alarms.iter().any(|pattern| fits(pattern, &texts.name)))
                && (query.priorities.is_empty() || query.priorities.contains(&texts.priority))
        };
        let has_text = |texts: &Arc<AlarmTexts>| {
            self.text.as_ref().is_none_or(|text| contains(&texts.name, text) || contains(&texts.message, text))
        };
        Wanted { names: names.iter().map(is_wanted).collect(), texts: names.iter().map(has_text).collect() }
    }

    fn chunk(
        &self,
        segments: &Segments,
        contents: &Contents,
        chunk: &Chunk,
        wanted: &Wanted,
    ) -> Result<Vec<JournalRow>, JournalError> {
        let mut rows = Vec::new();
        for record in segments.read(contents, chunk)? {
            // What can't be read is a gap, and told as such.
            let _ = self.block(&record, contents, wanted, &mut rows);
        }
        if self.newest_first {
            rows.reverse();
        }
        Ok(rows)
    }

    fn block(&self, record: &[u8], contents: &Contents, wanted: &Wanted, rows: &mut Vec<JournalRow>) -> Result<(), Unreadable> {
        let block = Block::of_record(record)?;
        let texts = block.texts()?;
        let with_text: Vec<bool> =
            texts.iter().map(|text| self.text.as_ref().is_some_and(|wanted| contains(text, wanted))).collect();
        let by_user: Vec<bool> =
            texts.iter().map(|text| self.by.as_ref().is_some_and(|by| text.to_lowercase() == **by)).collect();
        let at = |list: &[bool], place: usize| list.get(place).copied().unwrap_or(false);
        let mut row = block.first_row;
        let is_wanted = |glance: &Glance| {
            let number = row;
            row += 1;
            let name = glance.name as usize;
            self.is_behind(number)
                && self.is_in_time(glance.at)
                && self.kinds & 1 << glance.kind as u32 != 0
                && at(&wanted.names, name)
                && (self.by.is_none() || glance.by.is_some_and(|by| at(&by_user, by)))
                && (at(&wanted.texts, name) || [glance.by, glance.comment].iter().flatten().any(|place| at(&with_text, *place)))
        };
        block.select(is_wanted, |place, packed| {
            if let Some(texts) = contents.names.get(packed.name as usize) {
                rows.push(packed.unpacked(block.first_row + place as u64, texts.clone()));
            }
        })
    }

    /// The gaps that lie where the page's rows come from.
    fn gaps(&self, gaps: Vec<Gap>, page: &mut Page) {
        let (after, next) = (self.query.after, page.next);
        let is_here = |gap: &Gap| {
            let row = gap.before_row;
            let is_between = if self.newest_first {
                next.is_none_or(|next| row >= next) && after.is_none_or(|after| row < after)
            } else {
                next.is_none_or(|next| row <= next) && after.is_none_or(|after| row > after)
            };
            let is_in_time =
                self.query.from.is_none_or(|from| gap.to >= from) && self.query.until.is_none_or(|until| gap.from < until);
            is_between && is_in_time
        };
        page.gaps = gaps.into_iter().filter(is_here).collect();
        page.gaps.sort_by_key(|gap| (gap.before_row, gap.from));
        if self.newest_first {
            page.gaps.reverse();
        }
    }
}

fn contains(text: &str, lower: &str) -> bool {
    if lower.is_empty() {
        return true;
    }
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let rows = [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("*/c", "a/b/c", true),
            ("*b*", "a/b/c", true),
            ("a*b*c", "a/b/c", true),
            ("a*b*c", "ac", false),
            ("*", "", true),
            ("a*a", "a", false),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn case_does_not_matter_in_any_language() {
        assert!(contains("Überlauf im BEHÄLTER", "behälter") && contains("Pump TRIPPED", "tripped"));
        assert!(!contains("Pump", "pumpe") && contains("anything", ""));
    }
}
