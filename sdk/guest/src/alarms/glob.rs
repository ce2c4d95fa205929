//! Patterns for names, as in the project's grants: `*` any text without `/`, `**` any text, `?` one character,
//! `{a,b}` either.

/// Whether a pattern names this. A pattern that isn't one (`{` without `}`) matches nothing.
pub fn matches(pattern: &str, name: &str) -> bool {
    alternatives(pattern, 0).iter().any(|one| plain(one.as_bytes(), name.as_bytes()))
}

/// Most alternatives that `{a,b}` may come to: patterns are written by people, and multiply.
const ALTERNATIVES: usize = 256;

/// The pattern without `{a,b}`, once for each choice.
fn alternatives(pattern: &str, depth: usize) -> Vec<String> {
    let Some(open) = pattern.find('{') else { return vec![pattern.to_owned()] };
    let (before, rest) = (&pattern[..open], &pattern[open + 1..]);
    let Some(close) = rest.find('}').filter(|_| depth < 8) else { return Vec::new() };
    let tails = alternatives(&rest[close + 1..], depth + 1);
    let choices = rest[..close].split(',');
    let all = choices.flat_map(|choice| tails.iter().map(move |tail| format!("{before}{choice}{tail}")));
    all.take(ALTERNATIVES).collect()
}

/// Linear in pattern times name: a star that fails is tried one byte later, and only the last star of each kind is.
fn plain(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut pos) = (0, 0);
    // Where to go on after a mismatch: behind the star in the pattern, and how far the star has eaten.
    let (mut short, mut long): (Option<(usize, usize)>, Option<(usize, usize)>) = (None, None);
    loop {
        if pattern[at..].starts_with(b"**") {
            at += 2;
            (long, short) = (Some((at, pos)), None);
            continue;
        }
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            short = Some((at, pos));
            continue;
        }
        match (pattern.get(at), name.get(pos)) {
            (None, None) => return true,
            (Some(b'?'), Some(byte)) if *byte != b'/' => {
                at += 1;
                pos += 1;
                // The rest of a character of several bytes belongs to it.
                while name.get(pos).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    pos += 1;
                }
                continue;
            }
            (Some(wanted), Some(byte)) if wanted == byte => {
                at += 1;
                pos += 1;
                continue;
            }
            _ => {}
        }
        if let Some((behind, eaten)) = short.filter(|(_, eaten)| name.get(*eaten).is_some_and(|byte| *byte != b'/')) {
            short = Some((behind, eaten + 1));
            (at, pos) = (behind, eaten + 1);
        } else if let Some((behind, eaten)) = long.filter(|(_, eaten)| *eaten < name.len()) {
            (long, short) = (Some((behind, eaten + 1)), None);
            (at, pos) = (behind, eaten + 1);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_what_the_projects_patterns_name() {
        for (pattern, name, wanted) in [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("**/tripped", "high_lift/p1/tripped", true),
            ("**/tripped", "high_lift/p1/tripped/now", false),
            ("*/p?/tripped", "high_lift/p1/tripped", true),
            ("*/p?/tripped", "high_lift/p10/tripped", false),
            ("a/{low,high}/x", "a/high/x", true),
            ("a/{low,high}/x", "a/mid/x", false),
            ("{a,b}/{c,d}", "b/c", true),
            ("a/{low", "a/low", false),
            ("**", "", true),
            ("*", "a/b", false),
            ("**a*b", "xa/aab", true),
            ("?", "ä", true),
            ("**/*a*/**b", "x/yaz/cc/ab", true),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_of_stars_ends_soon() {
        let (pattern, name) = ("*a".repeat(30), "a".repeat(5_000) + "b");
        assert!(!matches(&pattern, &name));
        assert!(!matches(&"**a".repeat(30), &name));
    }
}
