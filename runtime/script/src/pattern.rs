//! Name patterns: `*` stands for anything within one segment, `**` for anything at all.

/// Whether a name fits a pattern. Takes at most the product of both lengths in steps.
pub fn fits(pattern: &str, name: &str) -> bool {
    // reachable[i]: the first i bytes of the name fit what was read of the pattern.
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let mut reachable = vec![false; name.len() + 1];
    reachable[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let star = pattern[at] == b'*';
        let across = star && pattern.get(at + 1) == Some(&b'*');
        let mut next = vec![false; name.len() + 1];
        for (i, here) in reachable.iter().enumerate() {
            if star {
                let from_before = i > 0 && next[i - 1] && (across || name[i - 1] != b'/');
                next[i] = *here || from_before;
            } else if *here && name.get(i) == Some(&pattern[at]) {
                next[i + 1] = true;
            }
        }
        reachable = next;
        at += if across { 2 } else { 1 };
    }
    reachable[name.len()]
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stay_in_their_segment() {
        for (pattern, name, yes) in [
            ("high_lift/*", "high_lift/p1", true),
            ("high_lift/*", "high_lift/p1/speed", false),
            ("high_lift/**", "high_lift/p1/speed", true),
            ("*/p1", "intake/p1", true),
            ("**", "", true),
            ("p*1", "p1", true),
            ("p*1", "p/1", false),
            ("p1", "p12", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern, name), yes, "{pattern} {name}");
        }
    }
}
